import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, FieldName, FilePath, MapOf, PasswordHash } from '../lib/kinds.ts'
import { readUsers } from '../lib/access-files.ts'
import { isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'
import { ModeOption } from './mode.options.ts'

/** Where servers are told who it is, of each step that finds out. */
export const UserHeader = Type.Optional(
  FieldName({
    description:
      'Field in which servers are told who it is. One that a client sends itself never gets to them. Left out: they are not told.',
  }),
)

export const PassCredentials = Type.Boolean({
  default: false,
  description: 'Whether servers get the credentials as well; else they are taken out of the request.',
})

export const Realm = Type.String({
  default: 'Restricted',
  pattern: '^[ !#-\\[\\]-~]{1,128}$',
  allowed: 'up to 128 letters, digits, signs and spaces (ASCII) without \'"\' and "\\"',
  description: 'What is said to be guarded: browsers show it, and keep credentials by it.',
})

export const BasicAuthOptions = Type.Object(
  {
    mode: ModeOption,
    users: MapOf(
      'user-name',
      PasswordHash({ description: 'Hash of the password, as "sluice hash" prints it.' }),
      'Users and the hashes of their passwords: argon2id or bcrypt.',
      { secret: true },
    ),
    file: Type.Optional(
      FilePath({
        description:
          'A file of further users, a line "NAME:HASH" each (htpasswd). One that changes is taken up by itself; a name of `users` goes before.',
      }),
    ),
    realm: Realm,
    user_header: UserHeader,
    pass_credentials: PassCredentials,
    remember: Duration({
      default: '5m',
      least: '0s',
      most: '1d',
      description:
        'So long each worker remembers that a password was right: to find out takes some 30 ms of a core.',
    }),
    failures: Type.Object(
      {
        max: Type.Integer({
          default: 20,
          minimum: 1,
          maximum: 100_000,
          description: 'So many wrong passwords a client may send to a worker in that time.',
        }),
        per: Duration({ default: '1m', least: '1s', most: '1d', description: 'The time for `max`.' }),
      },
      {
        default: {},
        description:
          'Clients that were wrong more often get 429 until the time is over, but for passwords that are known to be right. An IPv6 network (/64) is one client.',
      },
    ),
  },
  {
    description:
      'Lets in who has a user name and its password (RFC 7617); others get 401. Write it for TLS only: the password comes with each request.',
    usual: { users: '{}' },
    also: {
      htpasswd: 'file',
      users_file: 'file',
      auth_basic_user_file: 'file',
      credentials: 'users',
      user: 'users',
      forward_user: 'user_header',
      header_field: 'user_header',
    },
    lacks: { password: 'users: { NAME: HASH }, with a hash that "sluice hash" prints' },
  },
)
export type BasicAuthConfig = Static<typeof BasicAuthOptions>

export function checkBasicAuth({ users, file, user_header: field }: BasicAuthConfig, where: Where): void {
  if (file !== undefined) where.checkLines(['file'], file, readUsers)
  else if (Object.keys(users).length === 0 && (where.kindOf(['users']) ?? 'map') === 'map')
    where.report([], {
      code: 'missing-key',
      found: 'no user',
      allowed: 'users: { NAME: HASH }',
      hint: '"sluice hash" makes a hash of a password',
    })
  for (const name of Object.keys(users))
    if (name.includes(':'))
      where.report(['users', name], {
        code: 'wrong-value',
        found: 'a user name with ":" in it',
        allowed: 'names without ":": it ends the name in what clients send (RFC 7617)',
      })
  checkUserHeader(field, where)
}

/** Also of other steps. */
export function checkUserHeader(field: string | undefined, where: Where, path = ['user_header']): void {
  if (field !== undefined && (isOwnOnRequest(field, 'set') || field.toLowerCase() === 'host'))
    where.report(path, { code: 'conflict', found: `the field ${where.quoted(path, field)}`, ...OWN_FIELD })
}
