// Threat: strangers read our own documents: through a proxy or a page on this machine, or in what error
// answers tell.
//
// Our own documents on http listeners, and what our error answers tell: for this machine and admin.trusted,
// as resolved.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { STATE_DOWN, STATE_UP } from '../../server/scoreboard/states.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

let origin: Origin
let gateway: TestEngine
const ENDPOINTS = { health: '/_health', metrics: '/_metrics' }
const on = (listener: object) => ({ bind: '127.0.0.1:0', ...listener })

beforeAll(() => {
  origin = startOrigin()
  gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      admin: { bind: '127.0.0.1:0', trusted: ['192.0.2.7', '127.0.0.9'] },
      listeners: {
        web: on({}),
        status: on({ status_endpoints: ENDPOINTS }),
        health_only: on({ status_endpoints: { health: '/up' } }),
        behind: on({ status_endpoints: ENDPOINTS, trusted_proxies: ['127.0.0.1'] }),
        rfc: on({ status_endpoints: ENDPOINTS, trusted_proxies: ['127.0.0.1'], client_from: 'forwarded' }),
      },
    },
  })
})
afterAll(async () => {
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

interface Ask {
  readonly path?: string
  readonly method?: string
  readonly host?: string
  readonly from?: string
}
async function ask(listener: string, fields: readonly string[] = [], how: Ask = {}) {
  const { path = '/_health', method = 'GET', host = 'localhost', from = '127.0.0.1' } = how
  await using client = await rawClient(gateway.port(listener), '127.0.0.1', from)
  const lines = fields.map((field) => `${field}\r\n`).join('')
  client.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`)
  return await client.readAnswer({ method })
}
const bodyOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).body
const OURS = 'health\n'
const THEIRS = 'GET /_health '

/** All that says that somebody else is meant. */
const PASSED_ON = [
  'X-Forwarded-For: ::1', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: localhost', 'X-Forwarded-Port: 80',
  'X-Forwarded-Server: p', 'Forwarded: for=127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Via: 1.1 p', 'X_Forwarded_For: 127.0.0.1',
  'CF-Connecting-IP: 127.0.0.1', 'True-Client-IP: ::1', 'CDN-Loop: cloudflare', 'X-Forwarded-For:',
] // prettier-ignore

describe('status_endpoints', () => {
  test('are not there unless the listener names them', async () => {
    expect(await bodyOf('web')).toBe(THEIRS)
    expect(await bodyOf('web', [], { path: '/_metrics' })).toBe('GET /_metrics ')
    expect(await bodyOf('health_only')).toBe(THEIRS)
    expect(await bodyOf('health_only', [], { path: '/up' })).toBe(OURS)
    expect(await bodyOf('health_only', [], { path: '/_metrics' })).toBe('GET /_metrics ')
  })

  test('answer this machine, to GET and HEAD of their very path', async () => {
    const answer = await ask('status')
    expect([answer.status, answer.body, answer.get('content-type'), answer.get('cache-control')]).toEqual([
      200,
      OURS,
      'application/json',
      'no-store',
    ])
    expect(await bodyOf('status', [], { path: '/_metrics?x', host: '[::1]:80' })).toBe('metrics\n')
    expect((await ask('status', [], { method: 'HEAD', host: '127.0.0.1' })).get('content-length')).toBe('7')
    expect(await bodyOf('status', ['Content-Length: 0'], { method: 'POST' })).toBe('POST /_health ')
    expect(await bodyOf('status', [], { path: '/_healthy' })).toBe('GET /_healthy ')
    expect(await bodyOf('status', [], { from: '127.0.0.8' })).toBe(OURS)
  })

  test('do not answer a page that a browser on this machine reached by a name of its own', async () => {
    expect(await bodyOf('status', [], { host: 'rebound.example' })).toBe(THEIRS)
    expect(await bodyOf('status', [], { host: 'rebound.example', from: '127.0.0.9' })).toBe(OURS)
  })

  test('do not answer what a proxy or a tunnel on this machine passes on', async () => {
    for (const field of PASSED_ON)
      for (const from of ['127.0.0.1', '127.0.0.9'])
        expect([field, await bodyOf('status', [field], { from })]).toEqual([field, THEIRS])
  })

  test('answer the client that a trusted proxy names, and not the proxy for it', async () => {
    const behind = (listener: string, field: string) => bodyOf(listener, [field])
    expect(await bodyOf('behind')).toBe(OURS)
    for (const field of [
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-For: 192.0.2.66, 192.0.2.7',
      'X-Forwarded-For: 127.0.0.1',
    ])
      expect([field, await behind('behind', field)]).toEqual([field, OURS])
    for (const field of [
      'X-Forwarded-For: 192.0.2.66',
      'X-Forwarded-For: 192.0.2.7, 192.0.2.66',
      'X-Forwarded-For: unknown',
      'X-Forwarded-For:',
      'X-Real-IP: 192.0.2.7',
      'Forwarded: for=192.0.2.7',
      'Via: 1.1 p',
      'X-Forwarded-Proto: http',
    ])
      // prettier-ignore
      expect([field, await behind('behind', field)]).toEqual([field, THEIRS])
    expect(await behind('rfc', 'Forwarded: for=192.0.2.7')).toBe(OURS)
    for (const field of ['Forwarded: for=_x', 'Forwarded: for="', 'X-Forwarded-For: 192.0.2.7'])
      expect([field, await behind('rfc', field)]).toEqual([field, THEIRS])
  })
})

test('error answers tell addresses and names of servers to those only who may see our documents', async () => {
  const [server] = gateway.servers
  const backend = gateway.backend()
  if (!server) throw new Error('there is a server')
  backend.reasons.set(server.name, 'name not resolved: DNS knows no address of app.internal')
  gateway.setState(server, STATE_DOWN)
  const tells = async (...asked: Parameters<typeof ask>) => {
    const { status, body } = await ask(...asked)
    expect([status, body.includes('name not resolved')]).toEqual([503, true])
    expect(body.includes('app.internal')).toBe(body.includes(origin.url))
    return body.includes(origin.url)
  }
  const path = '/a'
  try {
    expect([
      await tells('web', [], { path }),
      await tells('behind', ['X-Forwarded-For: 192.0.2.7'], { path }),
    ]).toEqual([true, true])
    for (const field of PASSED_ON)
      expect([field, await tells('web', [field], { path })]).toEqual([field, false])
    for (const field of ['X-Forwarded-For: 192.0.2.66', 'X-Forwarded-For: unknown', 'X-Real-IP: 127.0.0.1'])
      expect([field, await tells('behind', [field], { path })]).toEqual([field, false])
  } finally {
    gateway.setState(server, STATE_UP)
  }
})
