// Certificates on their way to a worker: each is told once, not with each plan, as there may be thousands.
// Both ends keep what was told last of each, so that a plan names them all and brings what is new.
import type { Plan } from '../snapshot/plan.ts'
import type { CertificateText } from '../tls/certificate.ts'

/** What goes with a plan. */
export interface CertificateNews {
  /** All that it has. */
  readonly names: readonly string[]
  /** Those that are new or changed, as JSON: of one plan it is the same text for all who have none yet. */
  readonly added: string
}

type Certificates = Plan['certificates']

/** Of all that a plan has: made once, not once a worker. */
const whole = new WeakMap<Certificates, string>()

export class ToldCertificates {
  #told = new Map<string, CertificateText>()

  /** What the other end is to be told of these; it counts as told from here on. */
  newsOf(certificates: Certificates): CertificateNews {
    const all = Object.entries(certificates)
    const added = all.filter(([name, text]) => this.#told.get(name) !== text)
    this.#told = new Map(all)
    const names = all.map(([name]) => name)
    if (added.length < all.length) return { names, added: JSON.stringify(Object.fromEntries(added)) }
    const text = whole.get(certificates) ?? JSON.stringify(certificates)
    whole.set(certificates, text)
    return { names, added: text }
  }

  /** What the other end told. */
  take({ names, added }: CertificateNews): Certificates {
    const news = new Map(Object.entries(JSON.parse(added) as Certificates))
    const all = names.map((name) => [name, news.get(name) ?? this.#told.get(name)] as const)
    const missing = all.find(([, text]) => text === undefined)
    if (missing) throw new Error(`the certificate ${missing[0]} was not told`)
    this.#told = new Map(all as readonly (readonly [string, CertificateText])[])
    return Object.fromEntries(this.#told)
  }

  /** One was told by itself. */
  changed(name: string, text: CertificateText | null): void {
    if (text === null) this.#told.delete(name)
    else this.#told.set(name, text)
  }
}
