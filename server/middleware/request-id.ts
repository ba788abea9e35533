// Which id a request has: its own where whoever sends it is believed, else one that is made.
import { randomBytes } from 'node:crypto'
import type { RequestHead } from '../head/request-head.ts'
import type { Middleware } from './middleware.ts'
import type { RequestIdConfig } from './request-id.options.ts'

const OURS = 'x-request-id'

/** Decides on the id of an exchange, and tells it to servers and clients. */
export function requestId({ header, format, trust, response }: RequestIdConfig): Middleware {
  const lower = header.toLowerCase()
  const given = format === 'trace' ? traceOf : (request: RequestHead) => sane(request.get(lower))
  const isOurs = lower === OURS
  return {
    name: 'request_id',
    isPure: true,
    request(x) {
      const isBelieved = trust === 'always' || (trust === 'trusted_proxies' && x.client.trusted)
      const known = isBelieved ? given(x.request) : null
      // One of our own kind is there already, unless it was a proxy's that is not to be believed.
      if (known !== null) x.id = known
      else if (format !== 'short') x.id = format === 'uuid' ? Bun.randomUUIDv7() : newTrace()
      else if (x.client.trusted) x.id = randomBytes(12).toString('hex')
      if (isOurs) return undefined // each request is written with it
      x.request.remove(OURS)
      x.request.set(header, x.id)
      return undefined
    },
    ...(response && { response: (x, head) => head.set(header, x.id) }),
  }
}

const sane = (value: string | null): string | null =>
  value !== null && /^[!-~]{1,128}$/.test(value) ? value : null

/** W3C Trace Context §3.2: a version other than ff, the trace id, which is not all zeros, parent, flags. */
function traceOf(request: RequestHead): string | null {
  const given = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(
    request.get('traceparent') ?? '',
  )?.[1]
  return given === undefined || /^0+$/.test(given) ? null : given
}

/** Of requests that bring none. */
const newTrace = (): string => randomBytes(16).toString('hex')
