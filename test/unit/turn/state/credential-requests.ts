// Requests with credentials of any kind, right and wrong, and what is said to them.
import { Address } from '../../../../server/lib/address.ts'
import { type PasswordAlgorithm, longTermKey } from '../../../../server/turn/bytes/integrity.ts'
import { type Message, decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { OFFERED_ALGORITHMS } from '../../../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, CLASSES, METHODS, PASSWORD_ALGORITHMS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { Credentials, type Denied, type Granted } from '../../../../server/turn/state/credentials.ts'
import { noncesOf } from '../../../../server/turn/state/nonces.ts'
import type { TurnAuthConfig, TurnListenerConfig } from '../../../../server/turn/turn.options.ts'
import { ID } from '../bytes/raw.ts'

const A = ATTRIBUTES
const { MD5, SHA256 } = PASSWORD_ALGORITHMS
export const REALM = 'example.org'
export const NOW_S = 1_790_000_000
export const NOW = NOW_S * 1000
export const TTL_MS = 3_600_000
export const CLIENT = Address.parse('192.0.2.1', 5000)!
export const OTHER_CLIENT = Address.parse('192.0.2.1', 5001)!
const PLAN_KEY = Buffer.alloc(32, 3).toString('hex')

export const AUTH: TurnAuthConfig = {
  users: { alice: 's3cret', bob: 'hunter2' },
  secrets: [],
  strict_expiry: false,
  nonce_ttl: TTL_MS,
}
export const REST: TurnAuthConfig = { ...AUTH, secrets: ['first', 'second'] }

export const credentialsOf = (auth: TurnListenerConfig['auth'], realm = REALM): Credentials =>
  new Credentials(realm, auth, noncesOf(auth, PLAN_KEY))
export const nonceOf = (auth: TurnListenerConfig['auth'], client = CLIENT, unixMs = NOW): string =>
  noncesOf(auth, PLAN_KEY).make(client, unixMs)

/** What a request says; null leaves an attribute out. */
export interface Request {
  readonly auth?: TurnListenerConfig['auth']
  readonly name?: string | Uint8Array | null
  readonly hash?: Uint8Array
  readonly realm?: string | null
  readonly nonce?: string | Uint8Array | null
  readonly password?: string
  /** What the key is made with, where it is not `name`. */
  readonly keyName?: string
  /** The same of `realm`. */
  readonly keyRealm?: string
  readonly list?: Uint8Array
  readonly choice?: Uint8Array
  readonly algorithm?: PasswordAlgorithm
  readonly integrity?: 'sha1' | 'sha256' | 'both' | 'none'
  readonly before?: (writer: MessageWriter) => void
  readonly after?: (writer: MessageWriter) => void
}

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? Buffer.from(text) : text

export function request(asked: Request): Message {
  const { auth = AUTH, name = 'alice', realm = REALM, nonce = nonceOf(auth), password = 's3cret' } = asked
  const writer = new MessageWriter().begin(METHODS.ALLOCATE, CLASSES.REQUEST, ID)
  asked.before?.(writer)
  if (name !== null) writer.bytes(A.USERNAME, bytesOf(name))
  if (asked.hash) writer.bytes(A.USERHASH, asked.hash)
  if (realm !== null) writer.text(A.REALM, realm)
  if (nonce !== null) writer.bytes(A.NONCE, bytesOf(nonce))
  if (asked.list) writer.bytes(A.PASSWORD_ALGORITHMS, asked.list)
  if (asked.choice) writer.bytes(A.PASSWORD_ALGORITHM, asked.choice)
  const keyName = asked.keyName ?? (typeof name === 'string' ? name : '')
  const key = longTermKey(asked.algorithm ?? MD5, keyName, asked.keyRealm ?? realm ?? REALM, password)
  const { integrity = 'sha1' } = asked
  if (integrity === 'sha1' || integrity === 'both') writer.integritySha1(key)
  if (integrity === 'sha256' || integrity === 'both') writer.integritySha256(key)
  asked.after?.(writer)
  const bytes = Buffer.from(writer.finish())
  return decodeMessage(bytes, 0, bytes.length)!
}

interface Where {
  readonly client?: Address
  readonly unixMs?: number
  readonly holder?: string | null
}

export const check = (
  asked: Request,
  { client = CLIENT, unixMs = NOW, holder = null }: Where = {},
): Granted | Denied => credentialsOf(asked.auth ?? AUTH).check(request(asked), { client, unixMs, holder })

/** The code of the answer and whether it is a challenge, or the user. */
export function outcome(asked: Request, where: Where = {}): unknown {
  const found = check(asked, where)
  return found.granted ? found.user : [found.code, found.isChallenge]
}

export const UNAUTHENTICATED = [401, true]
export const STALE = [438, true]
export const BAD = [400, false]
/** What a client of RFC 8489 sends. */
export const NEW: Request = {
  list: OFFERED_ALGORITHMS,
  choice: Uint8Array.of(0, SHA256, 0, 0),
  algorithm: SHA256,
  integrity: 'sha256',
}
