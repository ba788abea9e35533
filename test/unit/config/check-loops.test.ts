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
