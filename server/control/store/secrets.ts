// Secrets that we make ourselves: 256 bits of chance. Guessing them is hopeless, so that a plain hash keeps
// them at rest.
import { createHash, randomInt } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits: 5.95 bits each. */
export const randomWord = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

/** 43 of them are 256 bits. */
export const newSecret = (): string => randomWord(43)

/** How it is kept. */
export const hashOf = (secret: string): Uint8Array => createHash('sha256').update(secret).digest()
