import { afterAll, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateText, namesIn } from '../../../server/tls/read-certificate.ts'
import { isSelfIssued, readLeaf } from '../../../server/tls/read-leaf.ts'
import { makeContext } from '../../../server/tls/certificate.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { whyUnfit } from '../../../server/tls/why-unfit.ts'
import { testCertificate } from '../../support/certificate.ts'
import { needs } from '../../support/needs.ts'
import { makeIssuer, makePair, openssl } from '../../support/pki.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-leaf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** By openssl, with these extensions and this life. */
function made(subject: string, extensions: readonly string[], ...more: readonly string[]): string {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', key, '-out', cert, '-subj', subject, ...more],
    ...extensions.flatMap((one) => ['-addext', one]),
  )
  return readFileSync(cert, 'latin1')
}

/** What OpenSSL itself says. */
function said(pem: string): object {
  const certificate = new X509Certificate(pem)
  return { names: [...new Set(namesIn(certificate))], endsMs: Date.parse(certificate.validTo) }
}

const SAN = 'subjectAltName='
const CASES: readonly [what: string, pem: () => string, isRead: boolean][] = [
  ['usual names', () => made('/CN=a', [`${SAN}DNS:a.example,DNS:*.b.example,DNS:A.Example`]), true],
  ['addresses beside names', () => made('/CN=a', [`${SAN}IP:10.0.0.1,DNS:a.example,email:a@b.c`]), true],
  ['addresses alone', () => made('/CN=a', [`${SAN}IP:10.0.0.1`]), true],
  ['an end beyond 2050', () => made('/CN=a', [`${SAN}DNS:a.example`], '-days', '20000'), true],
  ['a common name alone', () => made('/CN=common.example', []), false],
  ['a name with a space', () => made('/CN=a', [`${SAN}DNS:a b.example`]), false],
  ['a name that only looks like one', () => made('/CN=a', [`${SAN}DNS:-a..b`]), true],
  ['names of our own', () => selfSigned(['bücher.example', '10.0.0.1', '::1'], { nowMs: 0 }).cert, true],
]
for (const [what, pem, isRead] of CASES)
  needs('openssl')(`of ${what} the same is read as OpenSSL reads`, () => {
    const text = pem()
    expect(readLeaf(text) !== null).toBe(isRead)
    expect(certificateText([{ cert: text, key: '' }])).toMatchObject(said(text))
  })

test('whatever bytes stand there, it is read as OpenSSL reads it, or left to that', () => {
  const random = seededRandom(seedOfRun())
  const der = new X509Certificate(readFileSync(testCertificate().cert)).raw
  let read = 0
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(der.subarray(0, random.below(8) === 0 ? random.below(der.length) : der.length))
    for (let n = random.below(3); n > 0 && bytes.length > 0; n--)
      bytes[random.below(bytes.length)] = random.below(256)
    const pem = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
    const leaf = readLeaf(pem)
    let theirs: object | null
    try {
      theirs = said(pem)
    } catch {
      theirs = null // such a one is refused before it comes to be read here
    }
    if (leaf === null || theirs === null) continue
    read++
    expect(certificateText([{ cert: pem, key: '' }]), `seed ${random.seed}`).toMatchObject(theirs)
  }
  expect(read).toBeGreaterThan(500)
})

needs('openssl')('what is its own issuer is told from what another one issued, and from a chain', () => {
  const own = makePair(['a.example'])
  const issuer = makeIssuer('an issuer')
  const issued = makePair(['a.example'], { issuer })
  expect(isSelfIssued(own.cert)).toBe(true)
  expect(isSelfIssued(selfSigned(['a.example'], { nowMs: 0 }).cert)).toBe(true)
  expect(isSelfIssued(issued.cert)).toBe(false)
  expect(isSelfIssued(issued.cert + issuer.cert)).toBe(false)
  expect(isSelfIssued(own.cert + own.cert)).toBe(false)
  expect(isSelfIssued(own.key)).toBe(false)
  expect(isSelfIssued('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toBe(false)
})

needs('openssl')('a chain is read and served as it was checked, however its files were put together', () => {
  const [own, other] = [makePair(['a.example']), makePair(['b.example'])]
  const older = own.cert.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE')
  for (const cert of [
    `\xef\xbb\xbf${own.cert}`,
    own.cert.trimEnd() + other.cert,
    `${older}${other.cert}`,
    `the first\n${own.cert}\nthe second\n${other.cert}`,
  ]) {
    const pair = { cert, key: own.key }
    expect(whyUnfit(pair, { cert: 'a.pem', key: 'a.key' })).toBeNull()
    expect(certificateText([pair]).names).toEqual(['a.example'])
    expect(makeContext([pair], PLAIN_SETTINGS)).toBeObject()
  }
})

needs('openssl')('names are never those of a certificate behind one that cannot be read', () => {
  const [own, other] = [makePair(['a.example']), makePair(['b.example'])]
  const broken = own.cert.replace('MII', 'M!!')
  expect(() => certificateText([{ cert: broken + other.cert, key: own.key }])).toThrow()
})
