// A user of the config, who stays.
import { longTermKey, type PasswordAlgorithm } from '../bytes/integrity.ts'
import { PASSWORD_ALGORITHMS } from '../bytes/stun.ts'

/** Its keys are made once, for each algorithm. */
export class LastingUser {
  readonly name: string
  readonly #realm: string
  readonly #password: string
  readonly #keys = new Map<PasswordAlgorithm, Uint8Array>()

  constructor(name: string, realm: string, password: string) {
    this.name = name
    this.#realm = realm
    this.#password = password
    for (const algorithm of [PASSWORD_ALGORITHMS.MD5, PASSWORD_ALGORITHMS.SHA256])
      this.#keys.set(algorithm, longTermKey(algorithm, name, realm, password))
  }

  /**
   * The key goes by the name as it was sent: another spelling of it makes another key. Null: it was sent as a
   * hash.
   */
  key(algorithm: PasswordAlgorithm, sent: string | null): Uint8Array {
    const kept = sent === null || sent === this.name ? this.#keys.get(algorithm) : undefined
    return kept ?? longTermKey(algorithm, sent ?? this.name, this.#realm, this.#password)
  }
}
