// The closed list of middleware, as config knows it; index.ts beside it makes the steps.
import { Type, type Static } from '@sinclair/typebox'
import { BodyLimitOptions } from './body-limit.options.ts'
import { HeadersOptions } from './headers.options.ts'
import { IpOptions } from './ip.options.ts'

export const MiddlewareOptions = Type.Object(
  {
    body_limit: Type.Optional(BodyLimitOptions),
    headers: Type.Optional(HeadersOptions),
    ip: Type.Optional(IpOptions),
  },
  { minProperties: 1, maxProperties: 1, description: 'One step: its name and its options.' },
)
export type MiddlewareConfig = Static<typeof MiddlewareOptions>
