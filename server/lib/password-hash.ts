// Hashes of passwords as they stand in configs and files: argon2id (PHC string format, RFC 9106) and bcrypt.

/** What is taken, in words. */
const ALLOWED = 'a hash of a password by argon2id or bcrypt'
const MAKE = 'run "sluice hash", which asks for the password and prints one'
const WEAK = 'whoever gets hold of it has the password soon'

export interface NoHash {
  readonly allowed: string
  readonly hint: string
}

const ARGON2 =
  /^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/
/** One of the three is made by each program: they are computed alike. */
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/

/** So much one password may cost: KiB of memory, passes over it, lanes; and rounds as a power of two. */
const MEMORY_KIB = { least: 8, most: 262_144 }
const PASSES_MAX = 16
const LANES_MAX = 16
const COST = { least: 4, most: 16 }

/** Those of other programs, by how they begin. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\$apr1\$|^\$1\$/, `MD5 is no protection: ${WEAK}; ${MAKE}`],
  [/^\{S?SHA\}/i, `SHA-1 is no protection: ${WEAK}; ${MAKE}`],
  [/^\$[56]\$/, `that of crypt(3) by SHA-2 is not read here; ${MAKE}`],
  [/^\$argon2[id]\$/, `only argon2id is read; ${MAKE}`],
  [/^\$(?:y|7|scrypt)\$/, `yescrypt and scrypt are not read here; ${MAKE}`],
  [/^\$(?:argon2id|2[abxy])\$/, `it is not whole, or asks for more than it may; ${MAKE}`],
]

/** What stands against a hash; null: nothing. */
export function whyNoHash(text: string): NoHash | null {
  const argon2 = ARGON2.exec(text)
  if (argon2 !== null) {
    const [memory = 0, passes = 0, lanes = 0] = argon2.slice(1, 4).map(Number)
    const isBounded =
      memory >= MEMORY_KIB.least * lanes && memory <= MEMORY_KIB.most && passes >= 1 && passes <= PASSES_MAX
    if (isBounded && lanes >= 1 && lanes <= LANES_MAX) return null
    return {
      allowed: `m from 8 for each lane to ${MEMORY_KIB.most}, t from 1 to ${PASSES_MAX}, p from 1 to ${LANES_MAX}`,
      hint: MAKE,
    }
  }
  const bcrypt = BCRYPT.exec(text)
  if (bcrypt !== null) {
    const cost = Number(bcrypt[1])
    if (cost >= COST.least && cost <= COST.most) return null
    return { allowed: `a bcrypt hash of cost ${COST.least} to ${COST.most}`, hint: MAKE }
  }
  const other = OTHERS.find(([begin]) => begin.test(text))
  return { allowed: ALLOWED, hint: other?.[1] ?? `no password stands in a config as it is: ${MAKE}` }
}

/** Of a password bcrypt reads no more (the 2b variant; others cut it as well). */
export const BCRYPT_BYTES_MAX = 72

export const isBcrypt = (hash: string): boolean => hash.startsWith('$2')
