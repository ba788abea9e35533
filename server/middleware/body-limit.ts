import type { BodyLimitConfig } from './body-limit.options.ts'
import type { Middleware } from './middleware.ts'

/** Replaces the listener's limit on request bodies; the codec that reads the body holds it. */
export function bodyLimit({ size }: BodyLimitConfig): Middleware {
  return {
    name: 'body_limit',
    request(x) {
      x.bodyLimit = size
      return undefined
    },
  }
}
