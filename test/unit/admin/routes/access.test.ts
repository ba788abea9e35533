import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { tapEvents } from '../../../../server/telemetry/log.ts'
import { type AdminWorld, adminWorld, type Answered } from '../../../support/admin-world.ts'
import { PASSWORD } from '../../../support/store-world.ts'
import { waitFor } from '../../../support/wait.ts'

let world: AdminWorld
beforeEach(() => void (world = adminWorld()))
afterEach(() => world.close())

const codeOfProblem = ({ status, body }: Answered): unknown[] => [status, body['code']]
const itemsOf = ({ body }: Answered): Record<string, unknown>[] => body['items'] as Record<string, unknown>[]

test('a token of no scope or no range is none of all of them', async () => {
  const admin = await world.signedIn('admin', 'anna')
  for (const more of [{ scopes: [] }, { ranges: [] }])
    expect(codeOfProblem(await admin.post('/api/v1/tokens', { role: 'viewer', ...more }))).toEqual([
      ...[422, 'body_invalid'],
    ])
})

test('attempts beyond those of a minute are told of once, and take no room of the audit', async () => {
  const admin = await world.signedIn('admin', 'anna')
  const browser = world.browser()
  const all: Answered[] = []
  for (let count = 0; count < 40; count++)
    all.push(await browser.post('/api/v1/auth/sign-in', { name: 'nobody', password: 'x' }))
  expect(all.filter(({ status }) => status === 429).length).toBeGreaterThan(5)
  const entries = itemsOf(await admin.ask({ path: '/api/v1/audit?limit=100' }))
  expect(entries.filter(({ message }) => message === 'too_many_attempts')).toHaveLength(1)
})

test('whoever is refused again and again does not fill the audit, and it is told how often', async () => {
  const token = world.token('viewer')
  for (let count = 0; count < 70; count++) await world.by(token, { method: 'POST', path: '/api/v1/stop' })
  const { audit } = world.store
  expect(audit.list({ limit: 200, action: 'stop' })).toHaveLength(60)
})

test('when something was used last is no reason to refuse it where nothing can be written', async () => {
  const [token, browser] = [world.token('viewer'), await world.signedIn('viewer')]
  world.clock.nowMs += 120_000
  world.store.db.sql.run('PRAGMA query_only = ON')
  expect((await world.by(token, { path: '/api/v1/auth/me' })).status).toBe(200)
  expect((await browser.ask({ path: '/api/v1/auth/me' })).status).toBe(200)
  world.store.db.sql.run('PRAGMA query_only = OFF')
})

test('what the audit cannot keep now is told by the log, ends nothing, and is kept once it can be', async () => {
  const told: unknown[] = []
  const end = tapEvents((_, event, fields) => void (event === 'audit' && told.push(fields)))
  const token = world.token('viewer')
  world.store.db.sql.run('PRAGMA query_only = ON')
  expect((await world.by(token, { method: 'POST', path: '/api/v1/stop' })).status).toBe(403)
  await waitFor(() => told.length > 0)
  end()
  const kept = (): unknown[] => world.store.audit.list({ limit: 10, action: 'stop' })
  expect(kept()).toEqual([])
  world.store.db.sql.run('PRAGMA query_only = OFF')
  await waitFor(() => kept().length > 0)
  const entry = { action: 'stop', who: { kind: 'token', name: 'viewer' }, result: 'refused' }
  expect(told).toMatchObject([entry])
  expect(kept()).toMatchObject([entry])
})

