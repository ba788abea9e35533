import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { StoreProblem } from '../../../../server/control/store/store-problem.ts'
import { codeOf } from '../../../../server/control/store/totp.ts'
import { type AdminWorld, adminWorld, type Answered, ask } from '../../../support/admin-world.ts'
import { PASSWORD } from '../../../support/store-world.ts'

let world: AdminWorld
beforeEach(() => void (world = adminWorld()))
afterEach(() => world.close())

const codeOfProblem = ({ status, body }: Answered): unknown[] => [status, body['code']]
const ME = { path: '/api/v1/auth/me' }

describe('the first user', () => {
  test('is made with the one-time token, is an admin, and is signed in', async () => {
    const browser = world.browser()
    expect((await browser.ask({ path: '/api/v1/auth/setup' })).body).toEqual({
      needed: true,
      signed_in: false,
    })
    const token = world.store.setupToken.renew()
    const made = await browser.post('/api/v1/auth/setup', { token, name: 'anna', password: PASSWORD })
    expect([made.status, made.body] as unknown[]).toEqual([
      200,
      expect.objectContaining({ kind: 'user', name: 'anna', role: 'admin', totp: false }),
    ])
    expect((await browser.ask(ME)).body).toMatchObject({ name: 'anna' })
    expect(existsSync(world.store.setupToken.path)).toBe(false)
    const [signedIn, stranger] = [browser, world.browser()].map((one) =>
      one.ask({ path: '/api/v1/auth/setup' }),
    )
    expect((await signedIn)?.body).toEqual({ needed: false, signed_in: true })
    expect((await stranger)?.body).toEqual({ needed: false, signed_in: false })
    const again = await world.browser().post('/api/v1/auth/setup', { token, name: 'bob', password: PASSWORD })
    expect(codeOfProblem(again)).toEqual([409, 'conflict'])
  })

  test('is not made with another token, nor with a short password', async () => {
    const token = world.store.setupToken.renew()
    const browser = world.browser()
    const wrong = { token: 'f'.repeat(32), name: 'anna', password: PASSWORD }
    expect(codeOfProblem(await browser.post('/api/v1/auth/setup', wrong))).toEqual([401, 'sign_in_failed'])
    const short = await browser.post('/api/v1/auth/setup', { token, name: 'an na', password: 'too-short!' })
    expect(codeOfProblem(short)).toEqual([422, 'body_invalid'])
    expect(short.body['errors']).toMatchObject([{ pointer: '/name' }, { pointer: '/password' }])
    expect(JSON.stringify(short.body)).not.toContain('too-short!')
    expect(world.store.users.count()).toBe(0)
    expect(world.store.setupToken.read()).toBe(token)
  })
})

