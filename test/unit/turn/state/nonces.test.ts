import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { featuresOf } from '../../../../server/turn/bytes/nonce-cookie.ts'
import { Nonces, noncesOf } from '../../../../server/turn/state/nonces.ts'
import type { TurnAuthConfig } from '../../../../server/turn/turn.options.ts'

const KEY = Buffer.alloc(32, 7)
const TTL_MS = 3_600_000
const NOW = 1_790_000_000_123
const CLIENT = Address.parse('192.0.2.1', 5000)!
const nonces = new Nonces(KEY, TTL_MS)

test('a nonce is good for the client that it was made for, until it is too old', () => {
  const nonce = nonces.make(CLIENT, NOW)
  expect(nonces.check(nonce, CLIENT, NOW)).toBe('good')
  expect(nonces.check(nonce, CLIENT, NOW + TTL_MS - 10)).toBe('good')
  expect(nonces.check(nonce, CLIENT, NOW + TTL_MS)).toBe('stale')
  expect(nonces.check(nonce, CLIENT, NOW + 1e12)).toBe('stale')
})

test('it is short, of one length, and of characters that need no quoting', () => {
  for (const unixMs of [0, NOW, 2 ** 40 * 10 - 10])
    expect(nonces.make(CLIENT, unixMs)).toMatch(/^obMatJos2AAAB[\w-]{22}$/)
})

test('it is bound to address and port', () => {
  const nonce = nonces.make(CLIENT, NOW)
  for (const [host, port] of [
    ['192.0.2.2', 5000],
    ['192.0.2.1', 5001],
    ['192.0.2.1', 0],
    ['2001:db8::1', 5000],
  ] as const)
    expect(nonces.check(nonce, Address.parse(host, port)!, NOW)).toBe('stale')
  const six = Address.parse('2001:db8::1', 5000)!
  expect(nonces.check(nonces.make(six, NOW), six, NOW)).toBe('good')
  // Two clients never get the same.
  expect(nonces.make(six, NOW)).not.toBe(nonce)
  // An address that begins with the other's bytes is another one.
  const longer = new Address(Buffer.concat([CLIENT.ip, Buffer.alloc(12)]), CLIENT.port)
  expect(nonces.check(nonce, longer, NOW)).toBe('stale')
})

test('who has the key takes it, in another process too; who has another one does not', () => {
  const nonce = nonces.make(CLIENT, NOW)
  expect(new Nonces(Buffer.from(KEY), TTL_MS).check(nonce, CLIENT, NOW + 1)).toBe('good')
  expect(new Nonces(Buffer.alloc(32, 8), TTL_MS).check(nonce, CLIENT, NOW)).toBe('stale')
})

test('clocks of a group may differ a little', () => {
  const nonce = nonces.make(CLIENT, NOW)
  expect(nonces.check(nonce, CLIENT, NOW - 59_000)).toBe('good')
  expect(nonces.check(nonce, CLIENT, NOW - 61_000)).toBe('stale')
})

test('no character of it can be changed, left out or added', () => {
  const nonce = nonces.make(CLIENT, NOW)
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/='
  for (let at = 0; at < nonce.length; at++) {
    for (const character of characters)
      if (character !== nonce[at])
        expect(nonces.check(nonce.slice(0, at) + character + nonce.slice(at + 1), CLIENT, NOW)).toBe('stale')
    expect(nonces.check(nonce.slice(0, at) + nonce.slice(at + 1), CLIENT, NOW)).toBe('stale')
    expect(nonces.check(nonce.slice(0, at), CLIENT, NOW)).toBe('stale')
  }
  for (const end of ['=', 'A', '\0', ' ', '\n', '=='])
    expect(nonces.check(nonce + end, CLIENT, NOW)).toBe('stale')
})

test('features that are altered on the way are noticed, also where only the text before them differs', () => {
  const both = new Nonces(KEY, TTL_MS, { passwordAlgorithms: true, userHash: true })
  const nonce = both.make(CLIENT, NOW)
  expect(both.check(nonce, CLIENT, NOW)).toBe('good')
  for (const cookie of ['obMatJos2AAAA', 'obMatJos2AAAB', 'obMatJos2AAAC', 'obMatJos2wAAB', 'obMatJos3wAAA'])
    expect(both.check(cookie + nonce.slice(13), CLIENT, NOW)).toBe('stale')
  // A config with other features has other nonces, with the same key.
  const fewer = new Nonces(KEY, TTL_MS, { passwordAlgorithms: true, userHash: false })
  expect(fewer.check(`obMatJos2AAAB${nonce.slice(13)}`, CLIENT, NOW)).toBe('stale')
})

test('what is no nonce of ours is stale, however strange', () => {
  for (const nonce of [
    '',
    'f//499k954d6OL34oL9FSTvy64sA',
    'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA',
    'obMatJos2AAAB',
    'obMatJos2AAAB'.padEnd(35, '\0'),
    'obMatJos2AAAB'.padEnd(35, '\u00e9'),
    `obMatJos2AAAB${'x'.repeat(100_000)}`,
  ])
    expect(nonces.check(nonce, CLIENT, NOW)).toBe('stale')
})

test('a second of life is a second', () => {
  const short = new Nonces(KEY, 1000)
  const nonce = short.make(CLIENT, NOW)
  expect([short.check(nonce, CLIENT, NOW + 989), short.check(nonce, CLIENT, NOW + 1000)]).toEqual([
    'good',
    'stale',
  ])
})

const AUTH: TurnAuthConfig = { users: { alice: 'x' }, secrets: [], strict_expiry: false, nonce_ttl: 5000 }
const PLAN_KEY = Buffer.alloc(32, 9).toString('hex')

test('a listener’s nonces live as long as its config says, by the key of the plan', () => {
  const nonce = noncesOf(AUTH, PLAN_KEY).make(CLIENT, NOW)
  expect(noncesOf(AUTH, PLAN_KEY).check(nonce, CLIENT, NOW + 4000)).toBe('good')
  expect(noncesOf(AUTH, PLAN_KEY).check(nonce, CLIENT, NOW + 5000)).toBe('stale')
  expect(noncesOf(AUTH, Buffer.alloc(32, 1).toString('hex')).check(nonce, CLIENT, NOW)).toBe('stale')
})

test('machines that share a secret take each other’s nonces, whatever their plans’ keys', () => {
  const shared = { ...AUTH, nonce_secret: 'a secret of the whole group' }
  const nonce = noncesOf(shared, PLAN_KEY).make(CLIENT, NOW)
  const elsewhere = Buffer.alloc(32, 1).toString('hex')
  expect(noncesOf(shared, elsewhere).check(nonce, CLIENT, NOW)).toBe('good')
  expect(
    noncesOf({ ...shared, nonce_secret: 'a secret of others' }, elsewhere).check(nonce, CLIENT, NOW),
  ).toBe('stale')
})

test('USERHASH is offered where every user is known by name', () => {
  const features = (auth: Parameters<typeof noncesOf>[0]) =>
    featuresOf(noncesOf(auth, PLAN_KEY).make(CLIENT, NOW))
  expect(features(AUTH)).toEqual({ passwordAlgorithms: true, userHash: true })
  // Clients would have to use it then, and nobody finds a time-limited name by its hash.
  expect(features({ ...AUTH, secrets: ['s'] })).toEqual({ passwordAlgorithms: true, userHash: false })
  expect(features('none')).toEqual({ passwordAlgorithms: true, userHash: false })
})
