// The certificates of a listener, by the name that a client asks for (SNI).
import { type Certificate, timesRenamed } from './certificate.ts'
import { comparableName } from './comparable-name.ts'
import type { CertificatesByName } from './listener-tls.ts'
import { type Demand, onDemand } from './on-demand.ts'

/** One that came on demand. */
interface Learned {
  /** Whose words it came by. */
  readonly owner: string
  readonly certificate: Certificate
}

export class ByName implements CertificatesByName {
  /** Also for names that none is for. */
  readonly first: Certificate
  readonly #all: readonly Certificate[]
  #names = new Map<string, Certificate>()
  #asOf = -1
  #demands: readonly Demand[] = []
  readonly #learned = new Map<string, Learned>()

  /** In the order of the config: of two that are for a name, the one before is served. */
  constructor(first: Certificate, ...others: readonly Certificate[]) {
    this.first = first
    this.#all = [first, ...others]
  }

  /** Those that may be obtained on demand as well. */
  with(demands: readonly Demand[]): this {
    this.#demands = demands
    return this
  }

  find(asked: string): Certificate {
    return this.#named(comparableName(asked)) ?? this.first
  }

  hold(asked: string, resume: (certificate: Certificate) => void): boolean {
    if (this.#demands.length === 0) return false
    const name = comparableName(asked)
    if (this.#named(name) !== null) return false
    return onDemand.hold(this.#demands, name, (certificate) => resume(certificate ?? this.first))
  }

  learn(owner: string, name: string, certificate: Certificate | null): void {
    if (certificate === null) this.#learned.delete(name)
    else if (this.#demands.some((demand) => demand.certificate === owner))
      this.#learned.set(name, { owner, certificate })
  }

  /** RFC 6125 §6.4.3: the name itself goes before a wildcard, which stands for one whole label. */
  #named(name: string): Certificate | null {
    if (this.#asOf !== timesRenamed()) this.#read()
    const exact = this.#names.get(name)
    if (exact !== undefined) return exact
    const dot = name.indexOf('.')
    const wild = dot > 0 ? this.#names.get(`*${name.slice(dot)}`) : undefined
    if (wild !== undefined) return wild
    const learned = this.#learned.get(name)
    if (learned === undefined) return null
    onDemand.used(learned.owner, name)
    return learned.certificate
  }

  /** Again when any certificate is for other names than before, which is seldom. */
  #read(): void {
    this.#asOf = timesRenamed()
    this.#names = new Map()
    for (const certificate of this.#all)
      for (const name of certificate.text.names)
        if (!this.#names.has(name)) this.#names.set(name, certificate)
  }
}
