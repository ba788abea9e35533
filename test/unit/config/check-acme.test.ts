// What is said of certificates by ACME before any CA is asked.
import { expect, test } from 'bun:test'
import { configOf, linesOf } from './parse.ts'

const withAcme = (keys: string): string => `listeners:
  web: { bind: "0.0.0.0:443", protocol: https, certificates: [site], backend: app }
  plain: { bind: "0.0.0.0:80", redirect_https: true }
certificates: { site: { acme: { ${keys} } } }
backends: { app: { servers: [{ url: "http://a:1" }] } }`

const SOUND = 'domains: example.org, agree_to_terms: true'

test('it needs domains and an agreement, and has defaults for all else', () => {
  expect(linesOf(withAcme(SOUND))).toEqual([])
  expect(configOf(withAcme(SOUND)).certificates['site']?.acme).toEqual({
    domains: ['example.org'],
    agree_to_terms: true,
    directory: 'letsencrypt',
    fallbacks: [],
    challenge: 'http-01',
    key_type: 'ecdsa',
  })
  const [missing = ''] = linesOf(withAcme('domains: [example.org]'))
  expect(missing).toContain('"agree_to_terms"')
})

test.each<readonly [keys: string, found: string, hint: string]>([
  ['domains: example.org, agree_to_terms: false', 'no agreement to the terms', 'read them, and write true'],
  [`${SOUND.replace('example', '"*.example').replace('org', 'org"')}`, 'dns-01', 'no other shows a CA'],
  ['domains: printer.local, agree_to_terms: true', 'a name that everybody can look up', 'self_signed'],
  ['domains: intranet, agree_to_terms: true', 'a name that everybody can look up', 'self_signed'],
  ['domains: 192.0.2.1, agree_to_terms: true, challenge: tls-alpn-01', 'names alone', 'shown by http-01'],
  ['agree_to_terms: true', 'no "domains"', 'write domains: [example.org]'],
  [`${SOUND}, on_demand: { allow: "*" }`, '"*" without "ask"', 'until the CA takes no more'],
  [`${SOUND}, on_demand: { allow: "10.0.0.*" }`, '"*.example.org" for one label', ''],
  [`${SOUND}, on_demand: { allow: a.example, wait: 10s }`, '9s', ''],
  [`${SOUND}, on_demand: { allow: a.example, ask: "ftp://a" }`, 'an http or https URL', ''],
  [
    `${SOUND}, on_demand: { allow: ["*.a.example", b.example] }`,
    'names with "*." and nobody who is asked',
    'for the rest of an hour (per_hour: 20)',
  ],
  [`${SOUND}, challenge: dns-01`, 'no "dns"', 'set-txt.sh'],
  [`${SOUND}, dns: { command: [a] }`, '"dns" beside the challenge http-01', ''],
  [`${SOUND}, directory: zerossl`, 'zerossl without "eab"', 'hmac'],
  [`${SOUND}, fallbacks: [letsencrypt]`, 'each CA once', ''],
  [`${SOUND}, fallbacks: [zerossl]`, 'zerossl without "eab"', 'hmac'],
  [`${SOUND}, directory: "http://ca.example/"`, 'the https URL of a directory', ''],
  [`${SOUND}, directory: "https://[ca/dir"`, 'the https URL of a directory', ''],
  [`${SOUND}, fallbacks: ["https://[ca/dir"]`, 'the https URL of a directory', ''],
  [`${SOUND}, ca: gone.pem`, 'which cannot be read', ''],
  [`domains: "https://example.org", agree_to_terms: true`, 'a name such as "example.org"', ''],
])('%s', (keys, found, hint) => {
  const lines = linesOf(withAcme(keys)).join('\n')
  expect(lines).toContain(found)
  expect(lines).toContain(hint)
})

test.each(['allow: "*.a.example", ask: "http://a.example/"', 'allow: [a.example, b.a.example]'])(
  'on_demand: %s leaves strangers nothing to ask for',
  (words) => expect(linesOf(withAcme(`${SOUND}, on_demand: { ${words} }`))).toEqual([]),
)

test('names of an own network are for an own CA', () => {
  const own =
    'domains: [printer.local, intranet, 10.0.0.5], agree_to_terms: true, directory: "https://ca.local/dir"'
  expect(linesOf(withAcme(own))).toEqual([])
})

test('it comes from one place', () => {
  const two = withAcme(SOUND).replace('site: {', 'site: { self_signed: true,')
  expect(linesOf(two).join()).toContain('a certificate from two places')
})

test('the key of an account is not shown', () => {
  const text = withAcme(`${SOUND}, eab: { kid: a, hmac: [s3cret] }`)
  expect(linesOf(text).join()).not.toContain('s3cret')
})
