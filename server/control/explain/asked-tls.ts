// The TLS that a request is said to have come by, as rules and steps look at it.
import { objectIdOf, readNameText } from '../../lib/distinguished-name.ts'
import type { CertificateFacts } from '../../lib/certificate-facts.ts'
import type { TlsFacts } from '../../tls/accept-tls.ts'
import { objectId, sequence, setOf, utf8 } from '../../tls/der.ts'
import type { ShownCertificate } from '../../tls/shown-certificate.ts'

/** What is said of it; what is not, is as usual. */
export interface AskedTls {
  readonly version?: string | undefined
  /** As OpenSSL calls it. */
  readonly cipher?: string | undefined
  /** One that was shown and found good, or none; left out: none. */
  readonly client_certificate?: 'present' | 'absent' | AskedCertificate | undefined
}

/** As the conditions of rules name its parts. */
export interface AskedCertificate {
  readonly subject?: string | undefined
  readonly issuer?: string | undefined
  readonly san?: readonly string[] | undefined
  readonly fingerprint?: string | undefined
}

const USUAL = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' } as const

/** What is known of a connection that was never made; `serverName` is what it asks for. */
export function tlsFactsOf(asked: AskedTls, serverName: string | null): TlsFacts {
  const { version = USUAL.version, cipher = USUAL.cipher, client_certificate: shown = 'absent' } = asked
  const client = shown === 'absent' ? null : shownCertificate(shown === 'present' ? {} : shown)
  return { version, cipher, protocol: null, isResumed: false, serverName, client }
}

/** Throws a RangeError on a name that is none. */
function shownCertificate({
  subject = 'CN=somebody',
  issuer = 'CN=some issuer',
  san = [],
  fingerprint = '0'.repeat(64),
}: AskedCertificate): ShownCertificate {
  const facts: CertificateFacts = {
    ...{ serial: '01', fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER, spki: Buffer.alloc(0) },
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    alternatives: san.map(alternativeOf),
  }
  const certificate = { fingerprint256: fingerprint.toUpperCase(), raw: Buffer.alloc(0) }
  const whose = subject
  const good = { certificate, facts, isGood: true, whose, text: whose, commonName: commonNameOf(subject) }
  // What was shown in no handshake: all that rules and steps ask of one.
  return good as unknown as ShownCertificate
}

function nameOf(text: string): Buffer {
  const attributes = readNameText(text)
  if (attributes === null) throw new RangeError(`"${text}" is no name such as "CN=alice,O=Acme"`)
  const sets = attributes.toReversed().map(({ type, value }) => {
    const id = objectIdOf(type)
    if (id === null) throw new RangeError(`"${type}" is not known in a name; write its number in dots`)
    return setOf(sequence(objectId(id), utf8(value)))
  })
  return sequence(...sets)
}

const commonNameOf = (text: string): string | null =>
  readNameText(text)?.find(({ type }) => type === 'CN')?.value ?? null

function alternativeOf(text: string): CertificateFacts['alternatives'][number] {
  const [, kind = '', value = ''] = /^(DNS|URI|email|IP):(.+)$/s.exec(text) ?? []
  if (kind === '') throw new RangeError(`"${text}" is no other name such as "DNS:a.example"`)
  return { kind: kind as 'DNS', value }
}
