// Threat: somebody guesses a one-time link, uses one that was used, has ended or is for less, or brings a
// browser to sign in by one of theirs.
import { afterEach, beforeEach, describe, expect, mock, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { codeOf } from '../../server/control/store/totp.ts'
import { LINKS_MAX } from '../../server/control/store/sign-in-links.ts'
import { tapEvents } from '../../server/telemetry/log.ts'
import { type AdminWorld, adminWorld, type Answered, ask, type Browser } from '../support/admin-world.ts'
import { PASSWORD } from '../support/store-world.ts'

let world: AdminWorld
let admin: Browser
beforeEach(async () => {
  world = adminWorld()
  admin = await world.signedIn('admin', 'anna')
})
afterEach(() => {
  mock.restore()
  world.close()
})

const LINK = '/api/v1/auth/link'
const LINKS = '/api/v1/auth/links'
const MINUTE_MS = 60_000

async function linkFor(user: string, more: object = {}): Promise<string> {
  const { status, body } = await admin.post(LINKS, { user, ...more })
  if (status !== 201) throw new Error(`a link gave ${status}: ${JSON.stringify(body)}`)
  return String(body['token'])
}

const open = (token: string, more: object = {}): Promise<Answered> =>
  world.browser().post(LINK, { token, ...more })
const codeIn = ({ status, body }: Answered): unknown[] => [status, body['code']]
const NOT_GOOD = [401, 'sign_in_failed']

describe('a one-time link', () => {
  test('signs in once, as the user and with a cookie of its own', async () => {
    world.addUser('bob', 'editor')
    const made = await admin.post(LINKS, { user: 'BOB' })
    const token = String(made.body['token'])
    expect(token).toMatch(/^[0-9A-Za-z]{22}$/)
    expect(made.body).toMatchObject({ user: 'bob', role: 'editor', path: `/_admin/#/link/${token}` })
    const bob = world.browser()
    const opened = await bob.post(LINK, { token })
    expect([opened.status, opened.body]).toMatchObject([200, { name: 'bob', role: 'editor', kind: 'user' }])
    expect((await bob.ask({ path: '/api/v1/auth/me' })).body).toMatchObject({ name: 'bob', role: 'editor' })
    expect(codeIn(await open(token))).toEqual(NOT_GOOD)
  })

  test('that many bring at the same time lets in one', async () => {
    const token = await linkFor('anna')
    const answers = await Promise.all(Array.from({ length: 8 }, () => open(token)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(401)])
  })

  test('that was used, has ended, is of somebody removed or never was is answered the same', async () => {
    world.addUser('bob', 'viewer')
    const [used, late, removed] = [await linkFor('anna'), await linkFor('anna'), await linkFor('bob')]
    expect((await open(used)).status).toBe(200)
    world.clock.nowMs += 15 * MINUTE_MS - 1
    world.store.users.remove('bob')
    expect(world.store.signInLinks.find(late)?.user).toBe('anna')
    world.clock.nowMs += 1
    const answers: unknown[] = []
    for (const token of [used, late, removed, 'A'.repeat(22), 'short', '', `${late}x`]) {
      const { status, body } = await open(token)
      const { instance: _, ...same } = body
      answers.push([status, same])
    }
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]).toMatchObject(NOT_GOOD.map((one) => (one === 401 ? 401 : { code: one })))
  })

  test('ends with another password of its user', async () => {
    const token = await linkFor('anna')
    world.store.users.setPassword('anna', world.store.users.hashOf('anna') ?? '')
    expect(codeIn(await open(token))).toEqual(NOT_GOOD)
  })

  test('is not guessed: an address has thirty attempts a minute', async () => {
    const token = await linkFor('anna')
    // The sign-in of anna was one of them.
    for (let n = 0; n < 29; n++) expect((await open(String(n).padStart(22, '0'))).status).toBe(401)
    expect(codeIn(await open(token))).toEqual([429, 'too_many_attempts'])
    expect(world.store.signInLinks.find(token)?.user).toBe('anna')
  })

  test('there are no more of than a hundred', async () => {
    for (let n = 0; n < LINKS_MAX; n++)
      world.store.signInLinks.add('anna', { most: null, lastsMs: 15 * MINUTE_MS })
    expect(codeIn(await admin.post(LINKS, { user: 'anna' }))).toEqual([409, 'conflict'])
    world.clock.nowMs += 15 * MINUTE_MS
    await admin.post('/api/v1/auth/step-up', { password: PASSWORD })
    expect((await admin.post(LINKS, { user: 'anna' })).status).toBe(201)
  })
})

