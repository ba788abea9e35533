import { faultAnswer } from '../head/answer.ts'
import type { BodyLimitConfig } from './body-limit.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

/**
 * Replaces the listener's limit on request bodies; the codec that reads the body holds it. In shadow the
 * listener's limit stays, and a body that has come and is larger is told at the end.
 */
export function bodyLimit({ size, mode }: BodyLimitConfig, { refuse }: StepWorld): Middleware {
  const refusal = faultAnswer('body_too_large')
  if (mode === 'shadow')
    return { name: 'body_limit', end: (x) => void (x.bytesIn > size && refuse(x, refusal)) }
  return {
    name: 'body_limit',
    isPure: true,
    explain: () => ({ why: `bodies of up to ${size} bytes`, depends: true }),
    request(x) {
      x.bodyLimit = size
      return undefined
    },
  }
}
