// An admin listener that is moved by an edit that came over it: the edit is answered, waits to be confirmed
// over the new address, and comes back by itself otherwise.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

const words = (admin: string): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200 } }]
workers: 1
drain: 1s
admin: ${admin}
`

interface Scene {
  readonly gateway: Gateway
  /** Asks the admin listener at an address, as an admin with a token. */
  readonly ask: (address: string, path: string, init?: RequestInit) => Promise<Response>
  /** The same by the Unix socket. */
  readonly local: (path: string, init?: RequestInit) => Promise<Response>
}

async function start(admin: string): Promise<Scene> {
  const gateway = await startGateway({ config: words(admin) })
  gateways.push(gateway)
  const unix = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  const local = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://localhost${path}`, { unix, ...init })
  const made = await local('/api/v1/tokens', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'an admin', role: 'admin' }),
  })
  const { token } = (await made.json()) as { token: string }
  const ask = (address: string, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://${address}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
    })
  return { gateway, ask, local }
}

const put = (text: string): RequestInit => ({
  ...{ method: 'PUT', body: text },
  headers: { 'Content-Type': 'application/yaml', 'If-Match': '*' },
})
const addressOf = (gateway: Gateway): string => gateway.admin.replace('http://', '')
const onDisk = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')

interface Answer {
  readonly revision?: number
  readonly confirm_by?: string
  readonly admin?: string
  readonly detail?: string
}

const bodyOf = async (answer: Promise<Response>): Promise<[number, Answer]> => {
  const got = await answer
  return [got.status, (await got.json()) as Answer]
}

test('the edit is answered, both addresses answer until it is confirmed over the new one, then only that', async () => {
  const { gateway, ask } = await start('{ bind: "127.0.0.1:0" }')
  const before = addressOf(gateway)
  const after = `127.0.0.1:${freePort()}`
  const [status, answer] = await bodyOf(ask(before, '/api/v1/config', put(words(`{ bind: "${after}" }`))))
  expect([status, answer.revision, answer.admin]).toEqual([200, 2, after])
  expect(Date.parse(answer.confirm_by ?? '')).toBeGreaterThan(Date.now())
  const [refused, problem] = await bodyOf(ask(before, '/api/v1/config/confirm', { method: 'POST' }))
  expect([refused, problem.detail]).toEqual([
    409,
    `The admin listener moved to ${after}: confirm over that one.`,
  ])
  expect((await ask(after, '/api/v1/config/confirm', { method: 'POST' })).status).toBe(200)
  await gateway.event('confirmed')
  await waitFor(
    () =>
      ask(before, '/api/v1/status').then(
        () => false,
        () => true,
      ),
    {
      what: 'the old address to close',
    },
  )
  expect((await ask(after, '/api/v1/status')).status).toBe(200)
})

test('one that nobody confirms comes back at its old address, in the file too', async () => {
  const { gateway, ask } = await start('{ bind: "127.0.0.1:0" }')
  const before = addressOf(gateway)
  const after = `127.0.0.1:${freePort()}`
  const path = '/api/v1/config?confirm_within=1'
  expect((await ask(before, path, put(words(`{ bind: "${after}" }`)))).status).toBe(200)
  await gateway.event('rolled_back')
  expect(onDisk(gateway)).toBe(words('{ bind: "127.0.0.1:0" }'))
  expect((await ask(before, '/api/v1/status')).status).toBe(200)
  await waitFor(
    () =>
      ask(after, '/api/v1/status').then(
        () => false,
        () => true,
      ),
    {
      what: 'the new address to close',
    },
  )
})

test('on the same port the answer comes through too, and so does one that turns it off', async () => {
  const { gateway, ask, local } = await start('{ bind: "127.0.0.1:0" }')
  const before = addressOf(gateway)
  const wider = words(`{ bind: "0.0.0.0:${before.split(':')[1]}", plain_http: true }`)
  const [status, answer] = await bodyOf(ask(before, '/api/v1/config', put(wider)))
  expect([status, answer.revision]).toEqual([200, 2])
  expect(answer.confirm_by).toBeString()
  expect((await local('/api/v1/config/confirm', { method: 'POST' })).status).toBe(200)
  const [off, told] = await bodyOf(ask(before, '/api/v1/config', put(words('false'))))
  expect([off, told.revision]).toEqual([200, 3])
  expect(told.confirm_by).toBeString()
  // Only by the Unix socket can that be kept.
  expect((await local('/api/v1/config/confirm', { method: 'POST' })).status).toBe(200)
})

test('by the Unix socket nobody is shut out, and nothing waits unless it is asked for', async () => {
  const { gateway, local } = await start('{ bind: "127.0.0.1:0" }')
  const text = words(`{ bind: "127.0.0.1:${freePort()}" }`)
  const [status, answer] = await bodyOf(local('/api/v1/config', put(text)))
  expect([status, answer.confirm_by]).toEqual([200, undefined])
  expect(gateway.last('unconfirmed')).toBeUndefined()
})

test('who would go far back by it, to where it was elsewhere, is told of the way that waits', async () => {
  const { gateway, ask, local } = await start('{ bind: "127.0.0.1:0" }')
  const text = words(`{ bind: "127.0.0.1:${freePort()}" }`)
  expect((await local('/api/v1/config', put(text))).status).toBe(200)
  const now = addressOf(gateway)
  const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
  const back = { ...json, body: '{"revision":1}' }
  expect((await bodyOf(ask(now, '/api/v1/config/rollback', back)))[0]).toBe(409)
  const waiting = { ...back, headers: { ...json.headers, 'If-Match': '*' } }
  const [status, answer] = await bodyOf(ask(now, '/api/v1/changes', waiting))
  expect([status, typeof answer.confirm_by]).toEqual([200, 'string'])
  expect((await local('/api/v1/config/rollback', back)).status).toBe(200)
})