describe('what a link gives', () => {
  test('is the role that it was made for, and no more than its user has by then', async () => {
    const token = await linkFor('anna', { role: 'operator' })
    const viewer = world.browser()
    expect((await viewer.post(LINK, { token })).body).toMatchObject({ name: 'anna', role: 'operator' })
    expect((await viewer.ask({ path: '/api/v1/users' })).status).toBe(403)
    expect((await viewer.post('/api/v1/auth/jwt', { role: 'admin' })).status).toBe(403)
    world.addUser('bob', 'editor')
    const later = await linkFor('bob', { role: 'editor' })
    world.store.users.setRole('bob', 'viewer')
    expect((await open(later)).body).toMatchObject({ name: 'bob', role: 'viewer' })
  })

  test('is not made by who is no admin, nor by one who gave the password too long ago', async () => {
    const editor = await world.signedIn('editor')
    expect(codeIn(await editor.post(LINKS, { user: 'editor' }))).toEqual([403, 'forbidden'])
    world.clock.nowMs += 6 * MINUTE_MS
    expect(codeIn(await admin.post(LINKS, { user: 'anna' }))).toEqual([403, 'step_up_needed'])
  })

  test('is no fresh password: who came by one makes no user and no other link', async () => {
    const browser = world.browser()
    await browser.post(LINK, { token: await linkFor('anna') })
    expect(codeIn(await browser.post(LINKS, { user: 'anna' }))).toEqual([403, 'step_up_needed'])
    // A code that nobody has asked for proves nothing.
    const other = world.browser()
    await other.post(LINK, { token: await linkFor('anna'), code: '123456' })
    expect(codeIn(await other.post(LINKS, { user: 'anna' }))).toEqual([403, 'step_up_needed'])
  })

  test('does not fit where the role is more, unknown, or it would last too long', async () => {
    world.addUser('bob', 'viewer')
    const made = async (body: object): Promise<unknown> => {
      const { status, body: answer } = await admin.post(LINKS, body)
      const [error] = (answer['errors'] ?? []) as { pointer: string }[]
      return [status, error?.pointer]
    }
    expect(await made({ user: 'bob', role: 'editor' })).toEqual([422, '/role'])
    expect(await made({ user: 'bob', role: 'root' })).toEqual([422, '/role'])
    for (const lasts of ['25h', '0m', '1d', '15', 'never'])
      expect(await made({ user: 'bob', lasts })).toEqual([422, '/lasts'])
    expect((await made({ user: 'nobody' })) as unknown[]).toContain(404)
  })

  test('needs the code of a second factor; codes are not guessed by it, and it stays good until one is right', async () => {
    const { secondFactors } = world.store
    const secret = secondFactors.begin('anna') ?? new Uint8Array()
    const step = (): number => Math.floor(world.clock.nowMs / 30_000)
    secondFactors.confirm('anna', codeOf(secret, step()))
    const token = await linkFor('anna', { lasts: '24h' })
    const stolen = await linkFor('anna', { lasts: '24h' })
    world.clock.nowMs += MINUTE_MS
    expect(codeIn(await open(token))).toEqual([401, 'code_needed'])
    const browser = world.browser()
    const { status } = await browser.post(LINK, { token, code: codeOf(secret, step()) })
    expect([status, (await browser.post(LINKS, { user: 'anna' })).status]).toEqual([200, 201])
    const wrong = ['000000', '000001', '000002', '000003', '000004', '000005', '000006', '000007'].filter(
      (code) => ![-1, 0, 1].some((by) => codeOf(secret, step() + by) === code),
    )
    for (const code of wrong.slice(0, 5)) expect(codeIn(await open(stolen, { code }))).toEqual(NOT_GOOD)
    expect(codeIn(await open(stolen, { code: '000000' }))).toEqual([423, 'locked_out'])
  })
})

describe('a page of somebody else', () => {
  test('signs no browser in by a link of theirs', async () => {
    const token = await linkFor('anna')
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
    ]) {
      const sent = { method: 'POST', path: LINK, body: { token }, headers: headers as Record<string, string> }
      const answer = await ask(world.url, sent)
      expect([headers, codeIn(answer), answer.headers.getSetCookie()]).toEqual([
        headers,
        [403, 'cross_site'],
        [],
      ] as never)
    }
    // A form of theirs, which needs no leave of ours to be sent.
    const form = await fetch(`${world.url}${LINK}`, {
      ...{ method: 'POST', body: JSON.stringify({ token }), headers: { 'Content-Type': 'text/plain' } },
    })
    expect(form.status).toBe(415)
    expect((await open(token)).status).toBe(200)
  })

  test('whose name was made to point here does not open it', async () => {
    const token = await linkFor('anna')
    expect(await statusByHost('evil.example', token)).toBe(421)
    expect((await open(token)).status).toBe(200)
  })
})

function statusByHost(host: string, token: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const headers = { Host: host, 'Content-Type': 'application/json' }
  const sent = httpRequest(`${world.url}${LINK}`, { method: 'POST', headers }, (answer) => {
    answer.resume()
    resolve(answer.statusCode)
  })
  sent.on('error', reject)
  sent.end(JSON.stringify({ token }))
  return promise
}

test('a link is told who made it and who came by it, and is itself in no event, audit or database', async () => {
  const told: { event: string; fields: unknown }[] = []
  const stop = tapEvents((_, event, fields) => void told.push({ event: String(event), fields }))
  const token = await linkFor('anna', { role: 'viewer' })
  await open(token)
  await open(token)
  stop()
  expect(told.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['sign_in_link_made', 'signed_in', 'sign_in_failed']),
  )
  const entries = world.store.audit.list({ limit: 10 })
  expect(entries.map(({ action, result, message }) => [action, result, message])).toEqual(
    expect.arrayContaining([
      ['auth.links', 'done', null],
      ['auth.link', 'done', 'by a link'],
      ['auth.link', 'refused', 'sign_in_failed'],
    ]),
  )
  const files = readdirSync(world.data).map((file) => readFileSync(join(world.data, file), 'latin1'))
  for (const text of [JSON.stringify(told), JSON.stringify(entries), ...files])
    expect(text).not.toContain(token)
})
