// Answers that we make ourselves. They become bytes and are read back as a ResponseHead, so that steps see
// all answers alike.
import { STATUS_CODES } from 'node:http'
import { FAULTS, type FaultCode } from '../tables/faults.ts'
import { fieldLine } from './field-line.ts'
import { ResponseHead } from './response-head.ts'

export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | Uint8Array | BodySource
  /** Why, for the log, the metrics and the Proxy-Status field; null: this answer is no failure. */
  readonly fault: FaultCode | null
  /** What it is as bytes, where that is known: nothing of it is rendered then. */
  readonly made?: Rendered
  /** Nothing is answered: the connection ends. */
  readonly isReset?: true
  /** Of a fault: a page of HTML in place of the usual one. */
  readonly page?: string
}

/** A body that is pushed as it comes to be. Each answer opens it once, unless nobody wants it (HEAD). */
export interface BodySource {
  /** Bytes of all of it; -1: unknown. Another number than comes breaks the answer off. */
  readonly length: number
  open(to: SourceSink): BodyFeed
}

/** Where a source pushes to. */
export interface SourceSink {
  /** The bytes may be used again once this returns. */
  push(bytes: Buffer, from: number, to: number): void
  end(): void
  /** There will be no more of it, though it is not whole: the answer is cut, and seen as cut. */
  fail(error: unknown): void
}

/** What a source can be told. */
export interface BodyFeed {
  /** The client does not keep up: nothing is to be pushed until `resume`. */
  pause(): void
  resume(): void
  /** Nobody wants the rest. Not told behind `end` or `fail`. */
  cancel(): void
}

/** An Answer as bytes, head and body, and its head scanned. */
export interface Rendered {
  readonly head: ResponseHead
  /** Its body lies behind the head in the bytes of that; or these are others, and all of them its body. */
  readonly bytes: Buffer
  /** What follows instead of a body among the bytes; null: nothing does. */
  readonly source: BodySource | null
}

/** Where its body begins in the bytes of a rendered answer. */
export const bodyPlace = (head: ResponseHead, bytes: Buffer): number =>
  bytes === head.fields.bytes ? head.headEnd : 0

/** The answer to a fault; `detail` is for people and stands in the body. */
export function faultAnswer(code: FaultCode, detail = ''): Answer {
  const { status, retryAfter } = FAULTS[code]
  const headers: (readonly [string, string])[] = []
  if (retryAfter !== null) headers.push(['Retry-After', String(retryAfter)])
  if (code === 'method_refused') headers.push(['Allow', 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH'])
  return { status, headers, body: detail, fault: code }
}

/** Who reads the answer: what decides on the form of its body and on its Proxy-Status. */
export interface Reader {
  /** The request's Accept; '' for none. */
  readonly accept: string
  readonly requestId: string
  /** Our name in Via and Proxy-Status. */
  readonly gateway: string
}

/**
 * Renders an answer. A fault's body is JSON, or a short page where the client prefers HTML (RFC 9110
 * §12.5.1).
 */
export function renderAnswer(answer: Answer, reader: Reader): Rendered {
  const { status, fault } = answer
  const hasContent = !WITHOUT_CONTENT.has(status)
  const { type, body } =
    fault === null
      ? { type: typeof answer.body === 'string' ? PLAIN_TEXT : ANY_BYTES, body: answer.body }
      : faultBody(answer, fault, reader)
  const source = hasContent && isSource(body) ? body : null
  const content = !hasContent || isSource(body) ? NOTHING : bytesOf(body)
  const length = source === null ? content.length : source.length
  const lines: Buffer[] = [Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`)]
  let hasType = length === 0
  for (const [name, value] of answer.headers) {
    const lower = name.toLowerCase()
    if (FRAMES.has(lower)) continue
    hasType ||= lower === 'content-type'
    lines.push(fieldLine(name, value))
  }
  if (!hasType) lines.push(fieldLine('Content-Type', type))
  if (fault !== null) {
    // RFC 9209 §2: who failed and how, for machines.
    const how = `error=${FAULTS[fault].proxyStatus}; details="${fault}"`
    lines.push(fieldLine('Proxy-Status', `${memberOf(reader.gateway)}; ${how}`))
    lines.push(fieldLine('Cache-Control', 'no-store'), fieldLine('X-Content-Type-Options', 'nosniff'))
  }
  if (reader.requestId !== '') lines.push(fieldLine('X-Request-Id', reader.requestId))
  if (length >= 0 && (hasContent || status === 205)) lines.push(fieldLine('Content-Length', String(length)))
  lines.push(CRLF)
  const headBytes = Buffer.concat(lines)
  const bytes = Buffer.concat([headBytes, content])
  const head = new ResponseHead()
  const end = head.scan(bytes, 0, headBytes.length, { headBytes: headBytes.length, fields: 1000 })
  if (end !== headBytes.length)
    throw new Error(`an answer of our own does not parse: ${headBytes.latin1Slice()}`)
  return { head, bytes, source }
}

const CRLF = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)
const HTML = 'text/html; charset=utf-8'
const PLAIN_TEXT = 'text/plain; charset=utf-8'
const ANY_BYTES = 'application/octet-stream'

const isSource = (body: Answer['body']): body is BodySource =>
  typeof body !== 'string' && !(body instanceof Uint8Array)

const bytesOf = (body: string | Uint8Array): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)

/** RFC 9110 §15.3.5, §15.3.6, §15.4.5: no content, whatever the answer says. */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304])
/** We write these ourselves, here and in the writer of heads. */
const FRAMES: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding'])

/** Our name in Proxy-Status: a token, or a string where it is none (RFC 8941 §3.3.4). */
function memberOf(gateway: string): string {
  if (/^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*$/.test(gateway)) return gateway
  return `"${gateway.replaceAll(/[^ -~]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`
}

function faultBody(answer: Answer, code: FaultCode, reader: Reader): { type: string; body: string } {
  const { text } = FAULTS[code]
  const more = typeof answer.body === 'string' ? answer.body : ''
  if (prefersHtml(reader.accept)) {
    if (answer.page !== undefined) return { type: HTML, body: answer.page }
    const title = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`
    const detail = more === '' ? '' : `<p>${escapeHtml(more)}</p>`
    const body = `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${escapeHtml(text)}</p>${detail}<p><small>${code} · ${escapeHtml(reader.requestId)}</small></p>\n`
    return { type: HTML, body }
  }
  const document = {
    status: answer.status,
    fault: code,
    message: text,
    ...(more === '' ? {} : { detail: more }),
    request_id: reader.requestId,
  }
  return { type: 'application/json', body: `${JSON.stringify(document)}\n` }
}

/**
 * HTML is named before JSON: what a browser sends. Quality values are not weighed: both forms say the same.
 */
function prefersHtml(accept: string): boolean {
  const html = accept.indexOf('text/html')
  const json = accept.indexOf('application/json')
  return html !== -1 && (json === -1 || html < json)
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
