// TURN by the admin API: listeners with what they relay and refuse, credentials that really open an
// allocation, and a test of the relay where there are only users of the config.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { restPassword } from '../../server/turn/state/rest-names.ts'
import type { Gateway } from '../support/gateway.ts'
import * as stun from '../support/stun.ts'
import { startSluiceTurn } from '../support/turn.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { waitFor } from '../support/wait.ts'

let gateway: Gateway
beforeAll(async () => {
  const listeners = {
    users: { tls: true },
    secret: { secret: 'shared-secret' },
    open: { ours: { auth: 'none', relay: false } },
  }
  gateway = (await startSluiceTurn(listeners, { drain: '50ms', admin: false })).gateway!
})
afterAll(() => gateway[Symbol.asyncDispose]())

// oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
async function ask(path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const answer = await fetch(`http://localhost/api/v1/turn${path}`, {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: answer.status, body: await answer.json() }
}

/** The code of the answer to an allocation with these credentials; 0: it is there, until it is given back. */
async function allocates(listener: string, user: string, password: string): Promise<number> {
  await using line = await TurnLine.open({ port: gateway.port(listener), login: { user, password } })
  const answer = await line.request(stun.ALLOCATE, { before: (m) => udpAllocate(m) })
  const code = stun.errorCode(answer)
  if (code === 0) await line.refresh(0)
  return code
}

test('credentials of a secret open an allocation, and are told as browsers take them', async () => {
  const { status, body } = await ask('/credentials', {
    listener: 'secret',
    name: 'anna',
    ttl: 600,
    host: 'turn.example.org',
  })
  expect(status).toBe(200)
  const expiryS = Date.parse(body.expires) / 1000
  expect([body.username, body.password]).toEqual([
    `${expiryS}:anna`,
    restPassword('shared-secret', body.username),
  ])
  const port = gateway.port('secret')
  const urls = [`turn:turn.example.org:${port}?transport=udp`, `turn:turn.example.org:${port}?transport=tcp`]
  expect(body).toMatchObject({ listener: 'secret', ttl_s: 600, uris: urls, note: null })
  expect(body.iceServers.at(-1)).toEqual({ urls, username: body.username, credential: body.password })
  expect(body.snippet).toContain(body.password)
  expect(await allocates('secret', body.username, body.password)).toBe(0)
})

test('where there are users of the config only none are made, and no password is told', async () => {
  const { status, body } = await ask('/credentials', { listener: 'users' })
  expect([status, body.code]).toEqual([409, 'conflict'])
  expect(body.hint).toContain('listeners.users.auth.secrets')
  expect(JSON.stringify(body)).not.toContain('test123')
})

test('those of a test open an allocation for a minute, whatever the listener has, and none that lasts longer', async () => {
  for (const listener of ['users', 'secret']) {
    const { body } = await ask('/credentials', { listener, test: true })
    expect(body).toMatchObject({ listener, ttl_s: 60 })
    expect(await allocates(listener, body.username, body.password)).toBe(0)
    // Nobody stretches them, and the name alone opens nothing.
    const [expiry, name] = body.username.split(':')
    expect(await allocates(listener, `${Number(expiry) + 3600}:${name}`, body.password)).toBe(401)
    expect(await allocates(listener, body.username, restPassword('', body.username))).toBe(401)
  }
  const tls = await ask('/credentials', { listener: 'users', test: true, host: '127.0.0.1' })
  expect(tls.body.uris.at(-1)).toBe(`turns:127.0.0.1:${gateway.port('users.tls')}?transport=tcp`)
})

test('which listener is meant must be said where there are several, and it must be one', async () => {
  expect((await ask('/credentials', {})).body.errors).toMatchObject([{ pointer: '/listener' }])
  expect((await ask('/credentials', { listener: 'none' })).status).toBe(404)
  expect((await ask('/credentials', { listener: 'secret', host: 'a b' })).body.errors).toMatchObject([
    { pointer: '/host' },
  ])
  expect((await ask('/credentials', { listener: 'open' })).body).toMatchObject({ username: null, uris: [] })
})

test('listeners are told with what they allow, relay and refuse', async () => {
  await using line = await TurnLine.open({ port: gateway.port('users') })
  await line.allocate()
  await waitFor(async () => (await ask('')).body.listeners[0].allocations.open.udp === 1)
  const { body } = await ask('')
  expect(body.listeners.map(({ name }: { name: string }) => name)).toEqual(['users', 'secret', 'open'])
  const [users, secret, open] = body.listeners
  expect(users).toMatchObject({
    realm: 'users.example.org',
    addresses: [
      { transport: 'udp', address: `127.0.0.1:${gateway.port('users')}` },
      { transport: 'tcp', address: `127.0.0.1:${gateway.port('users')}` },
      { transport: 'tls', address: `127.0.0.1:${gateway.port('users.tls')}` },
    ],
    relay: { ports: '49152-65535', port_count: 16_384, lifetime_s: 600 },
    auth: { everybody: false, users: 1, secrets: 0, makes_credentials: false },
    quotas: { total: 4000 },
  })
  expect(users.refused['401']).toBeGreaterThan(0)
  expect(users.requests.allocate).toBeGreaterThan(0)
  expect(secret.auth).toMatchObject({ users: 0, secrets: 1, makes_credentials: true })
  expect(open).toMatchObject({ relay: null, auth: { everybody: true } })
  expect(JSON.stringify(body)).not.toMatch(/shared-secret|test123/)
  const of = async (query: string): Promise<number> => (await ask(`/allocations${query}`)).body.length
  expect(
    await Promise.all(
      ['', '?user=test', '?user=other', '?listener=secret', '?address=127.0.0.1&limit=1'].map(of),
    ),
  ).toEqual([1, 1, 0, 0, 1])
})
