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

const refused = (why: string): Response =>
  problem('cross_site', `Changes are taken from pages of this gateway only: ${why}.`)
