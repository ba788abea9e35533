// Certificates that came to be in the gateway, in its data folder: chain and key in one file, so that both
// are always of one making.
import { join } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import type { PemPair } from '../../tls/certificate.ts'

const FILE_BYTES_MAX = 1_048_576
const KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----\n?/

export class KeptPairs {
  readonly #folder: string
  readonly #kind: string

  /** `kind`: how they came to be; a word that is good in names of files. */
  constructor(data: string, kind: string) {
    this.#folder = join(data, 'certificates')
    this.#kind = kind
  }

  /** Null: there is none that can be read. */
  read(name: string): PemPair | null {
    try {
      const text = Buffer.from(readBounded(this.#file(name), FILE_BYTES_MAX)).toString('latin1')
      const [key] = KEY.exec(text) ?? []
      return key === undefined ? null : { cert: text.replace(key, ''), key }
    } catch {
      return null
    }
  }

  /** For this user alone, and there also after a power cut. Throws when it cannot. */
  write(name: string, { cert, key }: PemPair): void {
    writeWhole(this.#file(name), `${key}${cert}`, { isLasting: true })
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.${this.#kind}.pem`)
  }
}
