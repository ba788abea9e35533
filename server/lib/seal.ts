// Texts that are given to others and come back, and that nobody else reads or makes: JWE in compact form with
// "dir" and A256GCM (RFC 7516 §3.1, RFC 7518 §4.5, §5.3). At once, not by WebCrypto: a request that shows one
// need not wait.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const KEY_BYTES = 32
/** RFC 7518 §5.3: 96 bits, made anew for each; under one key 2^32 of them are safe (NIST SP 800-38D §8.3). */
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The only header that is made, and that is read: nobody else says how one is to be opened. */
const HEADER = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')
const AAD = Buffer.from(HEADER, 'latin1')
const SHAPE = /^([\w-]+)\.\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/

export class Seal {
  readonly #keys: readonly Uint8Array[]

  /** The first secret seals, all open. `purpose`: what is sealed for another one is none of these. */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map(
      (secret) => new Uint8Array(hkdfSync('sha256', secret, '', `sluice ${purpose}`, KEY_BYTES)),
    )
    if (this.#keys.length === 0) throw new RangeError('a seal needs a secret')
  }

  seal(text: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0] ?? '', nonce).setAAD(AAD)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64url')
    return `${HEADER}..${nonce.toString('base64url')}.${sealed}.${cipher.getAuthTag().toString('base64url')}`
  }

  /** What was sealed; null: it is none of ours. */
  open(sealed: string): string | null {
    const [, header, nonce = '', text = '', tag = ''] = SHAPE.exec(sealed) ?? []
    if (header !== HEADER) return null
    const bytes = Buffer.from(text, 'base64url')
    for (const key of this.#keys) {
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(AAD)
        .setAuthTag(Buffer.from(tag, 'base64url'))
      const opened = finished(decipher, bytes)
      if (opened !== null) return opened
    }
    return null
  }
}

function finished(decipher: ReturnType<typeof createDecipheriv>, bytes: Buffer): string | null {
  try {
    return Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8')
  } catch {
    // Its tag is that of another key, or of another text.
    return null
  }
}
