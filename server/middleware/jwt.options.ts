import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { MapOf, Name } from '../lib/kinds.ts'
import { TextPattern } from '../rules/value.options.ts'
import { checkUserHeader, PassCredentials, Realm, UserHeader } from './basic-auth.options.ts'
import { ModeOption } from './mode.options.ts'

export const JwtOptions = Type.Object(
  {
    mode: ModeOption,
    provider: Name({ description: 'Whose tokens are taken: a name below auth.jwt.' }),
    optional: Type.Boolean({
      default: false,
      description: 'Whether requests without a token pass as well. With one that is not good none does.',
    }),
    claims: MapOf(
      'claim-name',
      TextPattern,
      'What a token must say; others get 403. "a.b" is b within a; of a list one item that is so is enough; `has` also finds a word of a text, as of a scope.',
    ),
    realm: Realm,
    user_header: UserHeader,
    pass_credentials: PassCredentials,
  },
  {
    description:
      'Lets in who has a token (JWT) of an issuer that is believed; others get 401. What it says may be told to servers (claims_to_headers of the issuer), be a key of limits, and stand in texts as {claim.NAME}.',
    usual: { provider: '' },
    also: { issuer: 'provider', name: 'provider', require: 'claims', scopes: 'claims' },
    lacks: {
      jwks_url:
        'it stands with the issuer: auth: { jwt: { NAME: { jwks_url: … } } }, and provider: NAME here',
      audience: 'it stands with the issuer, below auth.jwt',
    },
  },
)
export type JwtConfig = Static<typeof JwtOptions>

export function checkJwt({ user_header: field }: JwtConfig, where: Where): void {
  checkUserHeader(field, where)
}
