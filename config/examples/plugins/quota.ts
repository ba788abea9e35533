// A step of one's own: requests of each tenant and day, told to the client, and refused above its plan. The
// counts are those of one worker; rate_limit counts over all of them.
import type { Check, Middleware, RateLimitKey } from 'sluice/plugin'
import { dayOf } from './day.ts'

interface Options {
  /** Requests a day by tenant. */
  readonly plans: Readonly<Record<string, number>>
  /** Of tenants without a plan. */
  readonly others: number
}

export const check: Check<Options> = ({ plans, others }) =>
  [
    typeof plans === 'object' && plans !== null ? '' : 'plans must be a map of tenants and numbers',
    Number.isInteger(others) && others >= 0 ? '' : 'others must be a whole number',
  ].filter((problem) => problem !== '')

export const middleware: Middleware<Options> = ({ plans, others }) => {
  let today = ''
  const used = new Map<string, number>()
  return {
    request(request) {
      const day = dayOf(new Date())
      if (day !== today) used.clear()
      today = day
      const tenant = request.header('X-Tenant') ?? 'nobody'
      const plan = plans[tenant] ?? others
      const count = (used.get(tenant) ?? 0) + 1
      used.set(tenant, count)
      request.setHeader('X-Quota-Left', String(Math.max(0, plan - count)))
      if (count <= plan) return undefined
      return { status: 429, body: `${tenant} has used its ${plan} requests of ${day}.\n` }
    },
    response(request, answer) {
      answer.setHeader('X-Quota-Left', request.header('X-Quota-Left') ?? '0')
    },
  }
}

/** Tenants are told apart by the first part of their host. */
export const rateLimitKey: RateLimitKey = (request) => request.host.split('.')[0] ?? null
