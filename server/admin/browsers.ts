// What browsers say of themselves with what they send: whether it comes from a page of ours.
import { problem } from './problem.ts'

const READING = ['GET', 'HEAD']

/**
 * Refuses a change that a browser sends for a page of somebody else, whatever credential comes with it; null:
 * it is none. Programs send neither header.
 */
export function otherSite(request: Request, isSecure: boolean): Response | null {
  if (READING.includes(request.method)) return null
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  // Where the browser says it itself, it knows better than we do: TLS may have ended in front of us.
  if (site !== null) return site === 'same-origin' ? null : refused(`Sec-Fetch-Site is ${site}`)
  const own = `${isSecure ? 'https' : 'http'}://${request.headers.get('host')?.toLowerCase() ?? ''}`
  return origin === null || origin.toLowerCase() === own ? null : refused(`Origin is not ${own}`)
}

/**
 * Refuses what a page of somebody else reads with the cookie of whoever looks at it. It could not see the
 * answer, but have it made, and hold places of those who follow; cookies of a host go to all of its ports, so
 * that a page behind the gateway is near enough. Null: it is none, or somebody goes there by a link.
 */
export function readForOtherSite({ headers }: Request): Response | null {
  const site = headers.get('sec-fetch-site')
  if (site !== 'cross-site' && site !== 'same-site') return null
  return headers.get('sec-fetch-dest') === 'document' ? null : refused(`Sec-Fetch-Site is ${site}`)
}

const refused = (why: string): Response =>
  problem('cross_site', `This is taken from pages of this gateway only: ${why}.`)
