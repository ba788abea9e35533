// Keys of APIs as they stand in configs and files. A key is 256 random bits, so one SHA-256 is enough: what
// makes hashes of passwords slow protects words that can be guessed, and nobody guesses these. The digest is
// looked up with each request.
import { createHash } from 'node:crypto'

const BEGIN = 'sha256:'
const FORM = /^sha256:[0-9a-f]{64}$/

export const isKeyHash = (text: string): boolean => FORM.test(text)

/** `sha256:` and the digest in hexadecimal digits. */
export const keyHash = (key: string): string => `${BEGIN}${createHash('sha256').update(key).digest('hex')}`

/** What a config says of a key. */
export interface KeyWords {
  readonly hash: string
  readonly expires?: string
  readonly rules: readonly string[]
}

/** One may be written as its hash alone. */
export const keyWords = (words: string | KeyWords): KeyWords =>
  typeof words === 'string' ? { hash: words, rules: [] } : words
