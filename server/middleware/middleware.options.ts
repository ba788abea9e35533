// The closed list of middleware, as config knows it; index.ts beside it makes the steps.
import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { ApiKeyOptions, checkApiKey } from './api-key.options.ts'
import { BandwidthLimitOptions, checkBandwidthLimit } from './bandwidth-limit.options.ts'
import { BasicAuthOptions, checkBasicAuth } from './basic-auth.options.ts'
import { BodyLimitOptions } from './body-limit.options.ts'
import { CacheOptions } from './cache.options.ts'
import { CompressOptions } from './compress.options.ts'
import { ConcurrencyOptions } from './concurrency.options.ts'
import { checkCors, CorsOptions } from './cors.options.ts'
import { checkCsrf, CsrfOptions } from './csrf.options.ts'
import { DecompressOptions } from './decompress.options.ts'
import { checkErrorPages, ErrorPagesOptions } from './error-pages.options.ts'
import { checkFaults, FaultsOptions } from './faults.options.ts'
import { checkGeoWords, GeoStepOptions } from './geo.options.ts'
import { checkForwardAuth, ForwardAuthOptions } from './forward-auth.options.ts'
import { checkHeaders, HeadersOptions } from './headers.options.ts'
import { checkIp, IpOptions } from './ip.options.ts'
import { OidcOptions } from './oidc.options.ts'
import { checkHeaderLimit, HeaderLimitOptions } from './header-limit.options.ts'
import { checkJwt, JwtOptions } from './jwt.options.ts'
import { PluginStepOptions } from './plugin.options.ts'
import { checkRateLimit, RateLimitOptions } from './rate-limit.options.ts'
import { checkReplace, ReplaceOptions } from './replace.options.ts'
import { checkRequestId, RequestIdOptions } from './request-id.options.ts'
import { checkSecurityHeaders, SecurityHeadersOptions } from './security-headers.options.ts'
import { TarpitOptions } from './tarpit.options.ts'

export const MiddlewareOptions = Type.Object(
  {
    api_key: Type.Optional(ApiKeyOptions),
    bandwidth_limit: Type.Optional(BandwidthLimitOptions),
    basic_auth: Type.Optional(BasicAuthOptions),
    body_limit: Type.Optional(BodyLimitOptions),
    cache: Type.Optional(CacheOptions),
    compress: Type.Optional(CompressOptions),
    concurrency: Type.Optional(ConcurrencyOptions),
    cors: Type.Optional(CorsOptions),
    csrf: Type.Optional(CsrfOptions),
    decompress: Type.Optional(DecompressOptions),
    error_pages: Type.Optional(ErrorPagesOptions),
    faults: Type.Optional(FaultsOptions),
    geo: Type.Optional(GeoStepOptions),
    forward_auth: Type.Optional(ForwardAuthOptions),
    header_limit: Type.Optional(HeaderLimitOptions),
    headers: Type.Optional(HeadersOptions),
    ip: Type.Optional(IpOptions),
    oidc: Type.Optional(OidcOptions),
    jwt: Type.Optional(JwtOptions),
    plugin: Type.Optional(PluginStepOptions),
    rate_limit: Type.Optional(RateLimitOptions),
    replace: Type.Optional(ReplaceOptions),
    request_id: Type.Optional(RequestIdOptions),
    security_headers: Type.Optional(SecurityHeadersOptions),
    tarpit: Type.Optional(TarpitOptions),
  },
  {
    minProperties: 1,
    maxProperties: 1,
    description: 'One step: its name and its options.',
    also: {
      concurrency_limit: 'concurrency',
      in_flight: 'concurrency',
      ratelimit: 'rate_limit',
      limit_req: 'rate_limit',
      limit_conn: 'concurrency',
      limit_rate: 'bandwidth_limit',
      throttle: 'bandwidth_limit',
      header_limits: 'header_limit',
      buffering: 'body_limit',
    },
  },
)
export type MiddlewareConfig = Static<typeof MiddlewareOptions>
export type MiddlewareName = keyof MiddlewareConfig

/** Of those whose schema cannot say all: what else is asked of their options. */
const CHECKS: {
  readonly [K in MiddlewareName]?: (options: NonNullable<MiddlewareConfig[K]>, where: Where) => void
} = {
  api_key: checkApiKey,
  bandwidth_limit: checkBandwidthLimit,
  basic_auth: checkBasicAuth,
  cors: checkCors,
  csrf: checkCsrf,
  error_pages: checkErrorPages,
  faults: checkFaults,
  forward_auth: checkForwardAuth,
  geo: checkGeoWords,
  header_limit: checkHeaderLimit,
  headers: checkHeaders,
  ip: checkIp,
  jwt: checkJwt,
  rate_limit: checkRateLimit,
  replace: checkReplace,
  request_id: checkRequestId,
  security_headers: checkSecurityHeaders,
}

/** Checks one item of a rule's `middleware`; `at` gives the place of the options under a name. */
export function checkMiddleware(step: MiddlewareConfig, at: (name: MiddlewareName) => Where): void {
  for (const name of Object.keys(step) as MiddlewareName[]) checkOne(name, step[name], at(name))
}

function checkOne<K extends MiddlewareName>(name: K, options: MiddlewareConfig[K], where: Where): void {
  if (options !== undefined) CHECKS[name]?.(options, where)
}
