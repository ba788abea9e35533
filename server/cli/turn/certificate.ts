// What a server showed in a TLS handshake, and what stands against it.
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

export type CertificateProblem = 'self_signed' | 'untrusted' | 'expired' | 'not_yet_valid' | 'wrong_name'

export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** DNS names and addresses that it is for. */
  readonly names: readonly string[]
  /** When it begins and ceases to be good: ISO 8601. */
  readonly not_before: string
  readonly not_after: string
  /** Whole days until then; below 0 when it has expired. */
  readonly days_left: number
  /** Of the connection: TLSv1.3. */
  readonly version: string
  readonly cipher: string
  readonly problems: readonly CertificateProblem[]
  /** Why the chain is not trusted, in OpenSSL's word; null when it is. */
  readonly code: string | null
}

const DAY_MS = 86_400_000

/** Reads what a socket was shown, and judges it for this name; null when there was no handshake. */
export function certificateFacts(
  socket: Bun.Socket,
  serverName: string,
  nowMs: number = Date.now(),
): CertificateFacts | null {
  const shown = socket.getPeerCertificate() as PeerCertificate | undefined
  if (shown?.valid_to === undefined) return null
  const code = (socket.getAuthorizationError() as { code?: string } | null)?.code ?? null
  const [from, to] = [Date.parse(shown.valid_from), Date.parse(shown.valid_to)]
  return {
    subject: nameOf(shown.subject),
    issuer: nameOf(shown.issuer),
    names: (shown.subjectaltname ?? '')
      .split(', ')
      .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
      .filter(Boolean),
    not_before: iso(from),
    not_after: iso(to),
    days_left: Math.floor((to - nowMs) / DAY_MS),
    version: socket.getTLSVersion(),
    cipher: socket.getCipher().name,
    problems: problemsOf(shown, code, serverName, { from, to, nowMs }),
    code,
  }
}

// OpenSSL tells one problem only; time and name are judged by themselves, so that all are known at once.
function problemsOf(
  shown: PeerCertificate,
  code: string | null,
  serverName: string,
  { from, to, nowMs }: { from: number; to: number; nowMs: number },
): CertificateProblem[] {
  const problems: CertificateProblem[] = []
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') problems.push('self_signed')
  else if (code !== null && !OF_TIME.includes(code) && !OF_NAME.includes(code)) problems.push('untrusted')
  if (nowMs > to) problems.push('expired')
  if (nowMs < from) problems.push('not_yet_valid')
  if (checkServerIdentity(serverName, shown) !== undefined) problems.push('wrong_name')
  return problems
}

const OF_TIME = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']
const OF_NAME = ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH']

/** The common name, else the organisation, else all of it. */
function nameOf(parts: PeerCertificate['subject']): string {
  const texts = Object.entries(parts ?? {}).map(([key, value]) => `${key}=${String(value)}`)
  return String(parts?.CN ?? parts?.O ?? texts.join(', '))
}

const iso = (ms: number): string => (Number.isNaN(ms) ? '' : new Date(ms).toISOString())
