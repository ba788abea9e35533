import { faultAnswer } from '../head/answer.ts'
import { Ranges } from '../lib/ranges.ts'
import type { IpConfig } from './ip.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

/**
 * Lets clients in by address, that of the client behind trusted proxies. What is denied does not pass though
 * it is allowed too, and nor does a client whose address is not known: it may be any.
 */
export function ip({ allow, deny }: IpConfig, { refuse }: StepWorld): Middleware {
  const allowed = Ranges.parse(allow)
  const denied = Ranges.parse(deny)
  const refusal = faultAnswer('denied')
  return {
    name: 'ip',
    isPure: true,
    request(x) {
      const { address } = x.client
      if (address === null || denied.has(address)) return refuse(x, refusal)
      return allowed.empty || allowed.has(address) ? undefined : refuse(x, refusal)
    },
  }
}
