import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { readKeys } from '../lib/access-files.ts'
import { isKeyHash, type KeyWords, keyWords } from '../lib/key-hash-text.ts'
import { FilePath, KeyHash, MapOf, Name, OneOrMore, ValueOrMap } from '../lib/kinds.ts'
import { SecretPlaceText } from '../tokens/jwt-provider.options.ts'
import { checkUserHeader, PassCredentials, Realm, UserHeader } from './basic-auth.options.ts'
import { ModeOption } from './mode.options.ts'

const KeyOptions = ValueOrMap(
  KeyHash({ description: 'Its hash, as "sluice hash --api-key" prints it.' }),
  Type.Object(
    {
      hash: KeyHash({ description: 'Its hash, as "sluice hash --api-key" prints it.' }),
      expires: Type.Optional(
        Type.String({
          pattern:
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$',
          allowed: 'a date or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z',
          description: 'From then on it is good no more. A date is its begin, in UTC.',
        }),
      ),
      rules: OneOrMore(
        Name({ description: 'A rule.' }),
        'It is good for these rules only. Left out: for all that name it.',
      ),
    },
    { description: 'A key.', also: { key: 'hash', until: 'expires', expiry: 'expires', rule: 'rules' } },
  ),
  { description: 'A key, by its hash.' },
)

export const ApiKeyOptions = Type.Object(
  {
    mode: ModeOption,
    keys: MapOf(
      'user-name',
      OneOrMore(KeyOptions, 'Keys of one owner: a second one while the first is replaced.'),
      'Keys by their owners, whose names stand in the access log.',
    ),
    file: Type.Optional(
      FilePath({
        description:
          'A file of further keys, a line "OWNER HASH" each, then expires=TIME and rules=NAME,NAME where that is meant. One that changes is taken up by itself.',
      }),
    ),
    from: OneOrMore(SecretPlaceText, 'Where clients send it; the first place that has something counts.', [
      'header X-API-Key',
    ]),
    realm: Realm,
    user_header: UserHeader,
    pass_credentials: PassCredentials,
  },
  {
    description:
      'Lets in who has a key; others get 401. Keys stand in the config as SHA-256 only, which is right for random keys of 256 bits: nobody guesses one.',
    usual: { keys: '{}' },
    also: { header: 'from', header_name: 'from', in: 'from', cookie: 'from' },
  },
)
export type ApiKeyConfig = Static<typeof ApiKeyOptions>

export function checkApiKey({ keys, file, user_header: field }: ApiKeyConfig, where: Where): void {
  if (file !== undefined) where.checkLines(['file'], file, readKeys)
  else if (Object.keys(keys).length === 0 && (where.kindOf(['keys']) ?? 'map') === 'map')
    where.report([], {
      code: 'missing-key',
      found: 'no key',
      allowed: 'keys: { OWNER: HASH }',
      hint: '"sluice hash --api-key" makes a key and its hash',
    })
  const checked = new Keys(where)
  for (const [owner, all] of Object.entries(keys))
    for (const [place, one] of all.entries()) checked.check(owner, keyWords(one), place)
  checkUserHeader(field, where)
}

class Keys {
  readonly #where: Where
  readonly #owners = new Map<string, string>()

  constructor(where: Where) {
    this.#where = where
  }

  check(owner: string, { hash, expires }: KeyWords, place: number): void {
    const where = this.#where
    const path = where.kindOf(['keys', owner]) === 'list' ? ['keys', owner, place] : ['keys', owner]
    if (expires !== undefined && Number.isNaN(Date.parse(expires)))
      where.report([...path, 'expires'], {
        code: 'wrong-value',
        found: where.said([...path, 'expires'], expires),
        allowed: 'a day and a time that there are',
      })
    // One that is hidden is nobody's.
    const other = isKeyHash(hash) ? this.#owners.get(hash) : undefined
    if (other !== undefined)
      where.report(path, {
        code: 'duplicate',
        found: `a key that ${JSON.stringify(other)} has as well`,
        allowed: 'each key once',
        hint: 'whose it is could not be told',
      })
    this.#owners.set(hash, owner)
  }
}
