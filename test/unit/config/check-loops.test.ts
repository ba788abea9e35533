import { expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const loops = (listen: string, url: string): boolean =>
  linesOf(`listen: "${listen}"\nbackends: [{ url: "${url}" }]`).some((line) => line.includes('508'))

test('a server that is one of our own listeners is warned of', () => {
  for (const [listen, url] of [
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://localhost:8080'],
    [':8080', 'http://127.0.0.1:8080/'],
    ['0.0.0.0:8080', 'http://LOCALHOST:8080'],
    ['[::]:8080', 'http://[::1]:8080'],
    ['10.0.0.1:80', 'http://10.0.0.1'],
  ] as const)
    expect([listen, url, loops(listen, url)]).toEqual([listen, url, true])
})

test('one on another port or machine is not', () => {
  for (const [listen, url] of [
    ['127.0.0.1:8080', 'http://127.0.0.1:8081'],
    ['127.0.0.1:8080', 'http://127.0.0.2:8080'],
    ['0.0.0.0:8080', 'http://10.0.0.1:8080'],
    ['0.0.0.0:8080', 'http://app:8080'],
  ] as const)
    expect([listen, url, loops(listen, url)]).toEqual([listen, url, false])
})

test('it is told where it stands', () =>
  expect(linesOf('listen: ":80"\nbackends: [{ url: "http://localhost" }]')).toEqual([
    '2:14 backends[0].url: warning: found "http://localhost", where listener "default" listens, allowed a server behind this gateway; a request that comes round to the gateway is refused with 508',
  ]))

test('so is one by UDP, for udp listeners only', () => {
  const warned = (url: string): string[] =>
    linesOf(`listeners:
  d: { bind: "0.0.0.0:53", protocol: udp, backend: d }
  t: { bind: "0.0.0.0:54", protocol: tcp, backend: t }
backends: { d: { servers: [{ url: "${url}" }] }, t: { servers: [{ url: "tcp://10.0.0.1:53" }] } }`)
  expect(warned('udp://127.0.0.1:53')).toEqual([
    expect.stringContaining('a datagram that comes round to the gateway begins another flow'),
  ])
  expect([warned('udp://127.0.0.1:54'), warned('udp://10.0.0.1:53')]).toEqual([[], []])
})

test('one that is the admin listener is warned of where its dashboard could not be used', () => {
  const warned = (more: string, url = 'http://localhost:9090'): string[] =>
    linesOf(`admin: { bind: "127.0.0.1:9090" }
listeners: { web: { bind: "127.0.0.1:8080" } }
rules: [{ name: all, backend: ops }]
backends: { ops: { ${more}servers: [{ url: "${url}" }] } }`)
  expect(warned('')).toEqual([
    expect.stringContaining(
      'backends.ops.servers[0].url: warning: found "http://localhost:9090", where the admin',
    ),
  ])
  expect(warned('')[0]).toContain('dashboard: true')
  expect([warned('dashboard: true, '), warned('', 'http://localhost:9091')]).toEqual([[], []])
})

test('what gets cookies of a dashboard speaks HTTP', () => {
  const [line] = linesOf(`listeners: { db: { bind: "127.0.0.1:8080", protocol: tcp, backend: db } }
backends: { db: { dashboard: true, servers: [{ url: "tcp://10.0.0.1:1" }] } }`)
  expect(line).toContain('backends.db.dashboard')
})
