// An answer of a server, as a client has it.
import { decodeMessage, type Message } from '../../turn/bytes/message.ts'
import { CLASSES } from '../../turn/bytes/stun.ts'
import { isProven, type Proof } from './challenge.ts'
import type { Reply, Silence } from './transactions.ts'

export interface Answer {
  readonly message: Message
  /** Of an error; 0: a success. */
  readonly code: number
  /** As the server put it; may be empty. */
  readonly reason: string
  readonly rttMs: number
  /** How often the request went out. */
  readonly sendings: number
  /** Whether the answer was made with our password; null when the request proved nothing. */
  readonly isProven: boolean | null
}

/** Reads a reply; `proof` is the one that the request had. */
export function answerOf({ bytes, rttMs, sendings }: Reply, proof: Proof | null): Answer | Silence {
  const message = decodeMessage(bytes, 0, bytes.length)
  if (message === null) return { silence: 'foreign', detail: 'an answer that is not right', sendings }
  const { errorCode } = message
  const isSuccess = message.class === CLASSES.SUCCESS
  const error = errorCode === null || errorCode === 'malformed' ? UNREADABLE : errorCode
  return {
    message,
    code: isSuccess ? 0 : error.code,
    reason: isSuccess ? '' : error.reason,
    rttMs,
    sendings,
    isProven: proof === null ? null : isProven(message, proof),
  }
}

const UNREADABLE = { code: 500, reason: 'an error without a code' }
