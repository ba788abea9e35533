// What a client has shown of itself in its handshake, and what comes of it by what holds now: a list of
// revoked ones may be another since, or the date beyond its last. A session that was resumed brings the
// certificate of its beginning, and is judged in the same way.
import { X509Certificate } from 'node:crypto'
import { type CertificateFacts, whoseText } from '../lib/certificate-facts.ts'
import { nameAttributes, nameText } from '../lib/distinguished-name.ts'
import type { BunSocket } from '../sockets/bun/bun-socket.ts'
import type { ClientFault } from '../tables/faults.ts'
import { type Bad, BROKEN, ClientChain, cut, factsOf, LINKS_MAX, wrongDateOf } from './client-chain.ts'
import type { ClientPolicy } from './client-policies.ts'
import type { ClientTrust } from './client-trust.ts'

/** What comes of it. */
export interface Verdict {
  /** Why it is refused; null: it is not. */
  readonly fault: ClientFault | null
  /** More about it, for who reads the log. */
  readonly detail: string | null
  /** What stands against the certificate, refused for it or not; 'none': none was shown; null: nothing. */
  readonly found: ClientFault | 'none' | null
}

interface Judged {
  readonly policy: ClientPolicy
  readonly trust: ClientTrust
  readonly verdict: Verdict
  /** It may be another one from then on. */
  readonly untilMs: number
}

const NONE: Verdict = { fault: null, detail: null, found: 'none' }
const GOOD: Verdict = { fault: null, detail: null, found: null }
const MISSING: Verdict = { fault: 'client_certificate_missing', detail: null, found: 'none' }

/** For metrics. */
export const clientResult = (found: Verdict['found']): string =>
  found === null ? 'verified' : found.replace('client_certificate_', '')

/** As OpenSSL calls them; others are `client_certificate_invalid`. */
const FOUND: Readonly<Record<string, ClientFault>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'client_certificate_unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'client_certificate_unknown_issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'client_certificate_unknown_issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'client_certificate_unknown_issuer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'client_certificate_unknown_issuer',
  CERT_HAS_EXPIRED: 'client_certificate_expired',
  CERT_NOT_YET_VALID: 'client_certificate_not_yet_valid',
}

/** More of them do not fit into a handshake. */
const COUNTED_MAX = 1000

/** What Bun knows of it, beyond its public types. */
interface WithPeer {
  getPeerX509Certificate(): X509Certificate | undefined
  getAuthorizationError(): { readonly code?: string } | null
  /** `false`: with those that came along, and the issuer that was found. */
  getPeerCertificate(isShort: boolean): PeerLink | undefined
}
interface PeerLink {
  readonly raw?: Buffer
  readonly issuerCertificate?: PeerLink
}

export class ShownCertificate {
  /** Null: none was shown. */
  readonly certificate: X509Certificate | null
  /** Null: there is none, or it cannot be read. */
  readonly facts: CertificateFacts | null
  readonly #socket: BunSocket
  /** What the library held it against, and found. */
  readonly #heldAgainst: string
  readonly #found: string | null
  #judged: Judged | null = null

  /** Once the handshake is done, which was made with settings of this key. */
  constructor(socket: BunSocket, heldAgainst: string) {
    const native = socket.native as unknown as WithPeer
    this.#socket = socket
    this.#heldAgainst = heldAgainst
    this.certificate = native.getPeerX509Certificate() ?? null
    this.facts = this.certificate === null ? null : factsOf(this.certificate)
    this.#found = this.certificate === null ? null : (native.getAuthorizationError()?.code ?? null)
  }

  /** What comes of it by this. */
  verdict(policy: ClientPolicy): Verdict {
    const known = this.#judged
    // eslint-disable-next-line no-restricted-properties -- dates of certificates are of the wall
    const nowMs = Date.now()
    if (known?.policy === policy && known.trust === policy.trust && nowMs < known.untilMs)
      return known.verdict
    const { trust } = policy
    const made = this.#judge(policy, nowMs)
    this.#judged = { policy, trust, ...made }
    return made.verdict
  }

