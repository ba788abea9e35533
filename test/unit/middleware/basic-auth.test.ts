import { describe, expect, test } from 'bun:test'
import { basicAuth } from '../../../server/middleware/basic-auth.ts'
import type { BasicAuthConfig } from '../../../server/middleware/basic-auth.options.ts'
import type { Middleware, StepWorld } from '../../../server/middleware/middleware.ts'
import { PasswordDesk } from '../../../server/middleware/password-desk.ts'
import { stepOf } from '../../support/step-world.ts'
import { ask, fieldOf, worldOf } from './access.ts'

/** Cheap ones, of "open sesame" and of 72 letters. */
const CHEAP = { algorithm: 'bcrypt', cost: 4 } as const
const HASH = await Bun.password.hash('open sesame', CHEAP)
const LONG = await Bun.password.hash('x'.repeat(72), CHEAP)

const OPTIONS: BasicAuthConfig = {
  mode: 'enforce',
  users: { anna: HASH, 'Ben Ünal': HASH.replace('$2b$', '$2y$'), cem: LONG },
  realm: 'Staff only',
  pass_credentials: false,
  remember: 60_000,
  failures: { max: 3, per: 60_000 },
}

const basic = (user: string, password: string | Uint8Array, scheme = 'Basic'): string =>
  `Authorization: ${scheme} ${Buffer.concat([Buffer.from(`${user}:`), Buffer.from(password)]).toString('base64')}`

/** With a desk that says what it is asked to work on. */
function stepWith(more: Partial<BasicAuthConfig> = {}, previous: Middleware<unknown> | null = null) {
  const worked: string[] = []
  const desk = new PasswordDesk({
    verify: (password, hash) => {
      worked.push(hash)
      return Bun.password.verify(password, hash)
    },
  })
  const world = worldOf()
  const of: StepWorld = {
    ...world.ground,
    rule: 'test',
    earlier: [],
    previous,
    textOf: () => '',
    refuse: (_, answer) => answer,
  }
  return { world, worked, step: basicAuth({ ...OPTIONS, ...more }, of, desk) }
}

describe('who gets in', () => {
  test.each([
    ['anna', 'open sesame'],
    ['Ben Ünal', 'open sesame'],
    ['cem', 'x'.repeat(72)],
    // bcrypt reads no more: programs that made the hash have cut it as well.
    ['cem', 'x'.repeat(90)],
  ])('%s, by the password', async (user, password) => {
    const { step, world } = stepWith({ user_header: 'X-User' })
    const { x, answer, sent } = await ask(step, [basic(user, password), 'X-User: root'])
    expect(answer).toBeUndefined()
    expect(x.identity).toEqual({ via: 'basic_auth', name: user, claims: {} })
    expect([sent('authorization'), sent('x-user')]).toEqual([null, Buffer.from(user).toString('latin1')])
    expect(world.counted).toEqual(['allowed test basic_auth'])
  })

  test('servers get the credentials only where that is said', async () => {
    const { step } = stepWith({ pass_credentials: true })
    const line = basic('anna', 'open sesame', 'bAsIc')
    expect((await ask(step, [line])).sent('authorization')).toBe(line.slice(15))
  })
})

