// Formats of hashes: of passwords, and of keys. A config whose secrets are hidden is one as well: those let
// nobody in.
import { isKeyHash } from '../lib/key-hash-text.ts'
import { whyNoHash } from '../lib/password-hash.ts'
import { type Format, no } from './format.ts'
import { HIDDEN } from './hidden.ts'

export const passwordHash: Format = {
  decode(text) {
    const why = whyNoHash(text)
    return why === null || text === HIDDEN ? { value: text } : no(why.allowed, why.hint)
  },
}

export const keyHash: Format = {
  decode: (text) =>
    isKeyHash(text) || text === HIDDEN
      ? { value: text }
      : no(
          '"sha256:" and the SHA-256 of a key in 64 hexadecimal digits, in lower case',
          'no key stands in a config as it is: "sluice hash --api-key" makes one and its hash',
        ),
}

export const claimName: Format = {
  decode: (text) =>
    text !== '' && text.length <= 256 && !/\p{Cc}/u.test(text) && !(text in Object.prototype)
      ? { value: text }
      : no('the name of a claim, or its place within others, as "realm_access.roles"'),
}
