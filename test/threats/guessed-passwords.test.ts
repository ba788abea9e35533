// Threat: somebody guesses passwords, names and codes, or uses what they were given or have stolen for more
// than it is for.
import { afterEach, beforeEach, describe, expect, mock, spyOn, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashPassword } from '../../server/control/store/passwords.ts'
import { codeOf } from '../../server/control/store/totp.ts'
import { tapEvents } from '../../server/telemetry/log.ts'
import { type AdminWorld, adminWorld, ask, type Answered, Browser } from '../support/admin-world.ts'
import { PASSWORD } from '../support/store-world.ts'

let world: AdminWorld
beforeEach(() => void (world = adminWorld()))
afterEach(() => {
  mock.restore()
  world.close()
})

const ME = { path: '/api/v1/auth/me' }
const codeOfProblem = ({ status, body }: Answered): unknown[] => [status, body['code']]

describe('guessing', () => {
  test('a name that there is not costs the same work, and is answered the same', async () => {
    world.store.users.add({ name: 'anna', role: 'admin', hash: await hashPassword(PASSWORD), by: 'test' })
    // What is to be made once is made.
    await world.browser().signIn('nobody')
    const verify = spyOn(Bun.password, 'verify')
    const answers = []
    for (const name of ['anna', 'nobody', 'also-nobody']) {
      const { status, body } = await world.browser().signIn(name, { password: 'wrong password' })
      const { instance: _, ...same } = body
      answers.push([status, same])
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    // Each with the same parameters: argon2 takes as long as these say.
    const costs = verify.mock.calls.map(([, hash]) => String(hash).split('$').slice(0, 4).join('$'))
    expect(costs).toEqual(Array.from({ length: 3 }, () => '$argon2id$v=19$m=19456,t=2,p=1'))
    // And they wait alike.
    for (const name of ['anna', 'nobody']) {
      for (let tries = 0; tries < 5; tries++)
        await world.browser().signIn(name, { password: 'wrong password' })
      expect(codeOfProblem(await world.browser().signIn(name))).toEqual([423, 'locked_out'])
    }
  })

  test('many at the same time are no more than one after another', async () => {
    world.addUser('anna', 'admin')
    const verify = spyOn(Bun.password, 'verify')
    const guesses = Array.from({ length: 25 }, (_, n) =>
      world.browser().signIn('anna', { password: `guess number ${n}` }),
    )
    const answers = (await Promise.all(guesses)).map(({ status }) => status)
    expect(verify.mock.calls.length).toBeLessThanOrEqual(5)
    expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(5)
    expect(answers.every((status) => [401, 423, 429].includes(status))).toBe(true)
    // The right one has to wait as well: nobody is told that it is.
    expect(codeOfProblem(await world.browser().signIn('anna'))).toEqual([423, 'locked_out'])
  })

  test('an address has thirty attempts a minute, whatever names it tries', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 31; n++) {
      const { status } = await world.browser().signIn(`user-${n}`)
      statuses.push(status)
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401))
    expect(statuses[30]).toBe(429)
  })

  test('a stranger at the same address keeps nobody from giving their password anew', async () => {
    const anna = await world.signedIn('admin', 'anna')
    // More than an address may try, at a name that is then locked out from there.
    for (let n = 0; n < 32; n++) await world.browser().signIn('anna', { password: `guess number ${n}` })
    expect(codeOfProblem(await world.browser().signIn('anna'))).toEqual([429, 'too_many_attempts'])
    expect((await anna.post('/api/v1/auth/step-up', { password: PASSWORD })).status).toBe(200)
    // Whoever has the cookie and not the password has no more tries than others.
    const statuses: number[] = []
    for (let n = 0; n < 6; n++)
      statuses.push((await anna.post('/api/v1/auth/step-up', { password: `guess number ${n}` })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 423])
  })

  test('who knows the password does not guess the code', async () => {
    world.addUser('anna', 'admin')
    const { secondFactors } = world.store
    const secret = secondFactors.begin('anna') ?? new Uint8Array()
    const step = Math.floor(world.clock.nowMs / 30_000)
    secondFactors.confirm('anna', codeOf(secret, step))
    const wrong = ['000000', '000001', '000002', '000003', '000004', '000005'].filter(
      (code) => ![step - 1, step, step + 1].some((one) => codeOf(secret, one) === code),
    )
    const answers: unknown[] = []
    // To show the password alone in between makes nothing good.
    for (const code of wrong.slice(0, 5)) {
      await world.browser().signIn('anna')
      answers.push((await world.browser().signIn('anna', { code })).status)
    }
    expect(answers).toContain(401)
    world.clock.nowMs += 500
    expect(codeOfProblem(await world.browser().signIn('anna'))).toEqual([423, 'locked_out'])
  })

  test('the set-up token is not guessed', async () => {
    world.store.setupToken.renew()
    let last = 0
    for (let n = 0; n < 31; n++) {
      const body = { token: n.toString(16).padStart(32, '0'), name: 'eve', password: PASSWORD }
      last = (await world.browser().post('/api/v1/auth/setup', body)).status
    }
    expect(last).toBe(429)
    expect(world.store.users.count()).toBe(0)
  })
})

