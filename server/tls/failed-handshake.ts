// Why a handshake with a server failed: what TLS said of it, and what came in its place, as a code and in
// words.
import type { TlsRefusal } from '../sockets/socket.ts'
import { asksForCertificate } from './handshake-messages.ts'

/** As Bun tells it. */
export interface HandshakeError {
  readonly code?: string
  readonly message?: string
}

const HANDSHAKE = 0x16
const ALERT = 0x15
const SHOWN_MAX = 40

/** These are of no handshake: it was done, and something stands against the certificate. */
export const isUndone = (error: HandshakeError | null | undefined): boolean =>
  error?.code === 'EPROTO' || error?.code === 'ECONNRESET'

/**
 * `came`: the bytes that came of the handshake, as they were; `hasOwn`: we have a certificate to show.
 * `oldest`: the oldest version that we speak.
 */
export function whyUndone(
  error: HandshakeError | null,
  came: Buffer,
  { hasOwn, oldest }: { readonly hasOwn: boolean; readonly oldest: string },
): TlsRefusal {
  const reason = reasonOf(error)
  if (came.length > 0 && came[0] !== HANDSHAKE && came[0] !== ALERT)
    return { code: 'tls_not_spoken', detail: notTls(came) }
  const alert = alertOf(reason)
  if (reason === 'UNSUPPORTED_PROTOCOL' || reason === 'WRONG_SSL_VERSION' || alert === 'protocol version')
    return { code: 'tls_too_old', detail: `it does not speak ${oldest} or newer` }
  if (alert !== null) return ofAlert(alert, came, hasOwn)
  if (reason === null) return { code: 'tls_closed', detail: null }
  return { code: 'tls_failed', detail: words(reason) }
}

/** Behind a handshake that was done for us (TLS 1.3): what it said instead of reading on; null: no alert. */
export function whyRefusedLater(error: HandshakeError, hasOwn: boolean): TlsRefusal | null {
  const alert = alertOf(reasonOf(error))
  return alert === null ? null : ofAlert(alert, NOTHING, hasOwn)
}

const NOTHING = Buffer.alloc(0)

function ofAlert(alert: string, came: Buffer, hasOwn: boolean): TlsRefusal {
  const isAsked = alert === 'certificate required' || (!hasOwn && asksForCertificate(came))
  if (isAsked && !hasOwn) return { code: 'tls_client_certificate', detail: `alert: ${alert}` }
  const shown =
    hasOwn && OF_OURS.test(alert) ? `our certificate is refused, alert: ${alert}` : `alert: ${alert}`
  return { code: 'tls_alert', detail: shown }
}

/** Alerts that are about the certificate of who hears them. */
const OF_OURS = /certificate|unknown ca|access denied/

/** What BoringSSL calls it; null: it says nothing, as the connection ended. */
function reasonOf(error: HandshakeError | null): string | null {
  if (error === null || error.code === 'ECONNRESET') return null
  return /OPENSSL_internal:([A-Z0-9_]+)/.exec(error.message ?? '')?.[1] ?? error.code ?? null
}

const alertOf = (reason: string | null): string | null => {
  const [, alert] = /^(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z0-9_]+)$/.exec(reason ?? '') ?? []
  return alert === undefined ? null : words(alert)
}

const words = (reason: string): string => reason.toLowerCase().replaceAll('_', ' ')

function notTls(came: Buffer): string {
  const line = came.toString('latin1', 0, SHOWN_MAX).replace(/[\r\n].*$/s, '')
  if (/^HTTP\/[0-9]/.test(line)) return `it answers in plain HTTP (${line})`
  return /^[ -~]+$/.test(line) ? `it says ${JSON.stringify(line)}` : 'it says something else'
}
