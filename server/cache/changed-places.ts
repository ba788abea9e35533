// What an unsafe request may have changed (RFC 9111 §4.4): its own target, and what its answer names of the
// same host.
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'

export interface ChangedPlace {
  readonly host: string
  readonly target: string
}

export function changedPlaces(request: RequestHead, head: ResponseHead): ChangedPlace[] {
  const { host, target } = request
  const places = [{ host, target }]
  for (const name of ['location', 'content-location']) {
    const value = head.get(name)
    const named = value === null ? null : targetIn(value, host, target)
    if (named !== null && named !== target) places.push({ host, target: named })
  }
  return places
}

/** Null: of another host, or nothing that can be read. */
function targetIn(reference: string, host: string, target: string): string | null {
  const base = URL.parse(`http://${host}${target}`)
  const url = base === null ? null : URL.parse(reference, base.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  return url.hostname === base?.hostname ? `${url.pathname}${url.search}` : null
}
