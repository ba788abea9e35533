// What comes of a certificate by what holds now, for connections that stand: beyond what the handshake found.
import { X509Certificate } from 'node:crypto'
import { afterEach, expect, setSystemTime, test } from 'bun:test'
import type { ClientCertificateConfig } from '../../../server/tls/client-certificate.options.ts'
import { ClientPolicies } from '../../../server/tls/client-policies.ts'
import { ShownCertificate } from '../../../server/tls/shown-certificate.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { Authority } from '../../support/authority.ts'

afterEach(() => void setSystemTime())

const root = new Authority('Root')
const between = new Authority('Between', root)
const forged = new Authority('Between')
const other = new Authority('Other')
const soon = root.issue({ names: 'DNS:soon.example', until: '20350101000000Z' })
const carol = between.issue({ names: 'DNS:carol.example' })
const files: Record<string, string> = {
  root: root.text,
  both: root.text + between.text,
  other: other.text,
  lists: root.crl() + between.crl(),
  early: root.crl('20340101000000Z'),
}

function policies(
  ca: string,
  crl: string[] = [],
  more: Partial<ClientCertificateConfig> = {},
): ClientPolicies {
  const words = {
    mode: 'required',
    ca: [ca],
    crl,
    expired_crl: 'refuse',
    headers: 'none',
    names: {},
    ...more,
  }
  return new ClientPolicies(PLAIN_SETTINGS, words as ClientCertificateConfig, files)
}

/** As Bun tells of a client that has shown these, in this order, and was held against these issuers. */
function shown(
  heldAgainst: ClientPolicies,
  pems: readonly string[],
  found: string | null = null,
): ShownCertificate {
  const [first, ...others] = pems.map((pem) => new X509Certificate(pem))
  interface Link {
    readonly raw: Buffer
    readonly issuerCertificate: Link | undefined
  }
  const linked = (rest: readonly X509Certificate[]): Link | undefined =>
    rest[0] && { raw: rest[0].raw, issuerCertificate: linked(rest.slice(1)) }
  const native = {
    getPeerX509Certificate: () => first,
    getAuthorizationError: () => (found === null ? null : { code: found }),
    getPeerCertificate: () => first && { raw: first.raw, issuerCertificate: linked(others) },
  }
  return new ShownCertificate({ native } as never, heldAgainst.first.settings.key)
}

test('one that was good expires, while its connection stands', () => {
  const asked = policies('root')
  const one = shown(asked, [soon.cert])
  expect(one.verdict(asked.first)).toMatchObject({ fault: null, found: null })
  expect(one.verdict(asked.first)).toBe(one.verdict(asked.first))
  setSystemTime(new Date('2035-01-01T00:00:01Z'))
  expect(one.verdict(asked.first)).toMatchObject({
    fault: 'client_certificate_expired',
    detail: expect.stringContaining('it expired on 2035-01-01'),
  })
})

test('a list expires in the same way, and says no longer who is good', () => {
  const [asked, lenient] = [policies('root', ['early']), policies('root', ['early'], { expired_crl: 'use' })]
  const one = shown(asked, [soon.cert])
  expect(one.verdict(asked.first).fault).toBeNull()
  setSystemTime(new Date('2034-06-01T00:00:00Z'))
  expect(one.verdict(asked.first)).toMatchObject({
    fault: 'client_certificate_unchecked',
    detail: expect.stringContaining('the list of CN=Root has expired'),
  })
  expect(one.verdict(lenient.first).fault).toBeNull()
})

test('with other issuers since, it is held against them by way of those that came along', () => {
  const [asked, more, others] = [policies('root'), policies('both'), policies('other')]
  const one = shown(asked, [carol.cert, between.text])
  expect(one.verdict(more.first).fault).toBeNull()
  expect(one.verdict(others.first).fault).toBe('client_certificate_unknown_issuer')
  expect(one.verdict(asked.first).fault).toBeNull()
  // Not good to those before, it is not to others without a handshake of theirs.
  const stranger = shown(others, [carol.cert, between.text], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect(stranger.verdict(asked.first).fault).toBe('client_certificate_unknown_issuer')
})

test('an issuer of the same name that has not signed it is on no way', () => {
  const [asked, others, lists] = [policies('root'), policies('other'), policies('both', ['lists'])]
  const chain = [carol.cert, forged.text]
  expect(shown(others, chain).verdict(asked.first).fault).toBe('client_certificate_unknown_issuer')
  expect(shown(lists, chain).verdict(lists.first).fault).toBeNull()
})

test('an issuer on the way that is revoked takes all of its clients with it', () => {
  root.revoke(between.file)
  files['revoked'] = root.crl() + between.crl()
  const asked = policies('both', ['revoked'])
  expect(shown(asked, [carol.cert, between.text]).verdict(asked.first)).toMatchObject({
    fault: 'client_certificate_revoked',
    detail: expect.stringMatching(/^CN=carol\.example \(sha256 .*\): its issuer CN=Between: it is revoked$/),
  })
})
