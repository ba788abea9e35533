// What is asked of the client, and what it answers: plain values. How an asking failed is told as a code, as
// what was going on, and in words.
import type { Tolerance } from '../head/canonical.ts'
import { formatDuration } from '../lib/durations.ts'
import { formatSize } from '../lib/sizes.ts'
import { type FaultCode, FAULTS, type TlsFault } from '../tables/faults.ts'
import type { Endpoint } from './endpoint.ts'

export interface AskTarget extends Pick<Endpoint, 'host' | 'port' | 'authority' | 'tls'> {
  /** What the connection begins with, before its TLS. */
  readonly header?: Buffer | null
  /** It goes by this authority as well: a redirect there stays with it. */
  readonly alias?: string | null
}

export type AskField = readonly [name: string, value: string]

export interface AskRequest {
  readonly method: string
  /** In origin form: path and query. */
  readonly target: string
  /**
   * Host, User-Agent and Accept are written where they are missing here. Those of framing and of the
   * connection are the client's own.
   */
  readonly fields: readonly AskField[]
  readonly body: Uint8Array | null
}

/** Times in ms. What is left out has no limit but the whole. */
export interface AskLimits {
  /** From the name to the end of the body, redirects included. */
  readonly total: number
  readonly connect?: number
  /**
   * Silence before the answer's head; and within its body, or before the server takes more of the request.
   */
  readonly response?: number
  readonly idle?: number
  readonly headBytes?: number
  /** Most of the body, in bytes. */
  readonly body: number
  /** A longer body is cut there, and no failure. */
  readonly cuts?: boolean
  /** Whether the body of an answer with this status is read at all; always where it is left out. */
  readonly wantsBody?: (status: number) => boolean
  /** How many redirects are followed, none where it is left out: then a redirect is an answer. */
  readonly redirects?: number
  /** A redirect to another server is a failure. */
  readonly staysThere?: boolean
  readonly tolerance?: Tolerance
}

export interface AskAnswer {
  readonly is: 'answer'
  readonly status: number
  /** Names in lower case, in the order they came. */
  readonly fields: readonly AskField[]
  readonly body: Buffer
  /** There is more of the body than that. */
  readonly isCut: boolean
}

export type AskFault =
  | FaultCode
  | 'timed_out'
  | 'answer_too_large'
  | 'request_invalid'
  | 'redirected_too_often'
  | 'redirect_refused'

/** What is going on. */
export type AskPhase = 'name' | 'connection' | 'handshake' | 'answer' | 'body'

export interface AskFailure {
  readonly is: 'failure'
  readonly code: AskFault
  readonly phase: AskPhase
  /** What happened or was found, for people. */
  readonly words: string
}

export const HEAD_BYTES_MAX = 16 * 1024
const WHY_MAX = 200

const DOING: Readonly<Record<AskPhase, (host: string) => string>> = {
  name: (host) => `resolving ${host}`,
  connection: () => 'connecting',
  handshake: () => 'in the TLS handshake',
  answer: () => 'waiting for the answer',
  body: () => 'reading the body',
}

/** What is known of a failure beside its code. */
export interface AskFound {
  readonly phase: AskPhase
  readonly host: string
  readonly limits: AskLimits
  /** In more words than the code's; null: the code says it all. */
  readonly why: string | null
}

type Words = (found: AskFound) => string
const because = (text: string, why: string | null): string =>
  why === null ? text : `${text}: ${why.slice(0, WHY_MAX)}`
const within = (ms: number | undefined): string =>
  ms === undefined ? 'in time' : `within ${formatDuration(ms)}`

const NOT_HTTP = 'the answer is not HTTP/1.1'

const WORDS: Readonly<Partial<Record<AskFault, Words>>> = {
  timed_out: ({ limits, phase, host }) =>
    `timed out after ${formatDuration(limits.total)} while ${DOING[phase](host)}`,
  dns_failed: ({ why }) => `name not resolved: ${why ?? 'no address'}`,
  descriptor_limit: () => 'no descriptor left',
  connect_refused: ({ why }) => because('connect refused', why),
  connect_timeout: () => 'connect timed out',
  connect_failed: ({ why }) => because('connect failed', why),
  response_timeout: ({ limits }) => `no answer ${within(limits.response)}`,
  server_stalled: ({ limits, phase }) =>
    phase === 'body'
      ? `no more of the body ${within(limits.idle)}`
      : `the request is not taken ${within(limits.idle)}`,
  server_closed: () => 'connection closed before an answer',
  server_truncated: () => 'the answer ended early',
  server_malformed: ({ why }) => because(NOT_HTTP, why),
  server_head_too_large: ({ limits, why }) =>
    why === null
      ? `the head of the answer is over ${formatSize(limits.headBytes ?? HEAD_BYTES_MAX)}`
      : because(NOT_HTTP, why),
  answer_too_large: ({ limits }) => `the body of the answer is over ${formatSize(limits.body)}`,
}

const isTls = (code: AskFault): code is TlsFault => code.startsWith('tls_')

/** Behind a colon, as all that names somebody: strangers hear what is before it. */
const tlsWords = (code: TlsFault, why: string | null): string =>
  because('TLS', why ?? FAULTS[code].text.replace(/\.$/, ''))

/** A failure in its words. */
export function askFailure(code: AskFault, found: AskFound): AskFailure {
  const words = isTls(code) ? tlsWords(code, found.why) : (WORDS[code]?.(found) ?? found.why ?? code)
  return { is: 'failure', code, phase: found.phase, words }
}
