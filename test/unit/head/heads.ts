// Heads for the tests. Each is scanned in the middle of a larger buffer whose other bytes would make a head
// of their own.
import { SCAN } from '../../../server/head/fields.ts'
import { bodyBytes, requestFraming } from '../../../server/head/framing.ts'
import { type HeadLimits, RequestHead } from '../../../server/head/request-head.ts'
import { type AnswerLimits, ResponseHead } from '../../../server/head/response-head.ts'
import { type StageOwner, flush } from '../../../server/lib/stage.ts'
import type { RequestLines, ResponseLines } from '../../../server/head/write.ts'

export const LIMITS: HeadLimits = { headBytes: 16 * 1024, targetBytes: 8 * 1024, fields: 100 }
export const ANSWER_LIMITS: AnswerLimits = { headBytes: 64 * 1024, fields: 500 }

const BEFORE = 'X-Before: 1\r\nTransfer-Encoding: chunked\r\n\r\n'
const AFTER = '\r\nContent-Length: 666\r\n\r\nGET /smug HTTP/1.1\r\nHost: smug\r\n\r\n'

interface Placed {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
}

export const placed = (text: string): Placed => ({
  bytes: Buffer.from(BEFORE + text + AFTER, 'latin1'),
  from: BEFORE.length,
  to: BEFORE.length + text.length,
})

/** How long the head is, 'incomplete', or why it is refused. */
type Verdict = number | string

const verdictOf = (result: number | string, from: number): Verdict =>
  typeof result === 'string' ? result : result === SCAN.incomplete ? 'incomplete' : result - from

export function scanRequest(text: string, limits = LIMITS, head = new RequestHead()): Verdict {
  const { bytes, from, to } = placed(text)
  return verdictOf(head.scan(bytes, from, to, limits), from)
}

export function scanAnswer(text: string, limits = ANSWER_LIMITS, head = new ResponseHead()): Verdict {
  const { bytes, from, to } = placed(text)
  return verdictOf(head.scan(bytes, from, to, limits), from)
}

/** A request that must be accepted. */
export function request(text: string): RequestHead {
  const head = new RequestHead()
  const verdict = scanRequest(text, LIMITS, head)
  if (verdict !== text.length) throw new Error(`${verdict} for ${JSON.stringify(text)}`)
  return head
}

/** An answer that must be accepted. */
export function answer(text: string): ResponseHead {
  const head = new ResponseHead()
  const verdict = scanAnswer(text, ANSWER_LIMITS, head)
  if (verdict !== text.length) throw new Error(`${verdict} for ${JSON.stringify(text)}`)
  return head
}

/**
 * How a request is framed: "none", "chunked", "length 2", or why it is refused, be it by its head or its
 * framing.
 */
export function framed(text: string): string {
  const head = new RequestHead()
  const verdict = scanRequest(text, LIMITS, head)
  if (typeof verdict === 'string') return verdict
  const framing = requestFraming(head.fields, head.version === 10)
  return framing === 'length' ? `length ${bodyBytes}` : framing
}

/** What `write` stages, as text. */
export function written(write: (owner: StageOwner) => void): string {
  let text = ''
  write({ flushStage: (bytes, length) => void (text += bytes.latin1Slice(0, length)) })
  flush()
  return text
}

export const requestLines = (given: Partial<RequestLines> = {}): RequestLines => ({
  drops: 0,
  ours: Buffer.alloc(0),
  requestId: 'r1',
  host: null,
  ...given,
})

export const responseLines = (given: Partial<ResponseLines> = {}): ResponseLines => ({
  isChunked: false,
  connection: null,
  date: null,
  drops: 0,
  ...given,
})
