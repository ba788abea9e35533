// Time-limited names.
import { describe, expect, test } from 'bun:test'
import { Credentials } from '../../../../server/turn/state/credentials.ts'
import { noncesOf } from '../../../../server/turn/state/nonces.ts'
import { restPassword, TEST_USER, testSecretOf } from '../../../../server/turn/state/rest-names.ts'
import {
  AUTH,
  CLIENT,
  NEW,
  NOW,
  NOW_S,
  REALM,
  REST,
  type Request,
  UNAUTHENTICATED,
  check,
  credentialsOf,
  nonceOf,
  outcome,
  request,
} from './credential-requests.ts'

const asked = (name: string, secret = 'first'): Request => ({
  auth: REST,
  name,
  password: restPassword(secret, name),
})
const soon = NOW_S + 60

test('of each form, with any of the secrets', () => {
  for (const secret of REST.secrets) {
    expect(check(asked(`${soon}:alice`, secret))).toMatchObject({
      user: 'alice',
      username: `${soon}:alice`,
    })
    expect(check(asked(`carol:${soon}`, secret))).toMatchObject({
      user: 'carol',
      username: `carol:${soon}`,
    })
    // Without a user the whole name is counted.
    expect(check(asked(`${soon}`, secret))).toMatchObject({ user: `${soon}`, username: `${soon}` })
  }
  expect(outcome(asked(`${soon}:carol`, 'third'))).toEqual(UNAUTHENTICATED)
})

test('with SHA-256 too', () => {
  expect(check({ ...asked(`${soon}:x`), ...NEW })).toMatchObject({ user: 'x', integrity: 'sha256' })
  expect(check({ ...asked(`${soon}:x`, 'second'), ...NEW })).toMatchObject({
    user: 'x',
    integrity: 'sha256',
  })
})

test('are good until they expire', () => {
  expect(outcome(asked(`${soon}:x`), { unixMs: soon * 1000 - 1 })).toBe('x')
  expect(outcome(asked(`${soon}:x`), { unixMs: soon * 1000 })).toEqual(UNAUTHENTICATED)
  expect(outcome(asked('0:x'))).toEqual(UNAUTHENTICATED)
  expect(check(asked(`${NOW_S}:x`))).toMatchObject({ why: 'the name has expired' })
})

test('hold on for the allocation that they made, unless config is strict', () => {
  const name = `${NOW_S - 1}:x`
  expect(outcome(asked(name), { holder: name })).toBe('x')
  expect(outcome({ ...asked(name), password: 'wrong' }, { holder: name })).toEqual(UNAUTHENTICATED)
  expect(outcome(asked(name), { holder: `${NOW_S - 1}:y` })).toEqual(UNAUTHENTICATED)
  expect(outcome(asked(name), { holder: 'x' })).toEqual(UNAUTHENTICATED)
  const strict = { ...REST, strict_expiry: true }
  expect(outcome({ ...asked(name), auth: strict }, { holder: name })).toEqual(UNAUTHENTICATED)
  expect(outcome({ ...asked(`${soon}:x`), auth: strict }, { holder: name })).toBe('x')
})

test('whose password was made for another name, or none, are wrong', () => {
  const later = `${soon + 1}:x`
  expect(outcome({ ...asked(later), password: restPassword('first', `${soon}:x`) })).toEqual(UNAUTHENTICATED)
  expect(outcome({ ...asked(later), password: 'first' })).toEqual(UNAUTHENTICATED)
  expect(outcome({ ...asked('x'), password: restPassword('first', 'x') })).toEqual(UNAUTHENTICATED)
  expect(outcome({ ...asked(later), auth: AUTH })).toEqual(UNAUTHENTICATED)
})

test('stand beside users of the config, who go first', () => {
  expect(outcome({ auth: REST })).toBe('alice')
  const auth = { ...REST, users: { [`${soon}:x`]: 'of the config' } }
  expect(outcome({ ...asked(`${soon}:x`), auth })).toEqual(UNAUTHENTICATED)
  expect(outcome({ auth, name: `${soon}:x`, password: 'of the config' })).toBe(`${soon}:x`)
})

