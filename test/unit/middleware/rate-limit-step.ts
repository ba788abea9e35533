// A rate limit as a step, with a clock.
import type { Answer } from '../../../server/head/answer.ts'
import type { RateLimitConfig } from '../../../server/middleware/rate-limit.options.ts'
import { stepOf, testGround } from '../../support/step-world.ts'
import { exchange, type ExchangeParts } from './exchanges.ts'

export const DEFAULTS: RateLimitConfig = {
  mode: 'enforce',
  requests: 2,
  per: 1000,
  algorithm: 'token_bucket',
  cost: 1,
  costs: [],
  key: ['client_ip'],
  missing: 'client_ip',
  ipv4_prefix: 32,
  ipv6_prefix: 64,
  statuses: [],
  exempt: [],
  status: 429,
  headers: 'refused',
}

/** A step with a clock, and what it counts. */
export function makeStep(options: Partial<RateLimitConfig> = {}) {
  let nowMs = 1_000_000
  const counted: string[] = []
  const limits: string[] = []
  const scratch = testGround()
  const ground = testGround({
    board: scratch.board,
    now: () => nowMs,
    limitReached: (limit) => void limits.push(limit),
    counter: (name, labels) => {
      const counter = scratch.counter(name, labels)
      const key = `${name} ${labels.join(' ')}`
      return Object.assign(Object.create(counter), { add: () => void counted.push(key) })
    },
  })
  const step = stepOf({ rate_limit: { ...DEFAULTS, ...options } }, ground)
  return {
    step,
    ground,
    counted,
    limits,
    wait: (ms: number) => void (nowMs += ms),
    ask: (parts: ExchangeParts = {}) => {
      const x = exchange(parts)
      const note = step.note?.()
      const answer = step.request?.(x, note) as Answer | undefined
      return { x, note, answer, passes: answer === undefined }
    },
  }
}
