// Certificates that answer challenges in a handshake (tls-alpn-01, RFC 8737), by the name that is asked for.
import { Certificate, type CertificateText } from './certificate.ts'
import { comparableName } from './comparable-name.ts'
import type { CertificatesByName } from './listener-tls.ts'

export type ChallengeTexts = Readonly<Record<string, CertificateText>>

/** All of a worker, whichever plan is served. */
export class Challenges implements CertificatesByName {
  readonly #byName = new Map<string, Certificate>()

  /** None is under way. */
  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  /** These and no others. */
  serve(texts: ChallengeTexts): void {
    this.#byName.clear()
    for (const [name, text] of Object.entries(texts)) this.change(name, text)
  }

  /** Null: it is over. */
  change(name: string, text: CertificateText | null): void {
    if (text === null) this.#byName.delete(comparableName(name))
    else this.#byName.set(comparableName(name), new Certificate(text))
  }

  /**
   * Any: who asks for another name learns from it that this is not its answer. Throws where there is none.
   */
  get first(): Certificate {
    for (const certificate of this.#byName.values()) return certificate
    throw new Error('no challenge is under way')
  }

  find(name: string): Certificate {
    return this.#byName.get(comparableName(name)) ?? this.first
  }
}
