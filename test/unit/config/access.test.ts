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

const PEM =
  '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\\n-----END PUBLIC KEY-----'
const saidOfIssuer = (words: string, rule = 'backend: app'): string[] =>
  linesOf(withRules(`  - { name: r, ${rule} }`, `auth: { jwt: { corp: { ${words} } } }`))

test('issuers that are whole are taken', () => {
  for (const words of [
    'issuer: a, audience: b, jwks_url: "https://a.example/keys"',
    `issuer: a, audience: [b, c], key: "${PEM}", algorithms: [EdDSA]`,
    `issuer: a, audience: b, key: "${'s'.repeat(32)}", algorithms: HS256`,
  ])
    expect(saidOfIssuer(words)).toEqual([])
})

test.each([
  [
    'issuer: a, audience: b',
    'found an issuer without keys, allowed exactly one of jwks_url, jwks_file or key',
  ],
  [
    `issuer: a, audience: b, jwks_url: "https://a.example", key: "${PEM}"`,
    'found jwks_url and key for one issuer',
  ],
  [
    'issuer: a, jwks_url: "https://a.example"',
    'found no audience: tokens that this issuer has made out for others pass as well',
  ],
  ['audience: b, jwks_url: "https://a.example"', 'found no "issuer"'],
  ['issuer: a, audience: b, jwks_url: "http://a.example"', 'keys that come in the clear'],
  ['issuer: a, audience: b, jwks_url: "ftp://a.example"', 'allowed an https URL'],
  [
    'issuer: a, audience: b, jwks_url: "https://a.example", algorithms: HS256',
    'found HS256 with public keys',
  ],
  [
    'issuer: a, audience: b, jwks_url: "https://a.example", algorithms: none',
    'a token without a signature is nobody’s',
  ],
  [`issuer: a, audience: b, key: "${'s'.repeat(32)}", algorithms: RS256`, 'found RS256 with a secret'],
  ['issuer: a, audience: b, key: short', 'key: '],
  ['issuer: a, audience: b, key: 0123456789abcdefghij', 'found a secret of fewer than 32 bytes'],
  [
    'issuer: a, audience: b, key: "-----BEGIN PRIVATE KEY-----aaaaaaaa-----END PRIVATE KEY-----"',
    'found a private key',
  ],
  [
    'issuer: a, audience: b, key: "-----BEGIN PUBLIC KEY-----aaaaaaaa-----END PUBLIC KEY-----"',
    'in PEM that cannot be read',
  ],
  ['issuer: a, audience: b, jwks_file: /nowhere.json', 'allowed a file of public keys'],
  [
    'issuer: a, audience: b, jwks_url: "https://a.example", claims_to_headers: { Host: sub }',
    'found the field "Host"',
  ],
  ['issuer: a, audience: b, jwks_url: "https://a.example", jwks_uri: b', 'it is called "jwks_url"'],
])('an issuer with %s is told', (words, wanted) => {
  expect(saidOfIssuer(words).join('\n')).toContain(wanted)
})

const CORP = 'issuer: a, audience: b, jwks_url: "https://a.example"'

test.each([
  [
    'match: { claims: { a: b } }, backend: app',
    'found claims of nobody’s token, allowed it beside jwt, the name of an issuer below auth.jwt; add jwt: corp',
  ],
  ['match: { jwt: crop }, backend: app', 'found "crop", which is not below auth.jwt, allowed corp'],
  ['match: { not: { jwt: corp, claims: { a: { prefix: "" } } } }, backend: app', 'found an empty prefix'],
  [
    'match: { jwt: corp, claims: { a: { regex: "(a+)+$" } } }, backend: app',
    'allowed a regular expression that no text makes slow',
  ],
  [
    'middleware: [{ jwt: { provider: crop } }], backend: app',
    'provider: found "crop", which is not below auth.jwt, allowed corp',
  ],
  ['middleware: [{ jwt: {} }], backend: app', 'found no "provider"'],
  [
    `middleware: [{ api_key: { keys: { a: { hash: "${KEY}", rules: [gone] } } } }], backend: app`,
    'found the rule "gone", which is not there',
  ],
])('a rule with %s is told', (rule, wanted) => {
  expect(saidOfIssuer(CORP, rule).join('\n')).toContain(wanted)
})

test('without issuers it is said how to add one', () => {
  expect(said('jwt: { provider: corp }').join('\n')).toContain('there is none; add auth: { jwt: { NAME:')
})
