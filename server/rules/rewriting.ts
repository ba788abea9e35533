// A request on its way to servers as its rule rewrites it, and the heads of their answers turned back. What
// the client sent stays what rules, steps and the log see.
import type { ResponseHead } from '../head/response-head.ts'
import { type Added, added } from '../head/edits.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { Rewrite, Rewritten } from './rewrite.ts'
import type { Told } from './variables.ts'

/** What of an exchange is rewritten. */
export interface Going extends Told {
  readonly request: RequestHead
  readonly rule: (NonNullable<Told['rule']> & { readonly rewrite: Rewrite | null }) | null
  rewritten: Rewritten | null
}

/** Whether something comes of it that a server can be asked. */
export function rewriteRequest(x: Going, rewrite: Rewrite): boolean {
  const made = rewrite.of(x)
  if (made === null) return false
  const { request } = x
  const { target, host, stripped } = made
  x.rewritten = made
  if (target !== null) request.rewritten = target
  if (host !== null) request.set('Host', host)
  if (stripped === null) return true
  if (!request.fields.has(KNOWN.xForwardedOther)) request.setMade(prefixField(stripped))
  else request.set(PREFIX, prefixBefore(request.get(PREFIX.toLowerCase())) + stripped)
  return true
}

const PREFIX = 'X-Forwarded-Prefix'

/** They come from config, so there are few; the bound is for the case that they do not. */
const PREFIXES_MAX = 1024
const prefixes = new Map<string, Added>()

function prefixField(prefix: string): Added {
  const known = prefixes.get(prefix)
  if (known !== undefined) return known
  const made = added(PREFIX, prefix)
  if (prefixes.size < PREFIXES_MAX) prefixes.set(prefix, made)
  return made
}

/** What a trusted proxy before us has taken off, where it says so. */
const prefixBefore = (said: string | null): string =>
  said !== null && /^\/[!-+--~]{0,1023}$/.test(said) ? said.replace(/\/+$/, '') : ''

/** The head of a server's answer, before any step sees it. */
export function turnBack(x: Going, head: ResponseHead): void {
  if (x.rewritten !== null) x.rule?.rewrite?.answer?.(x, x.rewritten, head)
}