describe('users', () => {
  test('are added, changed and removed by admins, and all of it is in the audit', async () => {
    const admin = await world.signedIn('admin', 'anna')
    const bob = { name: 'bob', role: 'viewer', password: PASSWORD }
    expect((await admin.post('/api/v1/users', bob)).status).toBe(201)
    expect(codeOfProblem(await admin.post('/api/v1/users', { ...bob, name: 'BOB' }))).toEqual([
      409,
      'conflict',
    ])
    const odd = await admin.post('/api/v1/users', { name: 'x y', role: 'root', password: 'short' })
    expect((odd.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      ...['/name', '/role', '/password'],
    ])
    const patch = { method: 'PATCH', path: '/api/v1/users/bob', body: { role: 'operator' } }
    expect((await admin.ask(patch)).body).toMatchObject({ name: 'bob', role: 'operator', created_by: 'anna' })
    expect(itemsOf(await admin.ask({ path: '/api/v1/users' })).map(({ name }) => name)).toEqual([
      'anna',
      'bob',
    ])
    const removed = await admin.ask({ method: 'DELETE', path: '/api/v1/users/bob' })
    expect([removed.status, removed.body]).toEqual([200, { tokens: [] }])
    expect((await admin.ask({ path: '/api/v1/users/bob' })).status).toBe(404)
    const entries = itemsOf(await admin.ask({ path: '/api/v1/audit?action=users' }))
    expect(entries.map(({ action, resource, result }) => [action, resource, result])).toEqual([
      ['users.remove', 'users/bob', 'done'],
      ['users.update', 'users/bob', 'done'],
      ['users.create', 'users', 'refused'],
      ['users.create', 'users', 'refused'],
      ['users.create', 'users/bob', 'done'],
    ])
    expect(entries[1]).toMatchObject({ before: { role: 'viewer' }, after: { role: 'operator' } })
    expect(JSON.stringify(entries)).not.toContain(PASSWORD)
  })

  test('the last admin stays', async () => {
    const admin = await world.signedIn('admin', 'anna')
    const last = [
      await admin.ask({ method: 'DELETE', path: '/api/v1/users/anna' }),
      await admin.ask({ method: 'PATCH', path: '/api/v1/users/anna', body: { role: 'editor' } }),
      await admin.ask({ method: 'PATCH', path: '/api/v1/users/anna', body: { password: null } }),
    ]
    expect(last.map(codeOfProblem)).toEqual(last.map(() => [409, 'conflict']))
  })

  test('whose role is changed is signed in no more, and comes back with the new one', async () => {
    const admin = await world.signedIn('admin', 'anna')
    const bob = await world.signedIn('editor', 'bob')
    await admin.ask({ method: 'PATCH', path: '/api/v1/users/bob', body: { role: 'viewer' } })
    expect((await bob.ask({ path: '/api/v1/auth/me' })).status).toBe(401)
    expect((await bob.signIn('bob')).body).toMatchObject({ role: 'viewer' })
  })

  test('who has lost the second factor, or is locked out, is let in again by an admin', async () => {
    const admin = await world.signedIn('admin', 'anna')
    world.addUser('bob', 'viewer')
    const bob = world.browser()
    for (let tries = 0; tries < 5; tries++) await bob.signIn('bob', { password: 'wrong password' })
    const locked = await bob.signIn('bob')
    expect([...codeOfProblem(locked), locked.headers.get('retry-after')]).toEqual([423, 'locked_out', '1'])
    const unlocked = await admin.post('/api/v1/users/bob/unlock')
    expect(unlocked.body).toEqual({ addresses: 1 })
    expect((await bob.signIn('bob')).status).toBe(200)
    expect((await admin.ask({ method: 'DELETE', path: '/api/v1/users/bob/totp' })).status).toBe(404)
  })
})

describe('tokens', () => {
  test('are told once, found in lists without their secret, and revoked at once', async () => {
    const admin = await world.signedIn('admin', 'anna')
    const made = await admin.post('/api/v1/tokens', { role: 'operator', name: 'ci', expires: '30d' })
    expect(made.status).toBe(201)
    const token = String(made.body['token'])
    const me = await world.by(token, { path: '/api/v1/auth/me' })
    expect(me.body).toEqual({
      ...{ kind: 'token', name: 'ci', role: 'operator', id: made.body['id'] },
      ...{ scopes: [], from: [], expires_at: made.body['expires_at'] },
    })
    const list = await admin.ask({ path: '/api/v1/tokens' })
    expect(itemsOf(list)).toMatchObject([{ name: 'ci', role: 'operator', last_used_from: '127.0.0.1' }])
    expect(JSON.stringify(list.body)).not.toContain(token.slice(17))
    expect(
      (await admin.ask({ method: 'DELETE', path: `/api/v1/tokens/${String(made.body['id'])}` })).status,
    ).toBe(204)
    expect(codeOfProblem(await world.by(token, { path: '/api/v1/auth/me' }))).toEqual([401, 'token_invalid'])
    const scoped = world.token('viewer', { scopes: ['auth/me'], ranges: ['127.0.0.0/8'] })
    expect((await world.by(scoped, { path: '/api/v1/auth/me' })).body).toMatchObject({
      ...{ scopes: ['auth/me'], from: ['127.0.0.0/8'] },
    })
  })

  test('what does not fit is named, each at its place', async () => {
    const admin = await world.signedIn('admin')
    const odd = { role: 'root', scopes: ['/x/'], ranges: ['10.0.0.0/99'], expires: 'soon' }
    const { status, body } = await admin.post('/api/v1/tokens', odd)
    expect([status, (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)]).toEqual([
      422,
      ['/role', '/scopes', '/ranges', '/expires'],
    ])
  })

  test('that have expired say so', async () => {
    const { text = '' } =
      world.store.tokens.add({
        ...{ name: 'old', role: 'viewer', scopes: [], ranges: [], createdBy: 'x' },
        expiresMs: world.clock.nowMs + 1000,
      }) ?? {}
    world.clock.nowMs += 1000
    expect(codeOfProblem(await world.by(text, { path: '/api/v1/auth/me' }))).toEqual([401, 'token_expired'])
  })

  test('with scopes and ranges are good for nothing else', async () => {
    const scoped = world.token('admin', { scopes: ['tokens/*'] })
    expect((await world.by(scoped, { path: '/api/v1/tokens' })).status).toBe(200)
    expect((await world.by(scoped, { path: '/api/v1/auth/me' })).status).toBe(200)
    for (const path of ['/api/v1/users', '/api/v1/tokens/../users', '/api/v1/%74okens', '/nowhere'])
      expect(codeOfProblem(await world.by(scoped, { path }))).toEqual([403, 'outside_scope'])
    const far = world.token('admin', { ranges: ['10.0.0.0/8'] })
    expect(codeOfProblem(await world.by(far, { path: '/api/v1/users' }))).toEqual([
      403,
      'outside_source_ranges',
    ])
    const near = world.token('admin', { ranges: ['10.0.0.0/8', '127.0.0.1'] })
    expect((await world.by(near, { path: '/api/v1/users' })).status).toBe(200)
  })

  test('a token needs no step-up and no CSRF token: no browser sends it for another page', async () => {
    const token = world.token('admin')
    const body = { name: 'bob', role: 'viewer', password: PASSWORD }
    expect((await world.by(token, { method: 'POST', path: '/api/v1/users', body })).status).toBe(201)
  })
})