describe('a sign-in', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    world.addUser('anna', 'editor')
    const { status, headers } = await world.browser().signIn('Anna')
    expect(status).toBe(200)
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^sluice-[0-9a-f]{8}=[0-9A-Za-z]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
      ),
    ])
  })

  test('is one of this gateway: another one on the same host neither ends it nor takes it for its own', async () => {
    const other = adminWorld()
    try {
      const here = await world.signedIn('viewer', 'anna')
      const there = await other.signedIn('admin', 'anna')
      // As browsers do, that know no ports: one value for each name, and all of them to both.
      const names = [here, there].map(({ cookie }) => cookie.split('=', 1)[0])
      expect(new Set(names).size).toBe(2)
      const Cookie = `${here.cookie}; ${there.cookie}`
      for (const [{ url }, role] of [
        [world, 'viewer'],
        [other, 'admin'],
      ] as const)
        expect((await ask(url, { ...ME, headers: { Cookie } })).body).toMatchObject({ name: 'anna', role })
      // That of the other alone is none.
      expect((await ask(world.url, { ...ME, headers: { Cookie: there.cookie } })).status).toBe(401)
    } finally {
      other.close()
    }
  })

  test('ends by signing out, and is never one that the browser had before', async () => {
    const browser = await world.signedIn('viewer')
    const { cookie } = browser
    await browser.signIn('viewer')
    expect(browser.cookie).not.toBe(cookie)
    expect(world.store.signIns.list('viewer')).toHaveLength(1)
    const kept = browser.cookie
    const out = await browser.post('/api/v1/auth/sign-out')
    expect(out.status).toBe(204)
    expect(out.headers.getSetCookie()[0]).toMatch(/^sluice-[0-9a-f]{8}=; Path=\/; Max-Age=0/)
    browser.cookie = kept
    expect(codeOfProblem(await browser.ask(ME))).toEqual([401, 'not_signed_in'])
    const open = { path: '/api/v1/auth/setup' }
    expect((await browser.ask(open)).body).toEqual({ needed: false, signed_in: false })
  })

  test('asks for a code where there is a second factor, and takes each once', async () => {
    const browser = await world.signedIn('admin', 'anna')
    const begun = await browser.post('/api/v1/auth/totp')
    expect(begun.body['uri']).toStartWith('otpauth://totp/Sluice:anna%40')
    const secret = secretOf(String(begun.body['secret']))
    const code = (): string => codeOf(secret, Math.floor(world.clock.nowMs / 30_000))
    expect(codeOfProblem(await browser.post('/api/v1/auth/totp/confirm', { code: '000000' }))).toEqual([
      409,
      'conflict',
    ])
    const { body } = await browser.post('/api/v1/auth/totp/confirm', { code: code() })
    const recovery = body['recovery_codes'] as string[]
    expect(recovery).toHaveLength(10)
    const other = world.browser()
    expect(codeOfProblem(await other.signIn('anna'))).toEqual([401, 'code_needed'])
    expect(codeOfProblem(await other.signIn('anna', { code: code() }))).toEqual([401, 'sign_in_failed'])
    world.clock.nowMs += 30_000
    expect((await other.signIn('anna', { code: code() })).status).toBe(200)
    expect((await other.signIn('anna', { code: recovery[3] })).status).toBe(200)
    expect(codeOfProblem(await other.signIn('anna', { code: recovery[3] }))).toEqual([401, 'sign_in_failed'])
    expect((await other.ask({ path: '/api/v1/auth/totp' })).body).toEqual({
      enabled: true,
      recovery_codes_left: 9,
    })
    expect((await other.ask({ method: 'DELETE', path: '/api/v1/auth/totp' })).status).toBe(204)
    expect((await world.browser().signIn('anna')).status).toBe(200)
  })

  test('the password is changed by who knows it, which ends all other sign-ins', async () => {
    const browser = await world.signedIn('viewer')
    const other = world.browser()
    await other.signIn('viewer')
    const password = 'another long password'
    const wrong = await browser.post('/api/v1/auth/password', { current: 'not this one!', password })
    expect(codeOfProblem(wrong)).toEqual([401, 'sign_in_failed'])
    const { cookie } = browser
    expect((await browser.post('/api/v1/auth/password', { current: PASSWORD, password })).status).toBe(200)
    expect(browser.cookie).not.toBe(cookie)
    expect((await browser.ask(ME)).status).toBe(200)
    expect((await other.ask(ME)).status).toBe(401)
    expect((await world.browser().signIn('viewer')).status).toBe(401)
    expect((await world.browser().signIn('viewer', { password })).status).toBe(200)
  })

  test('what is dangerous asks for a fresh password, once in five minutes', async () => {
    const browser = await world.signedIn('admin')
    const add = { name: 'bob', role: 'viewer', password: PASSWORD }
    world.clock.nowMs += 5 * 60_000
    expect(codeOfProblem(await browser.post('/api/v1/users', add))).toEqual([403, 'step_up_needed'])
    const wrong = await browser.post('/api/v1/auth/step-up', { password: 'not this one!' })
    expect(codeOfProblem(wrong)).toEqual([401, 'sign_in_failed'])
    expect(codeOfProblem(await browser.post('/api/v1/auth/step-up', {}))).toEqual([401, 'sign_in_failed'])
    const before = browser.cookie
    expect((await browser.post('/api/v1/auth/step-up', { password: PASSWORD })).status).toBe(200)
    expect((await browser.post('/api/v1/users', add)).status).toBe(201)
    // Who had the cookie before has gained nothing.
    browser.cookie = before
    expect((await browser.ask(ME)).status).toBe(401)
  })
})

function secretOf(text: string): Uint8Array {
  const bits = [...text].map((one) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'),
  )
  return Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

test('where nothing can be kept, that is told without where it would be', async () => {
  const why = new StoreProblem(
    "/var/lib/x/state.db cannot be opened: EACCES, open '/var/lib/x/state.db'",
    'mend it',
  )
  const broken = adminWorld({ store: { now: null, open: () => Promise.reject(why), keep: () => false } })
  try {
    const browser = broken.browser()
    const answers = [
      await browser.signIn('anna'),
      await broken.by('slt_x', ME),
      await browser.ask({ path: '/api/v1/auth/setup' }),
    ]
    for (const { status, body } of answers)
      expect([status, body['code'], body['detail'], body['hint']]).toEqual([
        ...[503, 'store_unavailable'],
        "Nothing can be kept: state.db cannot be opened: EACCES, open 'state.db'.",
        'mend it',
      ])
    // What monitoring reads does without.
    expect((await ask(broken.url, { path: '/metrics' })).status).toBe(200)
  } finally {
    broken.close()
  }
})
