// Which server a request belongs to by its cookie, by the code that workers ask.
import type { BackendConfig } from '../../backends/backend.options.ts'
import type { Server } from '../../backends/server.ts'
import { isOpened, type StickyResult, stickyOf } from '../../backends/sticky.ts'
import { isKeyed, needsSecret, stickyWords } from '../../backends/sticky-words.ts'
import type { InUse } from '../../backends/usable.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'

export interface ExplainedSession {
  readonly cookie: string
  /** As the metric tells it: hit, new, moved, forged or expired; null: nobody here can read the cookie. */
  readonly result: StickyResult | null
  /** The server that has the session; null: none. */
  readonly server: string | null
  /** Why that does not get this request; null: it does, unless it is full. */
  readonly why: string | null
}

interface Asked {
  readonly name: string
  readonly options: BackendConfig
  readonly servers: readonly Server[]
  readonly used: InUse
  readonly states: { readonly board: Scoreboard; readonly stickySecret?: string | undefined }
}

export function explainSession(
  { name: backend, options, servers, used, states: { board, stickySecret } }: Asked,
  request: RequestHead,
): ExplainedSession | null {
  const words = stickyWords(options)
  if (words === null || isKeyed(words)) return null
  const { cookie } = words
  if (stickySecret === undefined && needsSecret(options))
    return { cookie, result: null, server: null, why: 'its secret is with the gateway: ask that' }
  const sticky = stickyOf({ backend, options, servers, board, secret: stickySecret, previous: null })
  if (sticky === null) return null
  sticky.prepare(used)
  const shown = sticky.read(request)
  const own = sticky.serverOf(shown)
  if (!isOpened(shown)) return { cookie, result: shown.result, server: null, why: null }
  const isKept = own !== null && sticky.keeps(own)
  const { result, why } = sticky.judge(shown, own, isKept ? own : null, false)
  return { cookie, result, server: own?.name ?? null, why }
}
