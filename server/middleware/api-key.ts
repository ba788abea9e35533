// Keys of APIs: whoever shows one is its owner.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHead } from '../head/request-head.ts'
import { takeOutNamed } from '../head/same-named.ts'
import { readKeys, utf8Text } from '../lib/access-files.ts'
import { unixSeconds } from '../lib/clock.ts'
import { keyWords } from '../lib/key-hash-text.ts'
import { Access, foreseen, identityOf, type Refusal } from './access.ts'
import type { ApiKeyConfig } from './api-key.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { fieldText } from '../rules/template-escapes.ts'
import { hidePlaces, placeOf, secretIn, takeOut } from '../tokens/secret-places.ts'

interface Key {
  readonly owner: string
  readonly digest: Buffer
  /** ms since 1970. */
  readonly untilMs: number
  readonly isHere: boolean
}

/** Nobody's key is longer. */
const KEY_CHARS_MAX = 1024

export function apiKey(options: ApiKeyConfig, world: StepWorld): Middleware {
  const { realm, user_header: field, pass_credentials: isPassed } = options
  const places = options.from.map(placeOf)
  hidePlaces(places)
  const ours = new Set(field === undefined ? [] : [field.toLowerCase()])
  const keys = keysOf(options, world)
  const access = new Access('api_key', world)
  // RFC 9110 §11.6.1: a 401 says how to do better. No scheme is registered for keys in fields of their own.
  const scheme = places.some(({ name }) => name === 'authorization') ? 'Bearer' : 'ApiKey'
  const headers = [['WWW-Authenticate', `${scheme} realm="${realm}"`]] as const
  const refusal = (code: Refusal['code'], why: string): Refusal =>
    code === 'denied' ? { code, why } : { code, why, headers }
  /** Whose key it is, and why it does not pass; null: it does. */
  const judge = (request: RequestHead): { owner: string | null; refusal: Refusal | null } => {
    const found = secretIn(request, places)
    if (found === null) return { owner: null, refusal: refusal('credentials_missing', 'no key') }
    const key = found === 'odd' ? null : keyOf(found.text, keys)
    if (key === null) {
      const why = found === 'odd' ? 'two keys that differ' : 'no such key'
      return { owner: null, refusal: refusal('credentials_wrong', why) }
    }
    const { owner, untilMs, isHere } = key
    if (unixSeconds() * 1000 >= untilMs)
      return { owner: null, refusal: refusal('credentials_wrong', `the key of ${owner} has expired`) }
    return { owner, refusal: isHere ? null : refusal('denied', `the key of ${owner} is for other rules`) }
  }
  return {
    name: 'api_key',
    request(x) {
      const { request } = x
      const { owner, refusal: refused } = judge(request)
      if (field !== undefined) takeOutNamed(request, ours)
      if (owner !== null) x.identity = identityOf('api_key', owner)
      if (refused !== null) return access.refused(x, refused)
      if (!isPassed) takeOut(request, places)
      if (field !== undefined && owner !== null) request.set(field, fieldText(owner))
      return access.passed()
    },
    explain(x) {
      const { owner, refusal: refused } = judge(x.request)
      return refused === null ? { why: `the key of ${owner}`, depends: false } : foreseen(refused)
    },
  }
}

/**
 * It is found by its digest, of which nobody can choose a part without knowing the key: how long that takes
 * tells nothing of others.
 */
function keyOf(text: string, keys: ReadonlyMap<string, Key>): Key | null {
  if (text.length > KEY_CHARS_MAX) return null
  const digest = createHash('sha256').update(text, 'latin1').digest()
  const key = keys.get(digest.toString('latin1'))
  return key !== undefined && timingSafeEqual(key.digest, digest) ? key : null
}

function keysOf({ keys, file }: ApiKeyConfig, { rule, textOf }: StepWorld): Map<string, Key> {
  const read = file === undefined ? [] : readKeys(utf8Text(textOf(file)))
  if ('line' in read) throw new RangeError(`${file}: line ${read.line} ${read.why}`)
  const own = Object.entries(keys).flatMap(([owner, all]) =>
    all.map((one) => [owner, keyWords(one)] as const),
  )
  const made = new Map<string, Key>()
  for (const [owner, { hash, expires, rules }] of [...read, ...own]) {
    const digest = Buffer.from(hash.slice(hash.indexOf(':') + 1), 'hex')
    const untilMs = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires)
    const isHere = rules.length === 0 || rules.includes(rule)
    made.set(digest.toString('latin1'), { owner, digest, untilMs, isHere })
  }
  return made
}
