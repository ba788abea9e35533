import type { Answer } from '../head/answer.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'

/**
 * A step of a rule's policy. A flat list: no next(). What a step must remember for one exchange is its typed
 * note.
 */
export interface Middleware<N = undefined> {
  readonly name: string
  /** Makes the note of one exchange; it is handed to the other functions. */
  note?(): N
  /**
   * Before a server is picked, in order. An Answer ends the exchange; a Promise parks it, so only what truly
   * waits makes one.
   */
  request?(x: Exchange, note: N): Answer | undefined | Promise<Answer | undefined>
  /** On every final answer, ours or a server's, in reverse order, for the steps reached. */
  response?(x: Exchange, head: ResponseHead, note: N): void | Promise<void>
  /** Exactly once for each step reached, also on abort. */
  end?(x: Exchange, note: N): void
}
