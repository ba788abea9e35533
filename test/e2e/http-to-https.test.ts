// Listeners of http that send everybody to https, and what listeners of https say in every answer.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { WireAnswer } from '../support/client.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { linesOf } from '../unit/config/parse.ts'

let origin: Origin
let gateway: TestEngine
beforeEach(() => {
  origin = startOrigin((_, reply) => reply.send(200, 'here', ['Strict-Transport-Security: max-age=1']))
})
afterEach(async () => {
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

const start = (listener: Readonly<Record<string, unknown>>): void => {
  gateway = startEngine({ config: toServers([origin.url]), listener })
}

async function ask(line: string, fields = 'Host: a.example:8080\r\n'): Promise<WireAnswer> {
  await using client = await gateway.client()
  client.send(`${line} HTTP/1.1\r\n${fields}\r\n`)
  return await client.readAnswer()
}

test('every request is sent to its URL by https, method and all; the path of ACME goes on as ever', async () => {
  start({ redirect_https: true })
  const sent = await ask('POST /a%20b?c=d', 'Host: a.example:8080\r\nContent-Length: 0\r\n')
  expect([sent.status, sent.get('location')]).toEqual([308, 'https://a.example/a%20b?c=d'])
  expect((await ask('GET /', 'Host: [::1]:8080\r\n')).get('location')).toBe('https://[::1]/')
  const challenge = await ask('GET /.well-known/acme-challenge/token')
  expect([challenge.status, challenge.body]).toEqual([200, 'here'])
  // In the clear browsers heed no such field, and a server may say what it likes.
  expect(challenge.get('strict-transport-security')).toBe('max-age=1')
  expect(origin.requests).toHaveLength(1)
})

test('to another port, with another status', async () => {
  start({ redirect_https: { port: 8443, status: 301 } })
  const sent = await ask('GET /x')
  expect([sent.status, sent.get('location')]).toEqual([301, 'https://a.example:8443/x'])
})

test('who came by https to a trusted proxy in front is not sent round in circles; others who say so are sent', async () => {
  start({ redirect_https: true, trusted_proxies: ['127.0.0.1'] })
  const fields = 'Host: a.example\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n'
  expect((await ask('GET /', fields)).status).toBe(200)
  await gateway[Symbol.asyncDispose]()
  start({ redirect_https: true })
  expect((await ask('GET /', fields)).status).toBe(308)
})

test('false sends nobody', async () => {
  start({ redirect_https: false })
  expect((await ask('GET /')).status).toBe(200)
})

test('a listener that only redirects needs neither rule nor backend', () => {
  const only = (key: string): string => `listeners: { web: { bind: ":80", ${key} } }`
  expect(linesOf(only('redirect_https: true'))).toEqual([])
  expect(linesOf(only('redirect_https: false')).join()).toContain('without rules and without backend')
  expect(linesOf(only('hsts: true')).join()).toContain('in the clear browsers heed no such field')
})

test('what lists of browsers would not take is told', () => {
  const secure = (hsts: string): string =>
    `listeners: { web: { bind: ":443", protocol: https, certificates: own, backend: a, hsts: ${hsts} } }
certificates: { own: { self_signed: true } }
backends: { a: { servers: [{ url: "http://a:1" }] } }`
  expect(linesOf(secure('{ preload: true }')).join()).toContain('preload of a host alone')
  expect(linesOf(secure('{ preload: true, include_subdomains: true }'))).toEqual([])
  expect(linesOf(secure('{ preload: true, include_subdomains: true, max_age: 3600 }')).join()).toContain(
    'preload',
  )
})
