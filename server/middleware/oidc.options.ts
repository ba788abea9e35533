import { Type, type Static } from '@sinclair/typebox'
import { MapOf, Name } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'
import { TextPattern } from '../rules/value.options.ts'

export const OidcOptions = Type.Object(
  {
    mode: ModeOption,
    provider: Name({ description: 'A provider of auth.oidc.' }),
    optional: Type.Boolean({
      default: false,
      description: 'Who is not signed in passes, too, without the fields; servers decide.',
    }),
    claims: Type.Unsafe<Record<string, (typeof TextPattern)['static']>>({
      ...MapOf(
        'query-name',
        TextPattern,
        'Claims that must be so; of a list one member must. "a.b" is b within a. Others get 403.',
      ),
    }),
  },
  {
    description:
      'Has people sign in with an identity provider (OpenID Connect): browsers are sent to its page and back, others get 401.',
    usual: { provider: 'NAME' },
    also: { name: 'provider', require: 'claims', allowed: 'claims', claims_required: 'claims' },
  },
)
export type OidcConfig = Static<typeof OidcOptions>
