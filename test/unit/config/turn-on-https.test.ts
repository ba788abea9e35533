// "turn" of an https listener: it names a turn listener, which needs no address for TCP or TLS of its own.
import { describe, expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const config = (web: string, more = ''): string =>
  `listeners:
  web: { bind: ":443", backend: app, ${web} }
  relay: { bind: ":3478", protocol: turn, transports: [udp], realm: a, auth: none }
${more}certificates: { own: { self_signed: true } }
backends: { app: { servers: [{ url: "http://a:1" }] } }`

const told = (...given: Parameters<typeof config>): string[] =>
  linesOf(config(...given)).map((line) => line.slice(line.indexOf(' ') + 1))

const HTTPS = 'protocol: https, certificates: own'

test('a turn listener of UDP alone is one', () => {
  expect(told(`${HTTPS}, turn: relay`)).toEqual([])
})

test('at a Unix socket its clients need a PROXY header', () => {
  const at = (more: string): string[] => {
    const text = config(`${HTTPS}, turn: relay, ${more}`).replace('":443"', '"unix:/run/web.sock"')
    return linesOf(text).map((line) => line.slice(line.indexOf(' ') + 1))
  }
  expect(at('steer: off')).toEqual([
    'listeners.web.turn: warning: found TURN at a Unix socket, whose clients have no address, allowed "proxy_protocol" beside it, which tells one; without it clients of TURN are closed there',
  ])
  expect(at('proxy_protocol: { trusted: ["unix:"] }')).toEqual([])
})

describe('is refused', () => {
  test('where there is no such listener', () => {
    expect(told(`${HTTPS}, turn: rely`)).toEqual([
      'listeners.web.turn: found "rely", allowed a listener: web, relay; did you mean "relay"?',
    ])
  })

  test('where that speaks something else', () => {
    expect(told(`${HTTPS}, turn: web`)).toEqual([
      'listeners.web.turn: found "web", a listener of https, allowed a turn listener: relay',
    ])
    const text = `listeners:
  web: { bind: ":443", backend: app, ${HTTPS}, turn: web }
certificates: { own: { self_signed: true } }
backends: { app: { servers: [{ url: "http://a:1" }] } }`
    expect(linesOf(text)[0]).toEndWith(
      'listeners.web.turn: found "web", a listener of https, allowed a turn listener, but there is none; add one: turn: { bind: "0.0.0.0:3478", protocol: turn, realm: example.org, auth: { secrets: ["${TURN_SECRET}"] } }',
    )
  })

  test('in the clear', () => {
    expect(told('turn: relay')[0]).toInclude(
      'it needs "protocol: https": in the clear a turn listener is open on an address of its own',
    )
  })

  test('as the target of a rule of TLS while it has none: that is the way', () => {
    const rule = 'rules: [{ name: r, match: { listener: front }, listener: relay }]\n'
    expect(told(`${HTTPS}, turn: relay`, `  front: { bind: ":444", protocol: tls }\n${rule}`)).toEqual([
      'rules[0].listener: found "relay", a listener that does not end TLS, allowed an https listener, or another one with certificates; give it "tls", or lead to an https listener with turn: relay',
    ])
  })
})