describe('what was stolen or planted', () => {
  test('a cookie that was planted before a sign-in is not the one after it', async () => {
    world.addUser('anna', 'admin')
    // Whoever plants one knows the name: each sign-in of theirs shows it.
    const [name = ''] = (await world.signedIn('viewer', 'eve')).cookie.split('=')
    const browser = world.browser()
    const planted = `${name}=${'A'.repeat(43)}`
    browser.cookie = planted
    expect((await browser.signIn('anna')).status).toBe(200)
    expect(browser.cookie).not.toBe(planted)
    const attacker = new Browser(world.url)
    attacker.cookie = planted
    expect((await attacker.ask(ME)).status).toBe(401)
    // Of two cookies of the name one was planted by somebody.
    attacker.cookie = `${planted}; ${browser.cookie}`
    expect((await attacker.ask(ME)).status).toBe(401)
  })

  test('the CSRF token of one sign-in is good for no other', async () => {
    const anna = await world.signedIn('admin', 'anna')
    const eve = await world.signedIn('viewer', 'eve')
    const { csrf } = anna
    for (const token of ['', eve.csrf, csrf.slice(1), csrf.toLowerCase()]) {
      anna.csrf = token
      expect(codeOfProblem(await anna.post('/api/v1/users', {}))).toEqual([403, 'csrf_missing'])
    }
    anna.csrf = csrf
    expect((await anna.post('/api/v1/auth/sign-out')).status).toBe(204)
  })

  test('a page of another site changes nothing, with the cookie and even with the token', async () => {
    const anna = await world.signedIn('admin', 'anna')
    const headers = { Cookie: anna.cookie, 'X-CSRF-Token': anna.csrf }
    const post = (more: Record<string, string>): Promise<Answered> =>
      ask(world.url, { method: 'POST', path: '/api/v1/users/anna/unlock', headers: { ...headers, ...more } })
    for (const more of [
      {},
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'same-site' },
    ])
      expect([more, ...codeOfProblem(await post(more as Record<string, string>))]).toEqual([
        more,
        403,
        'cross_site',
      ] as never)
    expect((await post({ Origin: world.url })).status).toBe(200)
  })

  test('a viewer makes nobody an admin, least of all themselves', async () => {
    const eve = await world.signedIn('viewer', 'eve')
    const tries = [
      await eve.ask({ method: 'PATCH', path: '/api/v1/users/eve', body: { role: 'admin' } }),
      await eve.post('/api/v1/users', { name: 'eve2', role: 'admin', password: PASSWORD }),
      await eve.post('/api/v1/tokens', { role: 'admin' }),
      await eve.post('/api/v1/auth/jwt', { role: 'admin' }),
    ]
    expect(tries.map(codeOfProblem)).toEqual(Array.from({ length: 4 }, () => [403, 'forbidden']))
  })

  test('a token in the wrong place is none: not in the query, not as a cookie, not as a password', async () => {
    const token = world.token('admin')
    const [name = ''] = (await world.signedIn('viewer', 'eve')).cookie.split('=')
    const asked = [
      await ask(world.url, { path: `/api/v1/auth/me?access_token=${token}` }),
      await ask(world.url, { ...ME, headers: { Cookie: `${name}=${token}` } }),
      await ask(world.url, { ...ME, headers: { Authorization: `Basic ${btoa(`x:${token}`)}` } }),
      await ask(world.url, { ...ME, headers: { 'X-Api-Key': token } }),
    ]
    expect(asked.map(({ status }) => status)).toEqual([401, 401, 401, 401])
  })
})

test('no secret that passes here is found in answers, events, the audit or the database', async () => {
  const told: string[] = []
  const untap = tapEvents((_, event, fields) => void told.push(JSON.stringify([event, fields])))
  const planted = [
    'planted-password-1',
    'planted-password-2',
    'planted-password-3',
    'planted-name-as-password',
  ]
  const [first = '', second = '', wrong = '', typed = ''] = planted
  const token = world.store.setupToken.renew()
  const anna = world.browser()
  const said = [
    await anna.post('/api/v1/auth/setup', { token, name: 'anna', password: first }),
    await world.browser().signIn(typed, { password: wrong }),
    await anna.post('/api/v1/auth/step-up', { password: wrong }),
    await anna.post('/api/v1/auth/password', { current: first, password: second }),
    await anna.post('/api/v1/users', { name: 'bob', role: 'viewer', password: wrong, extra: second }),
    await anna.post('/api/v1/users', { name: 'bob', role: 'viewer', password: [wrong] }),
    await anna.post('/api/v1/users', { name: 'bob', role: 'viewer', password: first }),
  ]
  const totp = await anna.post('/api/v1/auth/totp')
  const made = await anna.post('/api/v1/tokens', { role: 'viewer', name: 'ci' })
  const jwt = await anna.post('/api/v1/auth/jwt', {})
  untap()
  const once = [String(totp.body['secret']), String(made.body['token']), String(jwt.body['token'])]
  said.push(
    ...(await Promise.all(
      ['users', 'tokens', 'sign-ins', 'audit', 'auth/me'].map((path) =>
        anna.ask({ path: `/api/v1/${path}` }),
      ),
    )),
  )
  const answers = said.map(({ body }) => JSON.stringify(body)).join('\n')
  world.store.db.sql.run('PRAGMA wal_checkpoint(TRUNCATE)')
  const files = readdirSync(world.data).filter((name) => name.startsWith('state.db'))
  const kept = files.map((name) => readFileSync(join(world.data, name), 'latin1')).join('\n')
  const cookie = anna.cookie.split('=')[1] ?? ''
  for (const secret of [...planted, ...once, token, cookie, anna.csrf]) {
    expect([secret, told.join('\n').includes(secret)]).toEqual([secret, false])
    expect([secret, kept.includes(secret)]).toEqual([secret, false])
    // The CSRF token is told to its own page.
    if (secret !== anna.csrf) expect([secret, answers.includes(secret)]).toEqual([secret, false])
  }
  expect(answers).toContain('anna')
  expect(kept).toContain('anna')
})
