import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { PemPair } from '../../../server/tls/certificate.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { whyUnfit } from '../../../server/tls/why-unfit.ts'
import { testCertificate } from '../../support/certificate.ts'
import { makePair } from '../../support/pki.ts'

const { cert, key } = testCertificate()
const pair = { cert: readFileSync(cert, 'latin1'), key: readFileSync(key, 'latin1') }
const FILES = { cert: 'a.pem', key: 'a.key' }

test.each([
  ['no certificate', { cert: '' }, 'a.pem holds no PEM certificate'],
  ['a key in its place', { cert: pair.key }, 'a.pem holds no PEM certificate'],
  [
    'one that is broken',
    { cert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
    'a.pem holds a certificate that cannot be read',
  ],
  ['one that is cut', { cert: pair.cert.slice(0, -60) }, 'a.pem ends in the midst of a certificate'],
  [
    'one whose issuer is cut',
    { cert: pair.cert + pair.cert.slice(0, 200) },
    'a.pem ends in the midst of a certificate',
  ],
  ['no key', { key: '' }, 'a.key holds no PEM private key'],
  [
    'a locked key',
    { key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n' },
    'a.key holds a key that has a passphrase',
  ],
  [
    'the key of another',
    { key: selfSigned(['other'], { nowMs: Date.now() }).key },
    'the key in a.key does not belong to the first certificate in a.pem',
  ],
  ['a pair that fits', {}, null],
])('of %s it is said plainly what stands against it', (_, wrong, why) => {
  expect(whyUnfit({ ...pair, ...wrong }, FILES)).toBe(why)
})

const DAY_MS = 86_400_000
const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const since = (daysAgo: number, days: number): PemPair =>
  selfSigned(['a.example'], { nowMs: NOON_MS - daysAgo * DAY_MS, days })

test('one that is expired or not valid yet takes the place of none that clients take', () => {
  const [good, old, coming] = [since(5, 30), since(30, 20), since(-3, 30)]
  const why = (one: PemPair, before: PemPair) => whyUnfit(one, FILES, { nowMs: NOON_MS, before: [before] })
  expect(why(good, good)).toBeNull()
  expect(why(old, good)).toBe('the certificate in a.pem expired on 2026-02-19')
  expect(why(coming, good)).toBe('the certificate in a.pem is not valid before 2026-03-04')
  // Of two kinds of keys that are served one is enough.
  expect(whyUnfit(old, FILES, { nowMs: NOON_MS, before: [old, good] })).toContain('expired')
  // Clients refuse the one that is served as well.
  expect(why(old, old)).toBeNull()
  expect(why(coming, old)).toBeNull()
})

test.each(['p256', 'p384', 'p521', 'rsa', 'ed25519'] as const)('a key of %s is one that TLS has', (kind) => {
  expect(whyUnfit(makePair(['a.example'], { kind }), FILES)).toBeNull()
})

test('a key of a kind that TLS has not is told, though it fits', () => {
  expect(whyUnfit(makePair(['a.example'], { kind: 'p224' }), FILES)).toStartWith(
    'the certificate in a.pem has a key of ECDSA on secp224r1: TLS needs a key of RSA',
  )
})
