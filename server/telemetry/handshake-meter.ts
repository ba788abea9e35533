// Counts handshakes of clients, by what they came to.
import { LABEL_NONE } from '../tables/metrics.ts'
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

export class HandshakeMeter {
  readonly #registry: Pick<Registry, 'counter'>
  /** By listener, then by version and result. */
  readonly #counters = new Map<string, Map<string, Counter>>()
  /** The same by what came of clients' certificates. */
  readonly #clients = new Map<string, Counter>()

  constructor(registry: Pick<Registry, 'counter'>) {
    this.#registry = registry
  }

  /** `version`: as OpenSSL calls it; null: it did not come so far. */
  ended(listener: string, version: string | null, result: string): void {
    let own = this.#counters.get(listener)
    if (own === undefined) this.#counters.set(listener, (own = new Map()))
    const key = version === null ? result : `${version} ${result}`
    let counter = own.get(key)
    if (counter === undefined) {
      counter = this.#registry.counter('tls_handshakes_total', [listener, version ?? LABEL_NONE, result])
      own.set(key, counter)
    }
    counter.add(1)
  }

  /** What came of a certificate that a client was asked for; `result`: of a closed list. */
  clientCertificate(listener: string, result: string): void {
    const key = `${listener} ${result}`
    let counter = this.#clients.get(key)
    if (counter === undefined) {
      counter = this.#registry.counter('client_certificates_total', [listener, result])
      this.#clients.set(key, counter)
    }
    counter.add(1)
  }
}
