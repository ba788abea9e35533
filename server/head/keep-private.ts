// Answers with a cookie for one client, which no cache is to keep for others.
import type { ResponseHead } from './response-head.ts'

/**
 * RFC 9111 §7.3: Set-Cookie keeps no cache from storing an answer, and all who are given that would have the
 * cookie of one.
 */
export function keepPrivate(head: ResponseHead): void {
  const field = head.edits === null ? head.values('cache-control').join(', ') : head.get('cache-control')
  const said = (field ?? '').split(',').map((one) => one.trim())
  if (said.some((one) => /^(?:no-store|private)$/i.test(one))) return
  const left = said.filter((one) => one !== '' && !/^(?:public|s-maxage\b.*)$/i.test(one))
  head.set('Cache-Control', ['private', ...left].join(', '))
}
