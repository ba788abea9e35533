// TLS of the checks: for each backend that has some, as its requests speak it.
import { clientTlsOf, type FileTexts, textsOf } from '../../backends/tls.ts'
import { guarded } from '../../lib/bug.ts'
import type { Config } from '../../config/schema.ts'
import type { ClientTls } from '../../tls/server-tls.ts'

type BackendWords = Config['backends'][string]

export class CheckTls {
  readonly #byBackend = new Map<string, ClientTls>()

  /** That of a backend; null: its checks speak none. One that says the same as before is the same. */
  of(backend: string, words: BackendWords, files: FileTexts): ClientTls | null {
    if (words.health_check === undefined) return null
    const tls = clientTlsOf(words, files, this.#byBackend.get(backend) ?? null)
    if (tls === null) this.#byBackend.delete(backend)
    else this.#byBackend.set(backend, tls)
    return tls
  }

  /** Files of the config that is served say something else. */
  filesChanged({ backends }: Config, files: FileTexts): void {
    for (const [name, tls] of this.#byBackend) {
      const words = backends[name]
      if (words !== undefined) guarded(() => tls.replace(textsOf(words.tls, files)))
    }
  }
}
