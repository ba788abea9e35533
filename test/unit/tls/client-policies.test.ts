// What a listener asks of its clients, by name; what becomes of it when a file says something else.
import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { certificateFacts } from '../../../server/lib/certificate-facts.ts'
import { allowedClients } from '../../../server/tls/allowed-clients.ts'
import type { ClientCertificateConfig } from '../../../server/tls/client-certificate.options.ts'
import { ClientPolicies } from '../../../server/tls/client-policies.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { Authority } from '../../support/authority.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const [one, other] = [new Authority('One'), new Authority('Other')]
const files = { ca: one.text, other: other.text, crl: one.crl(), strange: other.crl() }
const words = (more: Partial<ClientCertificateConfig> = {}): ClientCertificateConfig => ({
  mode: 'required',
  ca: ['ca'],
  crl: [],
  expired_crl: 'refuse',
  headers: 'x-client-cert',
  names: {},
  ...more,
})
const policies = (more: Partial<ClientCertificateConfig> = {}): ClientPolicies =>
  new ClientPolicies(PLAIN_SETTINGS, words(more), files)
const own = { ca: [], crl: [] }

test('the policy for a name is its own, else that of its longest wildcard, as wide as in rules, else that of the listener', () => {
  const clients = policies({
    mode: 'off',
    names: {
      'a.example': { mode: 'required', ...own },
      '*.b.example': { mode: 'any', ...own },
      '*.c.b.example': { mode: 'request', ...own },
    },
  })
  const modeOf = (name: string | null): string => clients.of(name).rules.mode
  expect(
    ['a.example', 'A.Example.', 'x.b.example', 'b.example', 'x.y.B.example', 'x', '', null].map(modeOf),
  ).toEqual([...['required', 'required', 'any', 'off', 'any', 'off', 'off', 'off']])
  expect(
    ['x.a.example', 'xb.example', 'c.b.example', 'x.c.b.example', 'y.x.c.b.example'].map(modeOf),
  ).toEqual([...['off', 'off', 'any', 'request', 'request']])
})

test('a list counts only where the issuer that it names has signed it, not another one that is trusted', () => {
  const forged = new Authority('One')
  const texts = { ...files, third: forged.signedAs('Third'), crl: forged.crl() }
  const make = (ca: string[]) => () =>
    new ClientPolicies(PLAIN_SETTINGS, words({ ca, crl: ['crl'] }), texts).first.trust.crls?.size
  expect(make(['ca', 'third'])).toThrow(
    'crl: it is of CN=One, and signed by another of the issuers in "ca" (CN=Third)',
  )
  expect(new ClientPolicies(PLAIN_SETTINGS, words({ crl: ['crl'] }), files).first.trust.crls?.size).toBe(1)
})

test('names of which the same is said have the same policy, those that ask nobody too', () => {
  const clients = policies({
    names: {
      a: { ...own },
      b: { mode: 'required', ca: ['ca'], crl: [] },
      c: { mode: 'optional', ...own },
      d: { mode: 'off', ca: ['other'], crl: [] },
      e: { mode: 'off', ...own },
    },
  })
  expect(clients.of('a')).toBe(clients.first)
  expect(clients.of('b')).toBe(clients.first)
  expect(clients.of('c')).not.toBe(clients.first)
  expect(clients.of('c').trust).toBe(clients.first.trust)
  expect(clients.of('d')).toBe(clients.of('e'))
  expect(clients.of('d').settings).toBe(PLAIN_SETTINGS)
})

test('what a file says now is taken by all that are made of it, or by none', () => {
  const clients = policies({ crl: ['crl'], names: { a: { ca: ['other'], crl: ['strange'] } } })
  const [before, named] = [clients.first.trust, clients.of('a').trust]
  expect(() => clients.filesChanged({ ca: other.text, other: one.text })).toThrow(
    'signed by none of the issuers',
  )
  expect([clients.first.trust, clients.of('a').trust]).toEqual([before, named])
  clients.filesChanged({ crl: one.crl('20400101000000Z') })
  expect(clients.first.trust).not.toBe(before)
  expect(clients.first.settings.key).toBe(before.settings.key)
  expect(clients.of('a').trust).toBe(named)
  clients.filesChanged({ elsewhere: 'x' })
  const again = new ClientPolicies(PLAIN_SETTINGS, words(), files, [policies()])
  expect(again.first.trust.key).toBe(policies().first.trust.key)
})

describe('a client is one of those that are allowed', () => {
  const { cert, pin } = one.issue({
    names: 'DNS:www.a.example,URI:spiffe://a.example/ns/prod/api,IP:10.0.0.7,email:Me@A.example',
    more: '/O=Acme',
  })
  const facts = certificateFacts(new X509Certificate(cert).raw)
  test.each([
    [{ san: 'www.a.example' }, true],
    [{ san: 'WWW.a.example' }, true],
    [{ san: '*.a.example' }, true],
    [{ san: '*.example' }, false],
    [{ san: 'a.example' }, false],
    [{ san: 'spiffe://a.example/ns/prod/api' }, true],
    [{ san: 'spiffe://a.example/ns/prod/*' }, true],
    [{ san: 'spiffe://a.example/ns/prod/' }, false],
    [{ san: 'spiffe://a.example/ns/test/*' }, false],
    [{ san: '10.0.0.7' }, true],
    [{ san: '10.0.0.8' }, false],
    [{ san: 'Me@a.example' }, true],
    [{ san: 'me@a.example' }, false],
    [{ subject: 'CN=www.a.example, O=Acme' }, true],
    [{ subject: 'O=Acme' }, true],
    [{ subject: 'O=acme' }, false],
    [{ subject: 'O=Acme, OU=x' }, false],
    [{ spki: pin }, true],
    [{ spki: pin, subject: 'O=Other' }, false],
    [{}, false],
  ])('%j: %p', (wanted, expected) => {
    expect(allowedClients([wanted])(facts)).toBe(expected)
    expect(allowedClients([{ san: 'nobody.example' }, wanted])(facts)).toBe(expected)
  })
})

test('a certificate that is changed anywhere is read, or refused, and nothing else', () => {
  const random = seededRandom(seedOfRun())
  const der = Buffer.from(new X509Certificate(one.issue({ names: 'DNS:a.example,IP:::1' }).cert).raw)
  for (let run = 0; run < 2000; run++) {
    const changed = Buffer.from(der)
    for (let times = 0; times <= random.below(3); times++)
      changed[random.below(der.length)] = random.below(256)
    try {
      certificateFacts(changed.subarray(0, 1 + random.below(changed.length)))
      certificateFacts(changed)
    } catch (error) {
      if (!(error instanceof Error) || error instanceof RangeError) throw error
    }
  }
})
