// Who says who somebody is: top-level auth.
import { Type } from '@sinclair/typebox'
import { MapOf } from '../lib/kinds.ts'
import { OidcProviderOptions } from './oidc-provider.options.ts'

export const AuthOptions = Type.Object(
  { oidc: MapOf('name', OidcProviderOptions, 'OpenID Connect providers, by name.') },
  { default: {}, description: 'Who says who somebody is, for steps that ask.' },
)
