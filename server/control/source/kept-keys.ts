// The keys of issuers in the data folder, so that a gateway that starts while an issuer is away knows them:
// keys/HASH.json, one for each URL, for this user alone.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { whyNoKeys } from '../../lib/jwt-words.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'

const FILE_BYTES_MAX = 4 * 1_048_576

export class KeptKeys {
  readonly #folder: string

  constructor(data: string) {
    this.#folder = join(data, 'keys')
  }

  /** Those that were fetched last; null: none are kept. */
  read(url: string): string | null {
    try {
      const kept: unknown = JSON.parse(Buffer.from(readBounded(this.#fileOf(url), FILE_BYTES_MAX)).toString())
      const { url: from, text } = kept as { readonly url?: unknown; readonly text?: unknown }
      return from === url && typeof text === 'string' && whyNoKeys(text) === null ? text : null
    } catch {
      return null // there is none, or none that could be read: they are fetched
    }
  }

  /** Throws when they cannot be kept. */
  write(url: string, text: string): void {
    writeWhole(this.#fileOf(url), JSON.stringify({ url, text }))
  }

  #fileOf(url: string): string {
    return join(this.#folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.json`)
  }
}
