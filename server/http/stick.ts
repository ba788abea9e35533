// What an answer tells its client of the server that its session stays with: Set-Cookie, and to caches that
// it is for this client alone.
import type { Server } from '../backends/server.ts'
import type { Stuck } from '../backends/sticky.ts'
import { keepPrivate } from '../head/keep-private.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Fault } from '../tables/faults.ts'
import type { Client } from './exchange.ts'
import type { Picking } from './picking.ts'

interface Sticking {
  readonly client: Client
  readonly server: Server | null
  readonly fault: Fault | null
  sticky: Stuck | null
}

/** The head of an answer, `isOwn`: of one of ours, for a request that was sent to a backend. */
export function stick(
  x: Sticking,
  { backend, shown, preferred, hasTriedPreferred }: Picking,
  head: ResponseHead,
  isOwn: boolean,
): void {
  const { server } = x
  const { sticky } = backend
  if (sticky === null || shown === null || server === null) return
  const hasFailed = hasTriedPreferred && preferred?.slot !== server.slot
  const stuck = sticky.judge(shown, preferred, server, hasFailed)
  x.sticky = stuck
  if (sticky.words.by === 'learn') {
    const cookies = isOwn ? [] : sticky.learnedFrom(head, server)
    for (const cookie of cookies) head.add('Set-Cookie', cookie)
    if (cookies.length === 0) return
  } else {
    if (isOwn && !mayBegin(stuck, x.fault)) return
    const cookie = sticky.cookieFor(shown, stuck, server, x.client.scheme === 'https')
    if (cookie === null) return
    head.add('Set-Cookie', cookie)
  }
  if (sticky.words.cache === 'private') keepPrivate(head)
}

/**
 * Whether an answer of ours begins a session: at a server that was reached, and of which nobody knows
 * anything worse yet. No session moves to a server that has not answered.
 */
const mayBegin = ({ result }: Stuck, fault: Fault | null): boolean =>
  result !== 'moved' && result !== 'hit' && fault?.sent !== false
