import { describe, expect, test } from 'bun:test'
import { longTermKey, userHash } from '../../../../server/turn/bytes/integrity.ts'
import { OFFERED_ALGORITHMS } from '../../../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, PASSWORD_ALGORITHMS } from '../../../../server/turn/bytes/stun.ts'
import type { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import type { Granted } from '../../../../server/turn/state/credentials.ts'
import { makeCredentials, restPassword } from '../../../../server/turn/state/rest-names.ts'
import {
  AUTH,
  BAD,
  CLIENT,
  NEW,
  NOW,
  NOW_S,
  OTHER_CLIENT,
  REALM,
  REST,
  type Request,
  STALE,
  TTL_MS,
  UNAUTHENTICATED,
  check,
  credentialsOf,
  nonceOf,
  outcome,
  request,
} from './credential-requests.ts'

const A = ATTRIBUTES
const { MD5, SHA256 } = PASSWORD_ALGORITHMS

describe('in their order', () => {
  test('a request without integrity is challenged, whatever else it has', () => {
    expect(outcome({ integrity: 'none' })).toEqual(UNAUTHENTICATED)
    expect(outcome({ integrity: 'none', name: null, realm: null, nonce: null })).toEqual(UNAUTHENTICATED)
    expect(outcome({ integrity: 'none', nonce: 'old' })).toEqual(UNAUTHENTICATED)
  })

  test('integrity without user name, realm or nonce is a bad request, and no challenge', () => {
    for (const integrity of ['sha1', 'sha256', 'both'] as const) {
      expect(outcome({ integrity, name: null })).toEqual(BAD)
      expect(outcome({ integrity, realm: null })).toEqual(BAD)
      expect(outcome({ integrity, nonce: null })).toEqual(BAD)
    }
    // Before the nonce is looked at.
    expect(outcome({ name: null, nonce: 'old' })).toEqual(BAD)
  })

  test('what comes behind the integrity does not count as there', () => {
    const late = (writer: MessageWriter) => void writer.text(A.USERNAME, 'alice')
    expect(outcome({ name: null, keyName: 'alice', after: late })).toEqual(BAD)
    expect(outcome({ nonce: null, after: (w) => void w.text(A.NONCE, nonceOf(AUTH)) })).toEqual(BAD)
    expect(outcome({ after: (w) => void w.text(A.USERNAME, 'bob').u32(A.LIFETIME, 1800) })).toBe('alice')
  })

  test('a nonce that is old, of another address, of others, or nothing at all is stale', () => {
    expect(outcome({ nonce: nonceOf(AUTH, CLIENT, NOW - TTL_MS) })).toEqual(STALE)
    expect(outcome({ nonce: nonceOf(AUTH, OTHER_CLIENT) })).toEqual(STALE)
    expect(outcome({}, { client: OTHER_CLIENT })).toEqual(STALE)
    for (const nonce of ['', 'x', 'f//499k954d6OL34oL9FSTvy64sA', 'y'.repeat(5000)])
      expect(outcome({ nonce })).toEqual(STALE)
    // Before algorithms and passwords are looked at.
    expect(outcome({ nonce: 'x', password: 'wrong' })).toEqual(STALE)
    expect(outcome({ nonce: 'x', choice: Uint8Array.of(9) })).toEqual(STALE)
  })

  test('a nonce whose feature bits were altered on the way is stale, so that no bid-down goes unseen', () => {
    const nonce = nonceOf(AUTH)
    expect(nonce).toStartWith('obMatJos2AAAD')
    for (const cookie of ['obMatJos2AAAA', 'obMatJos2AAAC', 'obMatJos2AAAB'])
      expect(outcome({ nonce: cookie + nonce.slice(13) })).toEqual(STALE)
    expect(outcome({ nonce: nonce.slice(13) })).toEqual(STALE)
  })

  test('bad algorithms come before a wrong password', () => {
    expect(outcome({ ...NEW, choice: Uint8Array.of(0, 9, 0, 0), password: 'wrong' })).toEqual(BAD)
  })

  test('an unknown user and a wrong password are answered alike', () => {
    expect(outcome({ name: 'carol' })).toEqual(UNAUTHENTICATED)
    expect(outcome({ password: 'wrong' })).toEqual(UNAUTHENTICATED)
    expect(outcome({ name: 'bob' })).toEqual(UNAUTHENTICATED)
    expect(check({ name: 'carol' })).toEqual(check({ password: 'wrong' }))
  })

  test('another realm is wrong, also when the key was made with it', () => {
    expect(outcome({ realm: 'example.com' })).toEqual(UNAUTHENTICATED)
    expect(outcome({ realm: 'example.com', keyRealm: REALM })).toEqual(UNAUTHENTICATED)
    expect(outcome({ realm: '' })).toEqual(UNAUTHENTICATED)
    expect(outcome({ realm: 'EXAMPLE.org' })).toEqual(UNAUTHENTICATED)
    const name = `${NOW_S + 60}:x`
    const rest = { auth: REST, realm: 'example.com', name, password: restPassword('first', name) }
    expect(outcome(rest)).toEqual(UNAUTHENTICATED)
    expect(outcome({ ...rest, keyRealm: REALM })).toEqual(UNAUTHENTICATED)
  })

  test('malformed values are bad requests', () => {
    expect(outcome({ name: Uint8Array.of(0xff) })).toEqual(BAD)
    expect(outcome({ nonce: Uint8Array.of(0xff) })).toEqual(BAD)
    expect(outcome({ name: 'x'.repeat(508) })).toEqual(UNAUTHENTICATED)
    expect(outcome({ name: 'x'.repeat(509) })).toEqual(BAD)
    expect(outcome({ name: '\u00e9'.repeat(255) })).toEqual(BAD)
    expect(outcome({ name: 'x'.repeat(60_000) })).toEqual(BAD)
  })

  test('integrity of the wrong length is wrong integrity', () => {
    const cut = (bytes: number, type: number = A.MESSAGE_INTEGRITY) =>
      outcome({ integrity: 'none', after: (w) => void w.bytes(type, new Uint8Array(bytes)) })
    for (const bytes of [0, 4, 16, 24, 32]) expect(cut(bytes)).toEqual(UNAUTHENTICATED)
    for (const bytes of [0, 16, 20, 36])
      expect(cut(bytes, A.MESSAGE_INTEGRITY_SHA256)).toEqual(UNAUTHENTICATED)
  })
})

describe('users of the config', () => {
  test('the right password opens', () => {
    const granted = check({}) as Granted
    expect(granted).toMatchObject({ granted: true, user: 'alice', username: 'alice', integrity: 'sha1' })
    expect(granted.key).toEqual(longTermKey(MD5, 'alice', REALM, 's3cret'))
    expect(outcome({ name: 'bob', password: 'hunter2' })).toBe('bob')
  })

  test('the holder of an allocation is checked like anybody', () => {
    expect(outcome({ password: 'wrong' }, { holder: 'alice' })).toEqual(UNAUTHENTICATED)
    expect(outcome({}, { holder: 'alice' })).toBe('alice')
  })

  test('names are data', () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'a\0b',
      '\r\n',
      '%s%n',
      '"\'; --',
      '\u202e',
      ' ',
      'a:b',
    ]
    const auth = { ...AUTH, users: Object.fromEntries(names.map((name) => [name, `of ${name}`])) }
    for (const name of names) {
      expect(outcome({ auth, name, password: `of ${name}` })).toBe(name)
      expect(outcome({ auth, name, password: 'wrong' })).toEqual(UNAUTHENTICATED)
      expect(outcome({ name, password: '' })).toEqual(UNAUTHENTICATED)
    }
    for (const name of ['', '__proto__', 'undefined', 'null'])
      expect(outcome({ name, password: '' })).toEqual(UNAUTHENTICATED)
  })

  test('another spelling of a name is the same user, by the name as it was sent', () => {
    const auth = { ...AUTH, users: { '\u00e9': 'p\u00e4ss' } }
    expect(outcome({ auth, name: '\u00e9', password: 'p\u00e4ss' })).toBe('\u00e9')
    expect(outcome({ auth, name: 'e\u0301', password: 'pa\u0308ss' })).toBe('\u00e9')
    const other = { ...AUTH, users: { 'e\u0301': 'x' } }
    expect(outcome({ auth: other, name: '\u00e9', password: 'x' })).toBe('\u00e9')
  })
})

