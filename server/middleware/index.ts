// The closed list of middleware; middleware.options.ts beside it has their words.
import { apiKey } from './api-key.ts'
import { bandwidthLimit } from './bandwidth-limit.ts'
import { basicAuth } from './basic-auth.ts'
import { bodyLimit } from './body-limit.ts'
import { cache } from './cache.ts'
import { compress } from './compress.ts'
import { concurrency } from './concurrency.ts'
import { cors } from './cors.ts'
import { csrf } from './csrf.ts'
import { decompress } from './decompress.ts'
import { errorPages } from './error-pages.ts'
import { faults } from './faults.ts'
import { geo } from './geo.ts'
import { forwardAuth } from './forward-auth.ts'
import { headerLimit } from './header-limit.ts'
import { headers } from './headers.ts'
import { ip } from './ip.ts'
import { oidc } from './oidc.ts'
import { jwt } from './jwt.ts'
import { plugin } from './plugin.ts'
import { rateLimit } from './rate-limit.ts'
import { replace } from './replace.ts'
import { requestId } from './request-id.ts'
import { securityHeaders } from './security-headers.ts'
import { tarpit } from './tarpit.ts'
import type { Middleware, StepWords, StepWorld } from './middleware.ts'
import type { MiddlewareConfig, MiddlewareName } from './middleware.options.ts'
import type { Mode } from './mode.options.ts'

type Make<K extends MiddlewareName> = (
  options: NonNullable<MiddlewareConfig[K]>,
  world: StepWorld,
) => Middleware<unknown>

export const STEPS: { readonly [K in MiddlewareName]: Make<K> } = {
  api_key: apiKey,
  bandwidth_limit: bandwidthLimit,
  basic_auth: basicAuth,
  body_limit: bodyLimit,
  cache,
  compress,
  concurrency,
  cors,
  csrf,
  decompress,
  error_pages: errorPages,
  faults,
  geo,
  forward_auth: forwardAuth,
  header_limit: headerLimit,
  headers,
  ip,
  oidc,
  jwt,
  plugin,
  rate_limit: rateLimit,
  replace,
  request_id: requestId,
  security_headers: securityHeaders,
  tarpit,
}

/** What an item says, behind what others of its rule say. */
export function wordsOf(config: MiddlewareConfig, before: readonly StepWords[] = []): StepWords {
  for (const [name, options] of Object.entries(config)) {
    if (options === undefined) continue
    if (!Object.hasOwn(STEPS, name)) throw new RangeError(`no middleware is called ${name}`)
    const { mode = 'enforce' } = options as { readonly mode?: Mode }
    const earlier = before.filter((one) => one.name === name).map((one) => one.options)
    return { name: name as MiddlewareName, options, mode, earlier, code: '' }
  }
  throw new RangeError('a step without a name')
}

/** Makes the step that one item names. */
export function makeStep({ name, options }: StepWords, world: StepWorld): Middleware<unknown> {
  return (STEPS[name] as (options: unknown, world: StepWorld) => Middleware<unknown>)(options, world)
}
