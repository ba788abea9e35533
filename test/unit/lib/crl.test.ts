import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { certificateFacts } from '../../../server/lib/certificate-facts.ts'
import { isSignedBy, readCrls } from '../../../server/lib/crl.ts'
import { Authority } from '../../support/authority.ts'

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
    const issuer = new X509Certificate(authority.text)
    const isTaken = (bytes: Buffer): boolean => {
      try {
        return readCrls(bytes.toString('latin1')).some((crl) => isSignedBy(crl, issuer))
      } catch {
        return false
      }
    }
    expect(isTaken(der)).toBe(true)
    for (let place = 0; place < der.length; place++)
      for (const change of [1, 0x80, 0xff]) {
        const changed = Buffer.from(der)
        changed[place] = changed[place]! ^ change
        if (isTaken(changed)) throw new Error(`byte ${place}, changed by ${change}`)
      }
  })
})
