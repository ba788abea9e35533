// What is found in chains and keys before they are served: each with what to do about it.
import { describe, expect, test } from 'bun:test'
import { examine } from '../../../../server/control/certificates/findings.ts'
import { servedCertificate } from '../../../../server/control/certificates/served-certificates.ts'
import { certificatesIn } from '../../../../server/lib/pem.ts'
import { certificateText } from '../../../../server/tls/read-certificate.ts'
import { selfSigned } from '../../../../server/tls/self-signed.ts'
import { makeIssuer, makePair } from '../../../support/pki.ts'

const NOW = Date.now()
const DAY = 86_400_000
const codes = (
  cert: string,
  key: string | null = null,
  more: { names?: string[]; nowMs?: number } = {},
): string[] => examine({ cert, key, nowMs: NOW, ...more }).findings.map(({ code }) => code)

const root = makeIssuer('Test Root')
const between = makeIssuer('Test Between', root)
const pair = makePair(['a.example', '*.b.example'], { issuer: between })

describe('a chain', () => {
  test('whose issuer is missing says which and where it goes; with its CA it is one of nobody else', () => {
    const [own = '', issuer = ''] = certificatesIn(pair.cert).blocks
    const { findings } = examine({ cert: own, key: pair.key, nowMs: NOW })
    expect(findings).toEqual([
      {
        code: 'chain_incomplete',
        level: 'warning',
        message: 'The certificate of Test Between is missing.',
        cause: 'It comes alone, and it was signed by Test Between, which clients do not know by themselves.',
        remedy: 'put the certificate of Test Between behind its own; the CA publishes it',
      },
    ])
    expect(codes(`${own}\n${issuer}\n${root.cert}`, pair.key)).toEqual(['private_ca'])
  })

  test('in another order is put into it, whichever the key is of, and what is of no use is left out', () => {
    const [own = '', issuer = ''] = certificatesIn(pair.cert).blocks
    const stranger = makePair(['z.example']).cert
    const mixed = examine({ cert: `${root.cert}${issuer}\n${stranger}${own}`, key: pair.key, nowMs: NOW })
    expect(mixed.findings.map(({ code }) => code)).toEqual(['private_ca', 'chain_order'])
    expect(certificatesIn(mixed.ordered ?? '').blocks).toEqual([
      own,
      issuer,
      certificatesIn(root.cert).blocks[0]!,
    ])
    expect(codes(`${own}\n${issuer}\n${root.cert}\n${stranger}`, pair.key)).toEqual([
      'private_ca',
      'chain_unused',
    ])
    expect(codes(mixed.ordered ?? '', pair.key)).toEqual(['private_ca'])
  })

  test('of more certificates than any chain has is not held against each other', () => {
    const [own = ''] = certificatesIn(pair.cert).blocks
    expect(codes(`${own}\n`.repeat(101), pair.key)).toEqual(['too_many'])
  })

  test('that is cut off, unreadable or none is told, and never thrown', () => {
    expect(codes('')).toEqual(['no_certificate'])
    expect(codes(pair.cert.slice(0, 300))).toEqual(['no_certificate', 'cut_off'])
    expect(codes('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toEqual([
      ...['no_certificate', 'unreadable'],
    ])
  })
})

describe('a key', () => {
  const own = selfSigned(['a.example'], { nowMs: NOW })
  test('of another certificate, with a passphrase, and none at all', () => {
    const other = selfSigned(['a.example'], { nowMs: NOW })
    expect(codes(own.cert, own.key)).toEqual(['self_signed'])
    expect(codes(own.cert, other.key)).toEqual(['key_mismatch', 'self_signed'])
    expect(codes(own.cert, 'nothing')).toEqual(['no_key', 'self_signed'])
    const locked = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----'
    expect(codes(own.cert, locked)).toEqual(['key_has_passphrase', 'self_signed'])
    expect(JSON.stringify(examine({ cert: own.cert, key: other.key, nowMs: NOW }))).not.toContain(
      'PRIVATE KEY',
    )
  })
})

describe('dates and names', () => {
  const made = selfSigned(['a.example', '*.b.example', '127.0.0.1'], { nowMs: NOW, days: 100 })
  test('are those of the moment', () => {
    const at = (days: number): string[] => codes(made.cert, null, { nowMs: NOW + days * DAY })
    expect([at(0), at(89), at(91), at(101), at(-1)]).toEqual([
      ['self_signed'],
      ['self_signed'],
      ['ends_soon', 'self_signed'],
      ['expired', 'self_signed'],
      ['not_yet_valid', 'self_signed'],
    ])
  })

  test('a wildcard is for one label, and for no more', () => {
    const missing = (...names: string[]): boolean =>
      codes(made.cert, null, { names }).includes('names_missing')
    expect(['A.example', 'x.b.example', '*.b.example', '127.0.0.1'].map((name) => missing(name))).toEqual([
      ...[false, false, false, false],
    ])
    expect(['b.example', 'y.x.b.example', '*.a.example', 'c.example'].map((name) => missing(name))).toEqual([
      ...[true, true, true, true],
    ])
  })
})

test('one that is served is in a state by its life, by who renews it and by its chain', () => {
  const made = selfSigned(['a.example'], { nowMs: NOW, days: 90 })
  const stateAt = (days: number, more: { isRenewed?: boolean; isStandIn?: boolean } = {}) =>
    servedCertificate(certificateText([made]), {
      nowMs: NOW + days * DAY,
      isRenewed: false,
      isStandIn: false,
      ...more,
    })
  expect([0, 59, 61, 91].map((days) => stateAt(days)?.state)).toEqual([
    'valid',
    'valid',
    'expiring',
    'expired',
  ])
  expect(stateAt(61, { isRenewed: true })?.state).toBe('valid')
  expect(stateAt(1, { isStandIn: true })?.state).toBe('stand_in')
  expect(stateAt(45)).toMatchObject({
    days_left: 44,
    key: 'ECDSA P-256',
    subject: 'a.example',
    issuer: 'a.example',
  })
  expect(stateAt(45)?.used).toBeCloseTo(0.5, 2)
  const [alone = ''] = certificatesIn(pair.cert).blocks
  const open = certificateText([{ cert: alone, key: pair.key }])
  expect(servedCertificate(open, { nowMs: NOW, isRenewed: false, isStandIn: false })?.state).toBe(
    'chain_incomplete',
  )
})
