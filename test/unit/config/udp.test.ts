import { describe, expect, test } from 'bun:test'
import { configOf, linesOf } from './parse.ts'

const withUdp = (listener: string, backend = '', more = ''): string => `listeners:
  dns: { bind: "127.0.0.1:53", protocol: udp, backend: a, ${listener} }
backends:
  a: { servers: [{ url: "udp://10.0.0.1:53" }], ${backend} }
${more}`

describe('a udp listener', () => {
  test('has a limit for everything by default, and lasts 30 s', () => {
    expect(configOf(withUdp('')).listeners['dns']).toMatchObject({
      idle: 30_000,
      deny: [],
      limits: { flows: 16384, datagram: 65507 },
    })
  })

  test.each([
    ['bind: "dns.example.org:53"', 'an address and port: a udp listener is not found by a name'],
    ['bind: "0.0.0.0:10000-10010"', 'one port only: ranges are for http, https and tcp listeners'],
    ['requests: 0', 'requests: found 0'],
    ['proxy_header: always', 'proxy_header: found "always", allowed one of first, each'],
    ['timeouts: { idle: 3s }', 'a flow has one: "idle"'],
    ['proxy_protocol: { trusted: [10.0.0.1] }', 'write "proxy_header"'],
    ['allow: [everybody]', 'allow[0]'],
    ['limits: { datagram: 70000 }', 'limits.datagram'],
  ])('%s is refused, with what to do', (words, told) => {
    const text = words.startsWith('bind')
      ? withUdp('').replace('bind: "127.0.0.1:53"', words)
      : withUdp(words)
    expect(linesOf(text).join('\n')).toContain(told)
  })

  test('needs sockets of ours', () => {
    expect(linesOf(withUdp('', '', 'sockets: bun'))[0]).toContain('a udp listener beside "sockets" bun')
  })

  test('leads to udp servers only, which are asked by datagrams', () => {
    expect(linesOf(withUdp('').replace('udp://10', 'tcp://10'))[0]).toContain('a backend of tcp servers')
    expect(linesOf(withUdp('', 'health_check: {}'))[0]).toContain('a check of type udp without "send"')
    expect(linesOf(withUdp('', 'health_check: { send: ping, path: /x }'))[0]).toContain('"path"')
    expect(configOf(withUdp('', 'health_check: { send: ping }')).backends['a']?.health_check?.[0]?.send).toBe(
      'ping',
    )
  })

  test.each([
    ['keep_alive: { idle: 3s }', 'leave it out'],
    ['queue: { size: 3 }', 'a datagram that finds no server with room is dropped'],
    ['algorithm: hash, hash: { by: path }', 'client_ip: nothing else is known of a flow'],
    ['timeouts: { idle: 3s }', 'how long a flow may be silent is said by "idle" of its listener'],
  ])('%s means nothing to its backend', (words, told) => {
    expect(linesOf(withUdp('', words))[0]).toContain(told)
  })
})
