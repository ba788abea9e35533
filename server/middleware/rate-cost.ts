// How many requests a request counts for.
import type { Exchange } from '../http/exchange.ts'
import { Asked } from '../rules/asked.ts'
import { loosen, normalise } from '../rules/path.ts'
import { conditionTest, type Test } from '../rules/tests.ts'
import { NO, UNCLEAR, type Verdict, YES } from '../rules/verdict.ts'
import type { RateLimitConfig } from './rate-limit.options.ts'

export type Cost = (x: Pick<Exchange, 'request' | 'client'> & Partial<Pick<Exchange, 'tokens'>>) => number

/**
 * The cost of the first condition that holds, else that of all others. Where readers of a request could judge
 * one differently it is the dearer way: nobody gets a cheaper request by writing something twice.
 */
export function rateCost({ cost, costs }: Pick<RateLimitConfig, 'cost' | 'costs'>): Cost {
  if (costs.length === 0) return () => cost
  const tests = costs.map((one) => ({ test: conditionTest(one.match), cost: one.cost }))
  const asked = new Asked()
  return ({ request, client, tokens = null }) => {
    asked.begin(request, tokens === null ? client : { ...client, tokens })
    const normal = normalise(request.path) ?? request.path
    const loose = request.plainPath && !/\/\/|;/.test(request.path) ? normal : loosen(request.path)
    let least = 0
    for (const one of tests) {
      const verdict = judge(one.test, asked, normal, loose)
      if (verdict === NO) continue
      least = Math.max(least, one.cost)
      if (verdict === YES) return least
    }
    return Math.max(least, cost)
  }
}

function judge(test: Test, asked: Asked, normal: string, loose: string): Verdict {
  asked.path = normal
  const verdict = test(asked)
  if (loose === normal) return verdict
  asked.path = loose
  return test(asked) === verdict ? verdict : UNCLEAR
}
