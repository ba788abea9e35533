import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { certificateFacts } from '../../../server/lib/certificate-facts.ts'
import { isSignedBy, readCrls } from '../../../server/lib/crl.ts'
import { Authority } from '../../support/authority.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const authority = new Authority('An issuer')
const [one, other] = ['DNS:one.example', 'DNS:other.example'].map((names) => authority.issue({ names }))
authority.revoke(one!.certFile)
const text = authority.crl('20301224000000Z')
const der = Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64')
const serialIn = ({ cert }: { readonly cert: string }): string =>
  certificateFacts(new X509Certificate(cert).raw).serial

describe('a list of revoked certificates', () => {
  test.each([
    ['PEM', text],
    ['DER', der.toString('latin1')],
  ])('in %s says who is revoked, who has signed it, and until when it is good', (_, file) => {
    const [crl, ...more] = readCrls(file)
    expect(more).toEqual([])
    expect(crl?.issuerText).toBe('CN=An issuer')
    expect(crl?.untilMs).toBe(Date.parse('2030-12-24'))
    expect([one!, other!].map((pair) => crl?.revoked.has(serialIn(pair)))).toEqual([true, false])
    expect(isSignedBy(crl!, new X509Certificate(authority.text))).toBe(true)
    expect(isSignedBy(crl!, new X509Certificate(new Authority('An issuer').text))).toBe(false)
  })

  test('of which several stand in one file, all count', () => {
    expect(readCrls(text + new Authority('Another').crl()).map(({ issuerText }) => issuerText)).toEqual([
      'CN=An issuer',
      'CN=Another',
    ])
  })

  test.each([
    ['', 'no list of revoked certificates stands in it (X509 CRL)'],
    [authority.text, 'no list of revoked certificates stands in it (X509 CRL)'],
    [text.slice(0, -30), 'it ends in the midst of a list'],
    [der.subarray(0, -5).toString('latin1'), 'DER that is cut off'],
  ])('that is none is told as such', (file, why) => {
    expect(() => readCrls(file)).toThrow(why)
  })

  test('that is changed anywhere is refused, or signed by nobody', () => {
    const random = seededRandom(seedOfRun())
    const issuer = new X509Certificate(authority.text)
    for (let run = 0; run < 300; run++) {
      const changed = Buffer.from(der)
      const place = random.below(changed.length)
      changed[place] = (changed[place]! + 1 + random.below(255)) & 0xff
      let taken = false
      try {
        taken = readCrls(changed.toString('latin1')).some((crl) => isSignedBy(crl, issuer))
      } catch {
        // Refused.
      }
      if (taken) throw new Error(`seed ${random.seed}: byte ${place}`)
    }
  })
})
