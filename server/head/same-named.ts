// Fields of a request that must come from nobody but us.
import { KNOWN } from './known-fields.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Takes all fields of these lower-case names out of a request, and those that some servers take for them:
 * spelled with underscores (RFC 3875 §4.1.18).
 */
export function takeOutNamed(request: RequestHead, names: ReadonlySet<string>): void {
  const { fields } = request
  for (const name of names) request.remove(name)
  if (!fields.has(KNOWN.underscore) && !fields.has(KNOWN.disguised)) return
  for (let f = 0; f < fields.count; f++) {
    const name = fields.name(f).toLowerCase()
    if (name.includes('_') && names.has(name.replaceAll('_', '-'))) request.remove(name)
  }
}
