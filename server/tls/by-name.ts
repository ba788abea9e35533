// The certificates of a listener, by the name that a client asks for (SNI).
import { type Certificate, timesRenamed } from './certificate.ts'
import { comparableName } from './comparable-name.ts'
import type { CertificatesByName } from './listener-tls.ts'

export class ByName implements CertificatesByName {
  /** Also for names that none is for. */
  readonly first: Certificate
  readonly #all: readonly Certificate[]
  #names = new Map<string, Certificate>()
  #asOf = -1

  /** In the order of the config: of two that are for a name, the one before is served. */
  constructor(first: Certificate, ...others: readonly Certificate[]) {
    this.first = first
    this.#all = [first, ...others]
  }

  /** RFC 6125 §6.4.3: the name itself goes before a wildcard, which stands for one whole label. */
  find(asked: string): Certificate {
    if (this.#asOf !== timesRenamed()) this.#read()
    const name = comparableName(asked)
    const exact = this.#names.get(name)
    if (exact !== undefined) return exact
    const dot = name.indexOf('.')
    return (dot > 0 && this.#names.get(`*${name.slice(dot)}`)) || this.first
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