test('are never on one account with a user of the config, nor a bare expiry with somebody’s name', () => {
  const auth = { ...REST, users: { x: 's3cret', ':x': 's3cret' } }
  const accounts = [
    check({ auth, name: 'x' }),
    check({ auth, name: ':x' }),
    check({ ...asked(`${soon}:x`), auth }),
    check({ ...asked(`${soon}`), auth }),
    check({ ...asked(`${soon}:${soon}`), auth }),
  ].map((one) => 'account' in one && one.account)
  expect(accounts.every((one) => typeof one === 'string')).toBe(true)
  expect(new Set(accounts).size).toBe(5)
  expect(check({ ...asked(`x:${soon}`), auth })).toMatchObject({ account: accounts[2] })
})

test('are remembered once they were good, with the key that was right', () => {
  const credentials = credentialsOf(REST)
  const where = { client: CLIENT, unixMs: NOW, holder: null }
  const ask = (request_: Request, unixMs = NOW) => credentials.check(request(request_), { ...where, unixMs })
  const name = `${soon}:x`
  // Two who share one name with two secrets, in turn.
  for (const secret of ['first', 'second', 'second', 'first']) {
    expect(ask(asked(name, secret))).toMatchObject({ user: 'x' })
    expect(ask({ ...asked(name, secret), ...NEW })).toMatchObject({ user: 'x', integrity: 'sha256' })
    expect(ask(asked(name, 'third'))).toMatchObject({ code: 401 })
  }
  const late = { ...asked(name), nonce: nonceOf(REST, CLIENT, soon * 1000) }
  expect(ask(late, soon * 1000)).toMatchObject({ why: 'the name has expired' })
})

test('are not remembered without end', () => {
  const credentials = credentialsOf(REST)
  const nonce = nonceOf(REST)
  for (let i = 0; i < 5000; i++)
    expect(
      credentials.check(request({ ...asked(`${soon}:${i}`), nonce }), {
        client: CLIENT,
        unixMs: NOW,
        holder: null,
      }).granted,
    ).toBe(true)
  expect(credentials.keptKeys).toBe(4096)
})

test('with control characters are nobody’s', () => {
  for (const user of ['a\0b', '"}\n{', '\u001b[2J', '\u007f', '\u0085'])
    expect(outcome(asked(`${soon}:${user}`))).toEqual(UNAUTHENTICATED)
})

test('may be of any other characters', () => {
  for (const user of ['__proto__', '\u202e', 'x'.repeat(497), '\ufeff'])
    expect(outcome(asked(`${soon}:${user}`))).toBe(user)
})

describe("a test by the gateway's own people", () => {
  const secret = testSecretOf('00'.repeat(32))
  const users = AUTH
  const says = (
    name: string,
    { password = restPassword(secret, name), holder = null as string | null, auth = users } = {},
  ) =>
    new Credentials(REALM, auth, noncesOf(auth, '03'.repeat(32)), secret).check(
      request({ auth, name, password, nonce: noncesOf(auth, '03'.repeat(32)).make(CLIENT, NOW) }),
      { client: CLIENT, unixMs: NOW, holder },
    ).granted

  test('comes in for a minute at most, also where no application shares a secret', () => {
    expect(says(`${NOW_S + 60}:${TEST_USER}`)).toBe(true)
    expect(says(`${NOW_S + 61}:${TEST_USER}`)).toBe(false)
    expect(says(`${NOW_S + 60}:alice`)).toBe(false)
    expect(
      says(`${NOW_S + 60}:${TEST_USER}`, { password: restPassword('', `${NOW_S + 60}:${TEST_USER}`) }),
    ).toBe(false)
  })

  test('holds nothing longer: an allocation of it is not refreshed once the name has expired', () => {
    const name = `${NOW_S}:${TEST_USER}`
    expect(says(name, { holder: name })).toBe(false)
    // As an application's is.
    const other = `${NOW_S}:carol`
    expect(says(other, { holder: other, password: restPassword('first', other), auth: REST })).toBe(true)
  })
})
