// Who says who somebody is: top-level auth.
import { Type } from '@sinclair/typebox'
import { MapOf } from '../lib/kinds.ts'
import { JwtProviderOptions } from '../tokens/jwt-provider.options.ts'
import { OidcProviderOptions } from './oidc-provider.options.ts'

export const AuthOptions = Type.Object(
  {
    jwt: MapOf('name', JwtProviderOptions, 'Issuers of tokens (JWT), by name.'),
    oidc: MapOf('name', OidcProviderOptions, 'OpenID Connect providers, by name.'),
  },
  { default: {}, description: 'Who says who somebody is, for steps that ask.' },
)
