// sluice hash: hashes for basic_auth and api_key.
import { randomBytes } from 'node:crypto'
import { keyHash } from '../lib/key-hash-text.ts'
import { BCRYPT_BYTES_MAX } from '../lib/password-hash.ts'
import { anyPassword, PASSWORD_OPTION } from './admin/ask-password.ts'
import { readArgs } from './args.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints the hash of a password, for users of basic_auth or a file of them, or makes a key for api_key. It changes nothing.

Usage: sluice hash [--bcrypt] [--user NAME] [--password-file FILE]
       sluice hash --api-key [--password-file FILE]

      --bcrypt              by bcrypt, cost 10, which other programs read as well; default: argon2id, 19 MiB, two passes
      --user NAME           the line of a file of users: NAME:HASH
      --api-key             a new key of 256 random bits and its hash; with --password-file the hash of that key
      --password-file FILE  read the password from a file; "-" is stdin. Without it, it is asked for at a terminal
                            and not shown, and read from stdin where there is none
  -h, --help                this text

A key is shown this once: only its hash belongs into a config.
Exit code: 0 done; 1 there is no password, or none that can be hashed so; 2 wrong usage.
`

const OPTIONS = {
  ...PASSWORD_OPTION,
  bcrypt: { takes: 'flag' },
  'api-key': { takes: 'flag' },
  user: { takes: 'value' },
} as const

const ARGON2 = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
const BCRYPT = { algorithm: 'bcrypt', cost: 10 } as const

/** Prints a hash. */
export async function hash(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: OPTIONS })
  if ('problem' in read) return usageLine('hash', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const user = read.value('user')
  const isKey = read.flag('api-key')
  if (isKey && (user !== null || read.flag('bcrypt')))
    return usageLine('hash', '"--api-key" goes with neither "--bcrypt" nor "--user"', io)
  if (user !== null && !/^[^:\p{Cc}]+$/u.test(user))
    return usageLine('hash', 'a user name has no ":" and no control characters', io)
  if (isKey && read.value('password-file') === null) {
    const key = randomBytes(32).toString('base64url')
    io.stdout(`key:  ${key}\nhash: ${keyHash(key)}\n`)
    return 0
  }
  const password = await anyPassword(read, io)
  const problem = typeof password !== 'string' ? password.problem : whyNot(password, read.flag('bcrypt'))
  if (typeof password !== 'string' || problem !== null) {
    io.stderr(`sluice hash: ${problem}\n`)
    return 1
  }
  const made = isKey
    ? keyHash(password)
    : await Bun.password.hash(password, read.flag('bcrypt') ? BCRYPT : ARGON2)
  io.stdout(`${user === null ? '' : `${user}:`}${made}\n`)
  return 0
}

function whyNot(password: string, isBcrypt: boolean): string | null {
  if (password === '') return 'the password is empty'
  if (isBcrypt && Buffer.byteLength(password) > BCRYPT_BYTES_MAX)
    return `bcrypt reads ${BCRYPT_BYTES_MAX} bytes of a password, and this one is longer: leave out --bcrypt`
  return null
}
