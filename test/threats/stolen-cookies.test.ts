// Threat: somebody has the cookie of an admin, and not the password: from a server behind a listener of the
// dashboard's host name, which browsers send it to, or from a machine that was left open.
//
// No server gets it. Whoever has it all the same does nothing that needs a fresh password, by whatever way.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { codeOf } from '../../server/control/store/totp.ts'
import { type AdminWorld, adminWorld, type Answered, type Browser } from '../support/admin-world.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { PASSWORD } from '../support/store-world.ts'

describe('the cookie of a sign-in', () => {
  let origin: Origin
  let gateway: TestEngine
  beforeAll(() => {
    origin = startOrigin()
    const { backends } = toServers([origin.url])
    const [plain] = Object.values(backends)
    gateway = startEngine({
      config: {
        ...toServers([origin.url]),
        backends: { ...backends, ops: { ...(plain as object), dashboard: true } },
        rules: [
          { name: 'ops', match: { path: '/ops/*' }, backend: 'ops' },
          { name: 'all', backend: Object.keys(backends)[0] ?? '' },
        ],
      },
    })
  })
  afterAll(async () => {
    await gateway.settled()
    await gateway[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
  })

  /** The Cookie fields that the server saw of each request of one connection. */
  async function seen(...requests: readonly string[]): Promise<string[][]> {
    origin.forget()
    await using client = await gateway.client()
    for (const request of requests) {
      client.send(request)
      expect((await client.readAnswer()).status).toBe(200)
    }
    await origin.received(requests.length)
    return origin.requests.map((request) => [...request.all('cookie')])
  }
  const get = (cookies: string, path = '/', line = 'HTTP/1.1'): string =>
    `GET ${path} ${line}\r\nHost: h\r\n${cookies}\r\n`
  const BOTH = 'Cookie: a=1; sluice-0d9d76b1=Zm9v; __Host-sluice-0d9d76b1=YmFy; b=2\r\n'
  const OTHERS = ['a=1; b=2']

  test('goes to no server, the first time and when the same head comes again', async () => {
    expect(await seen(...Array.from({ length: 4 }, () => get(BOTH)))).toEqual(Array(4).fill(OTHERS))
    expect(await seen(get('Cookie: sluice-0d9d76b1=Zm9v\r\n'))).toEqual([[]])
    expect(await seen(get(BOTH, 'http://h/x'))).toEqual([OTHERS])
    expect(await seen(get(`${BOTH}Connection: keep-alive\r\n`, '/', 'HTTP/1.0'))).toEqual([OTHERS])
  })

  test('is not sent with a body or an upgrade, either', async () => {
    const post = `POST / HTTP/1.1\r\nHost: h\r\n${BOTH}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`
    const upgrade = get(`${BOTH}Connection: Upgrade\r\nUpgrade: websocket\r\n`)
    expect(await seen(post)).toEqual([OTHERS])
    expect(await seen(upgrade)).toEqual([OTHERS])
  })

  test('goes where a dashboard is', async () => {
    expect(await seen(get(BOTH, '/ops/'))).toEqual([[BOTH.slice('Cookie: '.length, -2)]])
  })
})

describe('with the cookie alone', () => {
  let world: AdminWorld
  let thief: Browser
  beforeEach(async () => {
    world = adminWorld()
    thief = await world.signedIn('admin', 'anna')
    world.clock.nowMs += 6 * MINUTE_MS
  })
  afterEach(() => world.close())
  const MINUTE_MS = 60_000
  const codeIn = ({ status, body }: Answered): unknown[] => [status, body['code']]
  const NEEDED = [403, 'step_up_needed']

  test('nobody makes a token that is asked for no password any more', async () => {
    expect(codeIn(await thief.post('/api/v1/auth/jwt', {}))).toEqual(NEEDED)
    expect(codeIn(await thief.post('/api/v1/auth/jwt', { role: 'viewer' }))).toEqual(NEEDED)
    await thief.post('/api/v1/auth/step-up', { password: PASSWORD })
    expect((await thief.post('/api/v1/auth/jwt', {})).status).toBe(201)
  })

  test('who guesses at the password does not forgive themselves', async () => {
    const guess = async (): Promise<Answered> =>
      thief.post('/api/v1/auth/step-up', { password: 'x'.repeat(12) })
    for (let n = 0; n < 5; n++) expect((await guess()).status).toBe(401)
    expect((await guess()).status).toBe(423)
    expect(codeIn(await thief.post('/api/v1/users/anna/unlock'))).toEqual(NEEDED)
    expect((await guess()).status).toBe(423)
  })

  test('a held answer is told to nobody, and one of giving the password proves nothing anew', async () => {
    const keyed = (path: string, body: object, key: string): Promise<Answered> =>
      thief.ask({ method: 'POST', path, body, headers: { 'Idempotency-Key': key } })
    await keyed('/api/v1/auth/step-up', { password: PASSWORD }, 'a')
    expect((await keyed('/api/v1/tokens', { role: 'admin' }, 'b')).status).toBe(201)
    world.clock.nowMs += 6 * MINUTE_MS
    expect(codeIn(await keyed('/api/v1/tokens', { role: 'admin' }, 'b'))).toEqual(NEEDED)
    expect((await keyed('/api/v1/auth/step-up', { password: PASSWORD }, 'a')).status).toBe(200)
    expect(codeIn(await thief.post('/api/v1/tokens', { role: 'admin' }))).toEqual(NEEDED)
  })

  test('who has a second factor and no password has no first one set by somebody else', async () => {
    const { secondFactors, users } = world.store
    const secret = secondFactors.begin('anna') ?? new Uint8Array()
    const code = (): string => codeOf(secret, Math.floor(world.clock.nowMs / 30_000))
    secondFactors.confirm('anna', code())
    world.addUser('bob', 'admin')
    users.takePassword('anna')
    const token = world.store.signInLinks.add('anna', { most: null, lastsMs: 60 * MINUTE_MS })?.token
    world.clock.nowMs += MINUTE_MS
    const anna = world.browser()
    expect((await anna.post('/api/v1/auth/link', { token, code: code() })).status).toBe(200)
    world.clock.nowMs += 6 * MINUTE_MS
    const body = { password: 'a password of the thief' }
    expect(codeIn(await anna.post('/api/v1/auth/password', body))).toEqual(NEEDED)
    expect((await anna.post('/api/v1/auth/step-up', { code: code() })).status).toBe(200)
    expect((await anna.post('/api/v1/auth/password', body)).status).toBe(200)
  })
})
