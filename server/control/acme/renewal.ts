// When a certificate is to be renewed: with a third of its life left, a little earlier by chance; or when its
// CA would have it (RFC 9773).
import { X509Certificate } from 'node:crypto'
import { readAll } from '../../lib/read-der.ts'
import type { AcmeClient } from './acme-client.ts'
import type { RenewalAdvice } from './store.ts'

const SHARE_LEFT = 1 / 3
/** Earlier by so much of its life at most. */
const JITTER = 1 / 30
/** RFC 9773 §4.3.2: no more often, and no less. */
const ADVICE_MS_MIN = 60_000
const ADVICE_MS_MAX = 86_400_000
const ADVICE_MS_USUAL = 6 * 3_600_000
/** No life of a certificate is longer than what a CA may suggest. */
const LIFE_MS_MAX = 10 * 365 * 86_400_000

export function renewalOf(cert: string, chance: number): number {
  const { validFrom, validTo } = new X509Certificate(cert)
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)]
  const lifeMs = toMs - fromMs
  return Math.round(toMs - lifeMs * (SHARE_LEFT + JITTER * chance))
}

/** Null: it has no part that tells its issuer, or none that can be read, and none can ask about it. */
export function renewalId(cert: string): string | null {
  const { raw } = new X509Certificate(cert)
  try {
    return idIn(raw)
  } catch {
    return null // of extensions OpenSSL reads those that it is asked for
  }
}

/** Throws where it is no DER. */
function idIn(certificate: Buffer): string | null {
  // Certificate → TBSCertificate → version, serialNumber, …, [3] extensions (RFC 5280 §4.1).
  const [whole] = readAll(certificate)
  const [tbs] = readAll(whole?.content ?? Buffer.alloc(0))
  const parts = readAll(tbs?.content ?? Buffer.alloc(0))
  const serial = parts.find(({ tag }) => tag === 0x02)
  const [list] = readAll(parts.find(({ tag }) => tag === 0xa3)?.content ?? Buffer.alloc(0))
  for (const { content } of readAll(list?.content ?? Buffer.alloc(0))) {
    const [id, ...rest] = readAll(content)
    if (id?.content.toString('hex') !== AUTHORITY_KEY_ID) continue
    const [key] = readAll(readAll(rest.at(-1)?.content ?? Buffer.alloc(0))[0]?.content ?? Buffer.alloc(0))
    if (key?.tag !== 0x80 || serial === undefined) return null
    // RFC 9773 §4.1: both as they stand there.
    return `${key.content.toString('base64url')}.${serial.content.toString('base64url')}`
  }
  return null
}

/** 2.5.29.35 */
const AUTHORITY_KEY_ID = '551d23'

export interface Advised {
  readonly advice: RenewalAdvice | null
  /** When to ask again. */
  readonly againAtMs: number
}

/** What the CA says of it now; a window that is the same keeps the moment chosen in it. */
export async function askAdvice(
  client: AcmeClient,
  {
    cert,
    before,
    nowMs,
    chance,
  }: {
    readonly cert: string
    readonly before: RenewalAdvice | null
    readonly nowMs: number
    readonly chance: number
  },
): Promise<Advised> {
  const { renewalInfo } = await client.directory()
  const id = renewalInfo === null ? null : renewalId(cert)
  if (renewalInfo === null || id === null) return { advice: null, againAtMs: nowMs + ADVICE_MS_MAX }
  const { json, retryAtMs } = await client.get(`${renewalInfo.replace(/\/$/, '')}/${id}`)
  const askedMs = (retryAtMs ?? nowMs + ADVICE_MS_USUAL) - nowMs
  const againAtMs = nowMs + Math.min(Math.max(askedMs, ADVICE_MS_MIN), ADVICE_MS_MAX)
  const window = windowOf(json, nowMs)
  if (window === null) return { advice: null, againAtMs }
  const isSame = before?.fromMs === window.fromMs && before.toMs === window.toMs
  const atMs = isSame ? before.atMs : Math.round(window.fromMs + (window.toMs - window.fromMs) * chance)
  return { advice: { ...window, atMs }, againAtMs }
}

/** Null: it is none, or makes no sense. */
function windowOf(json: unknown, nowMs: number): Omit<RenewalAdvice, 'atMs'> | null {
  const { suggestedWindow, explanationURL } = (json ?? {}) as Record<string, unknown>
  const { start, end } = (suggestedWindow ?? {}) as Record<string, unknown>
  if (typeof start !== 'string' || typeof end !== 'string') return null
  const [fromMs, toMs] = [Date.parse(start), Date.parse(end)]
  if (!(fromMs < toMs) || Math.abs(toMs - nowMs) > LIFE_MS_MAX) return null
  const isUrl =
    typeof explanationURL === 'string' && /^https:\/\/[\u0021-\u007e]{1,500}$/.test(explanationURL)
  return { fromMs, toMs, explanation: isUrl ? explanationURL : null }
}
