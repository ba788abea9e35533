// Whether a server is who it should be, once the handshake is done: its issuer, its dates, its name, its key.
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { TlsRefusal } from '../sockets/socket.ts'
import type { TlsFault } from '../tables/faults.ts'
import type { ServerTls } from './server-tls.ts'

const NAMES_SHOWN = 4
const SHOWN_MAX = 160

/** What OpenSSL finds in a chain, as codes. The others say that it is no good: `tls_untrusted`. */
const FOUND: Readonly<Record<string, TlsFault>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'tls_unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_unknown_issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_unknown_issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_unknown_issuer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_self_signed',
  CERT_HAS_EXPIRED: 'tls_expired',
  CERT_NOT_YET_VALID: 'tls_not_yet_valid',
}
/** Of Bun itself: names are compared here, by the rules of today. */
const OF_NAMES = 'ERR_TLS_CERT_ALTNAME_INVALID'

/**
 * Why a certificate is not taken; null: it is. `found`: what was found in its chain, null if that is good.
 */
export function whyRefused(
  certificate: X509Certificate | null,
  found: string | null,
  tls: ServerTls,
): TlsRefusal | null {
  const { verify, pin } = tls.client.words
  if (certificate === null)
    return verify || pin.length > 0 ? { code: 'tls_untrusted', detail: 'it showed no certificate' } : null
  if (verify && found !== null && found !== OF_NAMES) return ofChain(certificate, found)
  if (verify && !isFor(certificate, tls.name)) return ofName(certificate, tls.name)
  return pin.length === 0 ? null : ofPin(certificate, pin)
}

/**
 * RFC 9525 §6: by the alternative names alone, and "*" stands for one whole label. An address is none of
 * them that are names.
 */
const isFor = (certificate: X509Certificate, name: string): boolean =>
  isIP(name) === 0
    ? certificate.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined
    : certificate.checkIP(name) !== undefined

function ofName({ subjectAltName = '' }: X509Certificate, wanted: string): TlsRefusal {
  const names = subjectAltName
    .split(', ')
    .flatMap((one) => /^(?:DNS|IP Address):(.*)$/.exec(one)?.slice(1) ?? [])
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''
  const shown = names.length === 0 ? 'no name' : names.slice(0, NAMES_SHOWN).join(', ') + more
  return { code: 'tls_name_mismatch', detail: `certificate is for ${cut(shown)}, wanted ${wanted}` }
}

function ofChain(certificate: X509Certificate, found: string): TlsRefusal {
  const code = FOUND[found] ?? 'tls_untrusted'
  return { code, detail: DETAILS[code]?.(certificate) ?? `its chain: ${found}` }
}

const DETAILS: { readonly [code in TlsFault]?: (certificate: X509Certificate) => string } = {
  tls_unknown_issuer: ({ issuer }) => `certificate is issued by ${line(issuer)}`,
  tls_self_signed: ({ subject }) => `certificate is ${line(subject)}, signed by itself`,
  tls_expired: ({ validTo }) =>
    Date.parse(validTo) < wallMs()
      ? `certificate expired on ${dayOf(validTo)}`
      : 'a certificate of its issuers has expired',
  tls_not_yet_valid: ({ validFrom }) =>
    Date.parse(validFrom) > wallMs()
      ? `certificate is not valid before ${dayOf(validFrom)}`
      : 'a certificate of its issuers is not valid yet',
}

function ofPin(certificate: X509Certificate, pins: readonly string[]): TlsRefusal | null {
  const pin = pinOf(certificate)
  return pins.includes(pin) ? null : { code: 'tls_pin_mismatch', detail: `its key is ${pin}` }
}

/** The SHA-256 of its public key, as pins are written. */
export function pinOf({ publicKey }: X509Certificate): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${new Bun.CryptoHasher('sha256').update(spki).digest('base64')}`
}

// eslint-disable-next-line no-restricted-properties -- dates of certificates are of the wall
const wallMs = (): number => Date.now()
const dayOf = (date: string): string => new Date(date).toISOString().slice(0, 10)
const line = (name: string): string => cut(name.replaceAll('\n', ', '))
const cut = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)