describe('SHA-256 and password algorithms', () => {
  test('MESSAGE-INTEGRITY-SHA256 alone is taken, and answered with itself', () => {
    expect(check({ integrity: 'sha256' })).toMatchObject({ user: 'alice', integrity: 'sha256' })
    expect(outcome({ integrity: 'sha256', password: 'wrong' })).toEqual(UNAUTHENTICATED)
  })

  test('where both are there the stronger one is checked', () => {
    expect(check({ integrity: 'both' })).toMatchObject({ user: 'alice', integrity: 'sha256' })
    const wrong = (w: MessageWriter) => void w.bytes(A.MESSAGE_INTEGRITY_SHA256, new Uint8Array(32))
    expect(outcome({ integrity: 'sha1', after: wrong })).toEqual(UNAUTHENTICATED)
  })

  test('a key of SHA-256 for who chose it from our list', () => {
    const granted = check(NEW) as Granted
    expect(granted).toMatchObject({ user: 'alice', integrity: 'sha256' })
    expect(granted.key).toEqual(longTermKey(SHA256, 'alice', REALM, 's3cret'))
    expect(outcome({ ...NEW, password: 'wrong' })).toEqual(UNAUTHENTICATED)
    // Chosen, but not used.
    expect(outcome({ ...NEW, algorithm: MD5 })).toEqual(UNAUTHENTICATED)
  })

  test('a key of MD5 for who chose that, or chose nothing', () => {
    const choice = Uint8Array.of(0, MD5, 0, 0)
    expect(check({ ...NEW, choice, algorithm: MD5 })).toMatchObject({ user: 'alice', integrity: 'sha256' })
    expect(check({ ...NEW, choice, algorithm: MD5, integrity: 'sha1' })).toMatchObject({
      integrity: 'sha256',
    })
    expect(outcome({ algorithm: SHA256 })).toEqual(UNAUTHENTICATED)
  })

  test('a list that is not ours was altered on the way', () => {
    for (const list of [
      '00010000',
      '00020000',
      '0001000000020000',
      '000200000001000000030000',
      '',
      '0002000000010001',
      '0002',
    ])
      expect(outcome({ ...NEW, list: Buffer.from(list, 'hex') })).toEqual(BAD)
  })

  test('a choice that is not on the list, or is malformed, is bad', () => {
    for (const choice of ['00030000', '00000000', '0002', '', '0002000400000000', '01020000'])
      expect(outcome({ ...NEW, choice: Buffer.from(choice, 'hex') })).toEqual(BAD)
  })

  test('list and choice come together', () => {
    const { list: _, ...withoutList } = NEW
    const { choice: __, ...withoutChoice } = NEW
    expect(outcome(withoutList)).toEqual(BAD)
    expect(outcome(withoutChoice)).toEqual(BAD)
  })
})