describe('sign-ins', () => {
  test('everybody sees and ends their own, admins those of all', async () => {
    const admin = await world.signedIn('admin', 'anna')
    const bob = await world.signedIn('viewer', 'bob')
    const [own] = itemsOf(await bob.ask({ path: '/api/v1/sign-ins' }))
    expect(own).toMatchObject({ user: 'bob', from: '127.0.0.1', is_own: true })
    const all = itemsOf(await admin.ask({ path: '/api/v1/sign-ins' }))
    expect(all.map(({ user }) => user).toSorted()).toEqual(['anna', 'bob'])
    const annas = String(all.find(({ user }) => user === 'anna')?.['id'])
    expect((await bob.ask({ method: 'DELETE', path: `/api/v1/sign-ins/${annas}` })).status).toBe(404)
    expect((await bob.ask({ path: '/api/v1/sign-ins?user=anna' })).body['items']).toHaveLength(1)
    const bobs = String(own?.['id'])
    expect((await admin.ask({ method: 'DELETE', path: `/api/v1/sign-ins/${bobs}` })).status).toBe(204)
    expect((await bob.ask({ path: '/api/v1/auth/me' })).status).toBe(401)
  })
})

describe('the audit', () => {
  test('is read page by page, and says what of a filter it does not understand', async () => {
    const token = world.token('admin')
    for (let entry = 0; entry < 5; entry++)
      world.store.audit.record({
        ...{ who: null, from: '::1', action: 'x.y', resource: `x/${entry}`, result: 'done', requestId: 'r' },
      })
    const page = (query: string): Promise<Answered> => world.by(token, { path: `/api/v1/audit?${query}` })
    const first = await page('limit=2')
    expect(itemsOf(first).map(({ resource }) => resource)).toEqual(['x/4', 'x/3'])
    const second = await page(`limit=3&cursor=${String(first.body['next_cursor'])}`)
    expect(itemsOf(second).map(({ resource }) => resource)).toEqual(['x/2', 'x/1', 'x/0'])
    expect(second.body['next_cursor']).toBeNull()
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'cursor=-1', 'since=soon', 'until=', 'actr=x'])
      expect([query, ...codeOfProblem(await page(query))]).toEqual([query, 400, 'query_invalid'])
  })

  test('tells what was refused to somebody, and nothing of who is nobody', async () => {
    const viewer = await world.signedIn('viewer')
    const token = world.token('admin')
    await viewer.post('/api/v1/users', { name: 'x', role: 'admin', password: PASSWORD })
    await world.browser().post('/api/v1/users', {})
    await waitFor(() => world.store.audit.list({ limit: 1, action: 'users' }).length > 0)
    const entries = itemsOf(await world.by(token, { path: '/api/v1/audit?action=users' }))
    expect(entries).toMatchObject([
      { who: { name: 'viewer', kind: 'user' }, result: 'refused', from: '127.0.0.1' },
    ])
  })
})
