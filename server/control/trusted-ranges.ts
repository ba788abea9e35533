// Whom the admin listener's documents are for, as addresses.
import type { Config } from '../config/schema.ts'
import { Ranges } from '../lib/ranges.ts'

/** Parsed once for each config. */
export class TrustedRanges {
  #config: Config | null = null
  #ranges = Ranges.parse([])

  of(config: Config | null): Ranges {
    if (config === this.#config) return this.#ranges
    this.#config = config
    this.#ranges = Ranges.parse(config && config.admin !== false ? config.admin.trusted : [])
    return this.#ranges
  }
}
