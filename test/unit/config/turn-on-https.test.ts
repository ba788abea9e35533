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

test('an alternate of the turn listener is none of the addresses by which clients come to it', () => {
  const at = (bind: string, server: string): string[] => {
    const relay = `, alternate: { servers: ["192.0.2.9:3478", "${server}"] }, relay: { bind: ["192.0.2.1"], advertise: ["203.0.113.7"] } }`
    const text = config(`${HTTPS}, turn: relay`)
      .replace('":443"', bind)
      .replace('auth: none }', `auth: none${relay}`)
    return linesOf(text).map((line) => line.slice(line.indexOf(' ') + 1))
  }
  const refused = (server: string): string[] => [
    `listeners.relay.alternate.servers[1]: found "${server}", by which clients come to this listener, allowed another server; clients would be sent here again and again`,
  ]
  expect(at('["192.0.2.5:443", "unix:/run/web.sock"]', '192.0.2.5:443')).toEqual(refused('192.0.2.5:443'))
  for (const server of ['192.0.2.1:443', '203.0.113.7:443'])
    expect(at('":443"', server)).toEqual(refused(server))
  expect(at('"192.0.2.5:440-445"', '192.0.2.5:443')).toEqual(refused('192.0.2.5:443'))
  for (const server of ['192.0.2.6:443', '192.0.2.5:444']) expect(at('"192.0.2.5:443"', server)).toEqual([])
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
