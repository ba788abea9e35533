// Cross-site request forgery: what a page of another origin has a browser send, with the cookies of this
// site. Browsers say who sends (Fetch Metadata §2.1.1, Fetch §3.2), which no page can change: no token is
// needed. Whoever says neither is no browser of this decade, and has no cookies of somebody else to send.
import { faultAnswer } from '../head/answer.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { Client, Exchange } from '../http/exchange.ts'
import { DEFAULT_PORTS } from '../lib/origin.ts'
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS } from '../tables/methods.ts'
import type { CsrfConfig } from './csrf.options.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { Origins } from './origins.ts'

/** Refuses what changes something and comes from a page of another origin. */
export function csrf({ trusted, upgrades }: CsrfConfig, world: StepWorld): Middleware {
  const friends = new Origins(trusted)
  const decided = new Decisions('csrf_requests_total', world)
  const asksUpgrades = upgrades === 'check'
  return {
    name: 'csrf',
    isPure: true,
    request(x) {
      const { request } = x
      if (isSafe(request) && !(asksUpgrades && request.fields.has(KNOWN.upgrade))) return undefined
      const sender = senderOf(x)
      if (sender === null || (sender.origin !== null && friends.has(sender.origin)))
        return void decided.count('allowed')
      const answer = world.refuse(x, REFUSAL)
      decided.count(answer === undefined ? 'shadow' : 'refused')
      if (answer !== undefined) x.detail = `rules.${world.rule}.csrf: ${sender.said}`
      return answer
    },
  }
}

const REFUSAL = faultAnswer('cross_origin')

/** RFC 9110 §9.2.1, and QUERY: they change nothing. */
function isSafe({ methodId, method }: RequestHead): boolean {
  return (
    methodId === METHOD_GET || methodId === METHOD_HEAD || methodId === METHOD_OPTIONS || method === 'QUERY'
  )
}

interface Sender {
  /** As it was said, once; null: it was not said, or several were. */
  readonly origin: string | null
  readonly said: string
}

/** Another site that has it sent; null: none, or nobody says so. */
function senderOf({ request, client }: Exchange): Sender | null {
  const origins = request.values('origin')
  const sites = request.values('sec-fetch-site')
  const [site] = sites
  const origin = origins.length === 1 ? (origins[0] ?? null) : null
  // 1. Browsers that say it say it best: same-origin, or a person who typed the address ("none").
  if (sites.length === 1 && (site === 'same-origin' || site === 'none') && origins.length <= 1) return null
  if (sites.length > 0)
    return { origin, said: `Sec-Fetch-Site ${JSON.stringify(sites.join(', ').slice(0, 64))}` }
  // 2. Older ones name the origin alone; who names none is no browser.
  if (origins.length === 0) return null
  if (origin !== null && isOwn(origin, request, client)) return null
  return { origin, said: `Origin ${JSON.stringify(origins.join(', ').slice(0, 128))}` }
}

/**
 * Whether an origin is that of the site itself. A page that came in the clear is none of a site in TLS; the
 * other way round TLS may have ended before us.
 */
function isOwn(origin: string, { authority }: RequestHead, client: Client): boolean {
  const end = origin.indexOf('://')
  const scheme = origin.slice(0, end)
  if (end === -1 || (scheme !== 'https' && scheme !== client.scheme)) return false
  const port = `:${DEFAULT_PORTS[scheme]}`
  const host = authority.raw.latin1Slice().toLowerCase()
  return origin.slice(end + 3) === (host.endsWith(port) ? host.slice(0, -port.length) : host)
}
