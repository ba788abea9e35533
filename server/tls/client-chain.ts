// The way from a client's certificate to an issuer that is trusted, as far as it is not left to the library:
// where there are other issuers than in its handshake, and where revoked ones are looked up.
import type { X509Certificate } from 'node:crypto'
import { type CertificateFacts, certificateFacts, whoseText } from '../lib/certificate-facts.ts'
import { comparableSerial, type Crl } from '../lib/crl.ts'
import { nameText } from '../lib/distinguished-name.ts'
import type { ClientFault } from '../tables/faults.ts'

export interface Bad {
  readonly fault: ClientFault
  readonly why: string | null
}

export const BROKEN: Bad = { fault: 'client_certificate_invalid', why: 'it cannot be read' }
export const LINKS_MAX = 10

/** By their issuer's name, in DER as latin1. */
export type Crls = ReadonlyMap<string, readonly Crl[]>

export interface ClientChainParts {
  readonly certificate: X509Certificate
  readonly facts: CertificateFacts
  /** Those that came along. */
  readonly others: () => X509Certificate[]
  readonly trusted: readonly X509Certificate[]
}

/** Looks of others in time, where no date tells when. */
const LOOK_MS = 3_600_000

/** From the client's certificate to one that is trusted. */
export class ClientChain {
  /** When something of it begins or ends. */
  readonly #changes: number[] = []
  readonly #certificate: X509Certificate
  readonly #facts: CertificateFacts
  readonly #others: () => X509Certificate[]
  readonly #trusted: readonly X509Certificate[]
  #links: X509Certificate[] | null | undefined = undefined

  constructor({ certificate, facts, others, trusted }: ClientChainParts) {
    this.#certificate = certificate
    this.#facts = facts
    this.#others = others
    this.#trusted = trusted
    this.#note(facts)
  }

  #note({ fromMs, untilMs }: CertificateFacts): void {
    this.#changes.push(fromMs, untilMs)
  }

  /** From when on something of it may be otherwise. */
  untilMs(nowMs: number): number {
    return Math.min(nowMs + LOOK_MS, ...this.#changes.filter((ms) => ms > nowMs))
  }

  /** Each signed by the next, the last one trusted, or by one that is; null: there is no such way. */
  get links(): readonly X509Certificate[] | null {
    if (this.#links === undefined) this.#links = this.#find()
    return this.#links
  }

  #find(): X509Certificate[] | null {
    const issuers = this.#trusted
    const links = [this.#certificate]
    const others = this.#others()
    while (links.length < LINKS_MAX) {
      const last = links.at(-1)
      if (last === undefined) return null
      const mayIssue = (other: X509Certificate): boolean => isIssuer(other, last)
      const next = isItsOwnIssuer(last) ? undefined : (issuers.find(mayIssue) ?? others.find(mayIssue))
      if (next === undefined) return issuers.some(({ raw }) => raw.equals(last.raw)) ? links : null
      links.push(next)
    }
    return null
  }

  /** Of its issuers as well, where they are known here. */
  wrongDate(nowMs: number): Bad | null {
    for (const [place, link] of (this.#links ?? []).entries()) {
      if (place === 0) continue
      const facts = factsOf(link)
      if (facts === null) return BROKEN
      this.#note(facts)
      const bad = wrongDateOf(facts, nowMs)
      if (bad !== null) return ofIssuer(facts, bad)
    }
    return wrongDateOf(this.#facts, nowMs)
  }

  /** RFC 5280 §6.3: each but the one that is its own issuer is looked up. */
  revoked(crls: Crls, nowMs: number, takesExpired: boolean): Bad | null {
    const { links } = this
    if (links === null) return { fault: 'client_certificate_unknown_issuer', why: null }
    for (const [place, link] of links.entries()) {
      const facts = place === 0 ? this.#facts : factsOf(link)
      if (facts === null) return BROKEN
      if (isItsOwnIssuer(link)) continue
      const own = crls.get(facts.issuer.latin1Slice()) ?? []
      for (const { untilMs } of own) this.#changes.push(untilMs)
      const bad = lookUp(facts, own, nowMs, takesExpired)
      if (bad !== null) return place === 0 ? bad : ofIssuer(facts, bad)
    }
    return null
  }
}

function lookUp(
  { serial, issuer }: CertificateFacts,
  crls: readonly Crl[],
  nowMs: number,
  takesExpired: boolean,
): Bad | null {
  if (crls.some(({ revoked }) => revoked.has(comparableSerial(serial))))
    return { fault: 'client_certificate_revoked', why: 'it is revoked' }
  if (crls.some(({ untilMs }) => untilMs > nowMs) || (crls.length > 0 && takesExpired)) return null
  const name = cut(nameText(issuer))
  const why = crls.length > 0 ? `the list of ${name} has expired` : `there is no list of ${name}`
  return { fault: 'client_certificate_unchecked', why }
}

const ofIssuer = (facts: CertificateFacts, { fault, why }: Bad): Bad => ({
  fault,
  why: `its issuer ${cut(whoseText(facts))}: ${why}`,
})

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  try {
    return issuer.ca && of.checkIssued(issuer) && of.verify(issuer.publicKey)
  } catch {
    return false // a kind of key that is not known
  }
}

/** By its key: a client may bear its issuer's name, and an issuer its own of before (RFC 5280 §3.2). */
function isItsOwnIssuer(one: X509Certificate): boolean {
  try {
    return one.subject === one.issuer && one.checkIssued(one) && one.verify(one.publicKey)
  } catch {
    return false
  }
}

/** Null: it cannot be read. */
export function factsOf(certificate: X509Certificate): CertificateFacts | null {
  try {
    const facts = certificateFacts(certificate.raw)
    nameText(facts.subject)
    nameText(facts.issuer)
    return facts
  } catch {
    return null
  }
}

export function wrongDateOf({ fromMs, untilMs }: CertificateFacts, nowMs: number): Bad | null {
  if (nowMs >= untilMs) return { fault: 'client_certificate_expired', why: `it expired on ${dayOf(untilMs)}` }
  if (nowMs < fromMs)
    return { fault: 'client_certificate_not_yet_valid', why: `it is not valid before ${dayOf(fromMs)}` }
  return null
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const SHOWN_MAX = 200
export const cut = (text: string): string =>
  text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text