describe('who does not', () => {
  test.each([
    ['nothing', [], 'credentials_missing'],
    ['another scheme', ['Authorization: Bearer abc'], 'credentials_missing'],
    ['a wrong password', [basic('anna', 'open sesame ')], 'credentials_wrong'],
    ['an empty one', [basic('anna', '')], 'credentials_wrong'],
    ['a user whom nobody knows', [basic('dora', 'open sesame')], 'credentials_wrong'],
    ['a name of all objects', [basic('constructor', 'open sesame')], 'credentials_wrong'],
    ['no user', [basic('', 'open sesame')], 'credentials_wrong'],
    ['64 KB', [`Authorization: Basic ${'QUFB'.repeat(16_384)}`], 'credentials_wrong'],
    ['no base64', ['Authorization: Basic !!'], 'credentials_wrong'],
    ['no colon', [`Authorization: Basic ${btoa('anna')}`], 'credentials_wrong'],
    ['NUL', [basic('anna\0', 'open sesame')], 'credentials_wrong'],
    ['NUL behind the password', [basic('anna', 'open sesame\0')], 'credentials_wrong'],
    ['CR and LF', [basic('anna\r\nX-User: root', 'open sesame')], 'credentials_wrong'],
    [
      'invalid UTF-8',
      [`Authorization: Basic ${Buffer.from([0xff, 58, 97]).toString('base64')}`],
      'credentials_wrong',
    ],
    ['a long password', [basic('anna', `open sesame${'x'.repeat(2000)}`)], 'credentials_wrong'],
    ['two that differ', [basic('anna', 'open sesame'), basic('anna', 'x')], 'credentials_wrong'],
  ] as const)('%s', async (_, fields, fault) => {
    const { step } = stepWith({ user_header: 'X-User' })
    const { x, answer, sent } = await ask(
      step,
      [...fields, 'X-User: root'].map((field) => field),
    )
    expect([answer?.status, answer?.fault, x.identity]).toEqual([401, fault, null])
    expect(fieldOf(answer, 'WWW-Authenticate')).toBe('Basic realm="Staff only", charset="UTF-8"')
    expect(sent('x-user')).toBeNull()
  })

  test('in shadow mode all pass as they came, and who is known stands in the log', async () => {
    const { ground, counted } = worldOf()
    const step = stepOf({ basic_auth: { ...OPTIONS, mode: 'shadow' } }, ground)
    const wrong = await ask(step, [basic('anna', 'x')])
    expect([wrong.answer, wrong.x.shadow, wrong.x.identity]).toEqual([undefined, 'basic_auth', null])
    expect(wrong.sent('authorization')).not.toBeNull()
    expect((await ask(step, [basic('anna', 'open sesame')])).x.identity?.name).toBe('anna')
    expect(counted).toEqual(['shadow test basic_auth', 'allowed test basic_auth'])
  })
})

test('a password costs once, also for many requests at a time, and again after a while', async () => {
  const { step, worked, world } = stepWith()
  const line = basic('anna', 'open sesame')
  await Promise.all(Array.from({ length: 9 }, () => ask(step, [line])))
  expect((await ask(step, [line])).answer).toBeUndefined()
  expect(worked).toEqual([HASH])
  world.nowMs = 60_000
  expect((await ask(step, [line])).answer).toBeUndefined()
  expect(worked).toHaveLength(2)
})

test('a user whom nobody knows costs as much as a wrong password', async () => {
  const { step, worked } = stepWith()
  for (const user of ['dora', 'anna', 'emil']) await ask(step, [basic(user, 'x')], `192.0.2.${worked.length}`)
  expect(worked).toHaveLength(3)
  expect(worked.every((hash) => hash !== '')).toBe(true)
})

test('who is wrong too often waits, but for a password that is known to be right', async () => {
  const { step, worked, world } = stepWith()
  const right = basic('anna', 'open sesame')
  await ask(step, [right], '2001:db8::1')
  for (let n = 1; n <= 3; n++) await ask(step, [basic('anna', `guess ${n}`)], `2001:db8::${n}`)
  world.nowMs = 20_500
  const refused = await ask(step, [basic('anna', 'guess 4')], '2001:db8::9')
  expect([refused.answer?.status, refused.answer?.fault]).toEqual([429, 'credentials_limited'])
  expect(fieldOf(refused.answer, 'Retry-After')).toBe('40')
  expect(worked).toHaveLength(4)
  expect((await ask(step, [right], '2001:db8::9')).answer).toBeUndefined()
  expect((await ask(step, [basic('anna', 'x')], '192.0.2.9')).answer?.status).toBe(401)
  // A reload does not forget them.
  const after = stepWith({ realm: 'Other' }, step)
  after.world.nowMs = 30_000
  expect((await ask(after.step, [right], '2001:db8::9')).answer?.status).toBe(429)
  after.world.nowMs = 60_000
  expect((await ask(after.step, [right], '2001:db8::9')).answer).toBeUndefined()
})