  #judge(policy: ClientPolicy, nowMs: number): Pick<Judged, 'verdict' | 'untilMs'> {
    const { certificate, facts } = this
    if (certificate === null)
      return { verdict: policy.isNeeded ? MISSING : NONE, untilMs: Number.POSITIVE_INFINITY }
    const trusted = policy.trust.issuers
    const chain = facts && new ClientChain({ certificate, facts, others: () => this.#others(), trusted })
    const found = chain === null ? BROKEN : this.#whyBad(policy, chain, nowMs)
    const untilMs = chain?.untilMs(nowMs) ?? Number.POSITIVE_INFINITY
    if (found !== null && policy.isVerified) {
      const { fault, why } = found
      const detail = why === null ? this.text : `${this.text}: ${why}`
      return { verdict: { fault, detail, found: fault }, untilMs }
    }
    if (policy.allows !== null && (facts === null || !policy.allows(facts))) {
      const fault = 'client_certificate_denied'
      return { verdict: { fault, detail: this.text, found: found?.fault ?? fault }, untilMs }
    }
    return { verdict: found === null ? GOOD : { fault: null, detail: null, found: found.fault }, untilMs }
  }

  #whyBad(policy: ClientPolicy, chain: ClientChain, nowMs: number): Bad | null {
    const { trust } = policy
    // 1. What the library found. What was not good to others may be so to these, but that is for another
    //   handshake to find.
    if (this.#found !== null) return ofLibrary(this.#found, this.facts, nowMs)
    // 2. There are other issuers since.
    if (trust.settings.key !== this.#heldAgainst && chain.links === null)
      return { fault: 'client_certificate_unknown_issuer', why: this.#issuedBy }
    // 3. Time has gone on since.
    const date = chain.wrongDate(nowMs)
    if (date !== null) return date
    // 4. Lists of revoked ones.
    return trust.crls === null ? null : chain.revoked(trust.crls, nowMs, policy.takesExpiredCrl)
  }

  get #issuedBy(): string | null {
    return this.facts === null ? null : `it is issued by ${nameText(this.facts.issuer)}`
  }

  /** Those that came along. */
  #others(): X509Certificate[] {
    const found: X509Certificate[] = []
    const { native } = this.#socket
    let link = (native as unknown as WithPeer).getPeerCertificate(false)?.issuerCertificate
    for (; link?.raw !== undefined && found.length < LINKS_MAX; link = link.issuerCertificate) {
      found.push(new X509Certificate(link.raw))
      if (link.issuerCertificate === link) break
    }
    return found
  }

  /** Bytes (DER) of what was shown, with what came along. */
  get chainBytes(): number {
    let [bytes, links] = [0, 0]
    let link = (this.#socket.native as unknown as WithPeer).getPeerCertificate(false)
    for (; link?.raw !== undefined && links < COUNTED_MAX; link = link.issuerCertificate) {
      bytes += link.raw.length
      links++
      if (link.issuerCertificate === link) break
    }
    return bytes
  }

  /** It was found good when it was judged last. */
  get isGood(): boolean {
    return this.#judged !== null && this.#judged.verdict.found === null
  }

  /** For people, ASCII: whose it is; null: none was shown, or it cannot be read. */
  get whose(): string | null {
    return this.facts === null ? null : cut(whoseText(this.facts))
  }

  get commonName(): string | null {
    const attributes = this.facts === null ? [] : nameAttributes(this.facts.subject)
    return attributes.findLast(({ type }) => type === 'CN')?.value ?? null
  }

  /** For people, ASCII: whose it is, and its fingerprint. */
  get text(): string {
    const { certificate, whose } = this
    if (certificate === null) return 'no certificate'
    return `${whose ?? 'a certificate that cannot be read'} (sha256 ${fingerprintOf(certificate)})`
  }
}

/** The SHA-256 of the whole, in hex. */
export const fingerprintOf = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase()

function ofLibrary(found: string, facts: CertificateFacts | null, nowMs: number): Bad {
  const fault = FOUND[found] ?? 'client_certificate_invalid'
  if (fault === 'client_certificate_unknown_issuer')
    return { fault, why: facts && `it is issued by ${cut(nameText(facts.issuer))}` }
  if (fault === 'client_certificate_invalid' || facts === null) return { fault, why: `its chain: ${found}` }
  return wrongDateOf(facts, nowMs) ?? { fault, why: 'a certificate of its issuers' }
}
