// The closed list of middleware.
import { bodyLimit } from './body-limit.ts'
import { headers } from './headers.ts'
import { ip } from './ip.ts'
import type { Middleware } from './middleware.ts'
import type { MiddlewareConfig } from './middleware.options.ts'

/** Makes the step that one item of a rule's `middleware` names. */
export function makeStep(config: MiddlewareConfig): Middleware<unknown> {
  if (config.body_limit !== undefined) return bodyLimit(config.body_limit)
  if (config.headers !== undefined) return headers(config.headers)
  if (config.ip !== undefined) return ip(config.ip)
  throw new RangeError(`no middleware is called ${Object.keys(config).join(', ') || '""'}`)
}
