// What is said of steps that ask who somebody is, where they do not fit.
import { expect, test } from 'bun:test'
import { keyHash } from '../../../server/lib/key-hash-text.ts'
import { linesOf, withRules } from './parse.ts'

const HASH = `$2b$10$${'a'.repeat(53)}`
const KEY = keyHash('a')

const said = (step: string): string[] =>
  linesOf(withRules(`  - { name: r, backend: app, middleware: [{ ${step} }] }`))
const users = (hash: string): string => `basic_auth: { users: { anna: "${hash}" } }`
const keys = (words: string): string => `api_key: { keys: { shop: ${words} } }`

test('what is whole is taken', () => {
  for (const step of [
    users(HASH),
    keys(KEY),
    keys(`[${KEY}, { hash: ${keyHash('b')}, expires: 2030-01-01 }]`),
  ])
    expect(said(step)).toEqual([])
})

test.each([
  ['basic_auth: {}', 'found no user, allowed users: { NAME: HASH }; "sluice hash" makes'],
  [
    users('secret'),
    'found a text, allowed a hash of a password by argon2id or bcrypt; no password stands in a config',
  ],
  [
    users('$apr1$salt$abc'),
    'MD5 is no protection: whoever gets hold of it has the password soon; run "sluice hash"',
  ],
  [users('{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='), 'SHA-1 is no protection'],
  [users('$6$salt$abc'), 'crypt(3) by SHA-2 is not read'],
  [users('$argon2i$v=19$m=4096,t=3,p=1$YWFhYWFhYWE$YWFh'), 'only argon2id is read'],
  [users('$2b$31$'.padEnd(60, 'a')), 'allowed a bcrypt hash of cost 4 to 16'],
  [users('$2b$10$abc'), 'it is not whole, or asks for more than it may'],
  [
    users(`$argon2id$v=19$m=9999999,t=2,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`),
    'allowed m from 8 for each lane to 262144',
  ],
  [`basic_auth: { users: { "a:b": "${HASH}" } }`, 'found a user name with ":" in it'],
  [`basic_auth: { users: { a: "${HASH}" }, realm: 'a"b' }`, 'realm: found'],
  [`basic_auth: { users: { a: "${HASH}" }, user_header: Host }`, 'user_header: found the field "Host"'],
  [`basic_auth: { users: { a: "${HASH}" }, password: b }`, '"sluice hash"'],
  ['api_key: {}', 'found no key, allowed keys: { OWNER: HASH }'],
  [keys('my-plain-key'), 'found a text, allowed "sha256:" and the SHA-256 of a key'],
  [keys(`{ hash: ${KEY}, expires: tomorrow }`), 'expires: found "tomorrow", allowed a date or a time'],
  [keys(`{ hash: ${KEY}, expires: 2030-02-31T25:00Z }`), 'allowed a day and a time that there are'],
  [keys(`[${KEY}, ${KEY}]`), 'found a key that "shop" has as well'],
  [`api_key: { keys: { a: ${KEY} }, from: X-Key }`, 'from: found "X-Key", allowed "header NAME"'],
])('%s is told with what is allowed', (step, wanted) => {
  const lines = said(step).join('\n')
  expect(lines).toContain(wanted)
  expect(lines).not.toContain(KEY)
  expect(lines).not.toContain(HASH)
})
