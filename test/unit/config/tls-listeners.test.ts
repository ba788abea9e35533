// Listeners that pass TLS on: their rules, and listeners that have no address of their own.
import { describe, expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const config = (rules: string, more = ''): string =>
  `listeners:
  front: { protocol: tls, bind: ":443" }
  site: { protocol: https, certificates: own, backend: app }
  plain: { bind: ":80", backend: app }
${more}certificates: { own: { self_signed: true } }
rules: [${rules}]
backends: { db: { servers: [{ url: "tcp://a:1" }] }, app: { servers: [{ url: "http://a:1" }] } }`

const told = (rules: string, more = ''): string[] =>
  linesOf(config(rules, more)).map((line) => line.slice(line.indexOf(' ') + 1))

const LEADS = '{ name: site, match: { listener: front, server_name: site.example }, listener: site }'

describe('rules of tls listeners', () => {
  test('lead to tcp servers, or to a listener that ends TLS, which needs no bind then', () => {
    expect(told(`${LEADS}, { name: db, match: { listener: front, alpn: [h2] }, backend: db }`)).toEqual([])
    expect(told('{ name: db, match: { listener: front }, backend: db }')).toEqual([
      'listeners.site: found no "bind", and no rule of a tls listener that leads here, allowed "bind", an address and port; write bind: "0.0.0.0:443"',
    ])
  })

  test('lead to no servers that are spoken to by another TLS', () => {
    const rules = `${LEADS}, { name: r, match: { listener: front }, backend: db }`
    expect(linesOf(config(rules).replace('tcp://a:1', 'tls://a:1'))).toEqual([
      expect.stringContaining('rules[1].backend: warning: found "db", whose servers are tls://'),
    ])
  })

  test('name no addresses, which nobody asks for in TLS', () => {
    const rule = (names: string): string[] =>
      told(
        `{ name: r, match: { listener: front, server_name: ${names} }, listener: site }, { name: db, match: { listener: front }, backend: db }`,
      )
    const [line, ...none] = rule('[a.example, "[::1]"]')
    expect(line).toContain('found "[::1]", an address, which no client can ask for in TLS')
    expect(none).toEqual([])
    expect(rule('127.0.0.1')).toHaveLength(1)
  })

  test('say themselves how clients come: what is said of that where they lead to is not heeded', () => {
    const words = config(LEADS).replace(
      'backend: app }',
      'backend: app, steer: client_address, proxy_protocol: { trusted: [10.0.0.5] } }',
    )
    const unused = (text: string): string[] => linesOf(text).filter((line) => line.includes('without "bind"'))
    expect(unused(words)).toEqual([
      expect.stringContaining('listeners.site.steer: warning: found "steer"'),
      expect.stringContaining('listeners.site.proxy_protocol: warning: found "proxy_protocol"'),
    ])
    expect(unused(words.replace('https, cert', 'https, bind: ":444", cert'))).toEqual([])
  })

  test('name servers as clients ask for them', () => {
    const written = (name: string): string | undefined =>
      told(`{ name: r, match: { listener: front, server_name: "${name}" }, listener: site }`)[0]
    expect(written('münchen.example')).toEndWith('; write "xn--mnchen-3ya.example"')
    expect(written('*.BÜCHER.example')).toEndWith('; write "*.xn--bcher-kva.example"')
    expect(written('*')).toEndWith('; leave it out to match every name')
  })

  test('lead nowhere else', () => {
    const rule = (more: string): string[] =>
      told(`${LEADS}, { name: r, match: { listener: front }, ${more} }`)
    expect(rule('backend: app')).toEqual([
      'rules[1].backend: found "app", a backend of http servers, allowed a backend whose servers are tcp://, as listener "front" speaks tls',
    ])
    expect(rule('listener: plain')).toEqual([
      'rules[1].listener: found "plain", a listener that does not end TLS, allowed an https listener, or another one with certificates',
    ])
    expect(rule('respond: {}')).toEqual([
      'rules[1].respond: found "respond" for a tls listener, which answers nothing, allowed exactly one of backend or listener',
    ])
    expect(rule('backend: db, listener: site')).toEqual([
      'rules[1]: found backend and listener in one rule, allowed exactly one of backend or listener',
    ])
    expect(rule('listener: nowhere')[0]).toStartWith('rules[1].listener: found "nowhere"')
  })

  test('say nothing of requests', () => {
    expect(
      told(
        `${LEADS}, { name: r, match: { listener: front, host: a.example }, middleware: [{ body_limit: { size: 1KiB } }], priority: 1, backend: db }`,
      ),
    ).toEqual([
      'rules[1].match.host: found "host" for a tls listener, which sees no requests, allowed "server_name" or "alpn"; write "server_name"',
      'rules[1].middleware: found steps for a tls listener, which sees no requests, allowed none; rules of an https listener have them',
      'rules[1].priority: found "priority" for a tls listener, which sees no requests, allowed none: its connections wait in the order in which they come',
    ])
  })

  test('and those of requests nothing of TLS', () => {
    const more = '  web: { bind: ":81" }\n'
    expect(
      told(`${LEADS}, { name: r, match: { listener: web, server_name: a.example }, respond: {} }`, more),
    ).toEqual([
      'rules[1].match.server_name: found "server_name" for an http listener, allowed what is asked of requests: "host", "path", "method", "header" and others; write "host"',
    ])
    expect(
      told(`${LEADS}, { name: r, match: { listener: [web, front] }, respond: {} }`, more)[0],
    ).toStartWith(
      'rules[1].match.listener[1]: found "front", a listener of protocol tls, allowed http listeners only',
    )
  })

  test('without a listener are for those of their kind', () => {
    expect(told(`${LEADS}, { name: db, match: { server_name: db.example }, backend: db }`)).toEqual([])
  })

  test('that nothing reaches are told', () => {
    expect(
      told(
        `{ name: all, match: { listener: front }, listener: site }, { name: r, match: { listener: front, server_name: a.example }, backend: db }`,
      ),
    ).toEqual([
      'rules[1]: warning: found rule "r", which no connection reaches, allowed rules in an order in which each can match; rule "all" before it takes all that it would match',
    ])
  })

  test('are needed', () => {
    expect(told(LEADS, '  other: { protocol: tls, bind: ":444" }\n')[0]).toStartWith(
      'listeners.other: found a tls listener without rules',
    )
  })
})
