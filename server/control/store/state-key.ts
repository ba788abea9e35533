// The key beside state.db: what must be read again, such as secrets of TOTP, is sealed with it, so that a
// copy of the database alone gives nothing away. Without it those secrets are lost, and only those.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import { StoreProblem } from './store-problem.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What a key is for; keys for different things say nothing of each other. */
export type Purpose = 'totp' | 'jwt' | 'account' | 'csrf' | 'etag' | 'cookie' | 'sticky' | 'session'

export class StateKey {
  readonly #path: string
  #key: Uint8Array | null = null

  /** Of a data folder. It is read, or made, once it is needed. */
  constructor(data: string) {
    this.#path = join(data, 'state.key')
  }

  /** So that it is known where its file is taken away; one that is not there is not made. */
  remember(): void {
    if (this.#key === null && existsSync(this.#path)) this.#key = keyIn(this.#path)
  }

  /** The folder is another one: its key counts. Where it has none, ours is kept there. */
  reopen(): void {
    if (this.#key !== null && readKey(this.#path) === null) makeKey(this.#path, this.#key)
    this.#key = null
  }

  /** The key for a purpose (HKDF, RFC 5869). */
  derive(purpose: Purpose): Uint8Array {
    this.#key ??= keyIn(this.#path)
    return new Uint8Array(hkdfSync('sha256', this.#key, '', `sluice ${purpose}`, KEY_BYTES))
  }

  /** The same for the same text, and to nobody without the key. */
  markOf(purpose: Purpose, text: string): Uint8Array {
    return createHmac('sha256', this.derive(purpose)).update(text).digest()
  }

  /** AES-256-GCM; `of` is bound to it: what is sealed for one user opens for no other. */
  seal(purpose: Purpose, plain: Uint8Array, of: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.derive(purpose), nonce).setAAD(Buffer.from(of))
    const sealed = [nonce, cipher.update(plain), cipher.final()]
    return Buffer.concat([...sealed, cipher.getAuthTag()])
  }

  /** Null: it was sealed with another key, or for somebody else. */
  open(purpose: Purpose, sealed: Uint8Array, of: string): Uint8Array | null {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
    const end = sealed.length - TAG_BYTES
    try {
      const key = this.derive(purpose)
      const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      cipher.setAAD(Buffer.from(of)).setAuthTag(sealed.subarray(end))
      return Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES, end)), cipher.final()])
    } catch (error) {
      if (error instanceof StoreProblem) throw error
      return null
    }
  }
}

/** Whether two secrets are the same, in a time that does not tell how much of them is. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)

function keyIn(path: string): Uint8Array {
  try {
    const key = readKey(path) ?? makeKey(path)
    if (key.length === KEY_BYTES) return key
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreProblem(`${path} cannot be used: ${why}`, wayToWrite(error))
  }
  throw new StoreProblem(
    `${path} is no key: ${KEY_BYTES} bytes are expected`,
    'put a copy of it back, or remove it: then a second factor must be set up anew by each user who has one',
  )
}

function readKey(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Whole or not at all, and once, whoever else makes it at the same time. */
function makeKey(path: string, key: Uint8Array = randomBytes(KEY_BYTES)): Uint8Array {
  const fresh = `${path}.${randomUUID()}`
  try {
    writeFileSync(fresh, key, { mode: 0o600, flag: 'wx', flush: true })
    handToOwner(fresh, dirname(path))
    linkSync(fresh, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    // On a full disk it is there and empty: each try would leave another one.
    rmSync(fresh, { force: true })
  }
  return readFileSync(path)
}