describe('USERHASH', () => {
  const hash = userHash('alice', REALM)
  const hashed: Request = { name: null, hash, keyName: 'alice' }

  test('names a user of the config', () => {
    expect(check(hashed)).toMatchObject({ user: 'alice', username: 'alice', integrity: 'sha1' })
    expect(check({ ...NEW, ...hashed })).toMatchObject({
      user: 'alice',
      username: 'alice',
      integrity: 'sha256',
    })
    expect(outcome({ ...hashed, password: 'wrong' })).toEqual(UNAUTHENTICATED)
  })

  test('of somebody else, of another realm or of another length', () => {
    expect(outcome({ ...hashed, hash: userHash('carol', REALM) })).toEqual(UNAUTHENTICATED)
    expect(outcome({ ...hashed, hash: userHash('alice', 'example.com') })).toEqual(UNAUTHENTICATED)
    for (const bytes of [0, 16, 31, 33, 64])
      expect(outcome({ ...hashed, hash: new Uint8Array(bytes) })).toEqual(BAD)
  })

  test('beside USERNAME counts for nothing', () => {
    expect(outcome({ name: 'bob', password: 'hunter2', hash })).toBe('bob')
    expect(outcome({ name: 'carol', keyName: 'alice', hash })).toEqual(UNAUTHENTICATED)
  })

  test('finds no time-limited name', () => {
    const { username, password } = makeCredentials('first', 'alice', 60, NOW_S)
    const found = outcome({
      auth: REST,
      name: null,
      hash: userHash(username, REALM),
      keyName: username,
      password,
    })
    expect(found).toEqual(UNAUTHENTICATED)
  })

  test('is of the prepared name', () => {
    const auth = { ...AUTH, users: { 'e\u0301': 'x' } }
    const found = outcome({
      auth,
      name: null,
      hash: userHash('\u00e9', REALM),
      keyName: '\u00e9',
      password: 'x',
    })
    expect(found).toBe('\u00e9')
  })
})

test('where everybody is let in nothing is checked and nothing is signed', () => {
  for (const asked of [
    {},
    { integrity: 'none' },
    { nonce: 'x' },
    { password: 'wrong' },
    { name: null },
  ] as const)
    expect(check({ ...asked, auth: 'none' })).toEqual({
      granted: true,
      user: null,
      account: null,
      username: '',
      key: null,
      integrity: 'sha1',
    })
  expect([credentialsOf('none').isOpen, credentialsOf(AUTH).isOpen]).toEqual([true, false])
})

test('a challenge’s nonce is good for the request that follows', () => {
  const credentials = credentialsOf(AUTH)
  const nonce = credentials.nonce(CLIENT, NOW)
  expect(
    credentials.check(request({ nonce }), { client: CLIENT, unixMs: NOW + 1, holder: null }).granted,
  ).toBe(true)
  expect(credentials.algorithms).toEqual(OFFERED_ALGORITHMS)
})

test('nobody is let in where there are neither users nor secrets', () => {
  const auth = { ...AUTH, users: {} }
  expect(outcome({ auth, name: '', password: '' })).toEqual(UNAUTHENTICATED)
  expect(outcome({ auth })).toEqual(UNAUTHENTICATED)
})
