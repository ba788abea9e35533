// Answers that we make ourselves. They become bytes and are read back as a ResponseHead, so that steps see all answers alike.
import { STATUS_CODES } from 'node:http'
import { FAULTS, type FaultCode } from '../tables/faults.ts'
import { fieldLine } from './field-line.ts'
import { ResponseHead } from './response-head.ts'

export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Why, for the log, the metrics and the Proxy-Status field; null: this answer is no failure. */
  readonly fault: FaultCode | null
}

/** An Answer as bytes, head and body, and its head scanned. */
export interface Rendered {
  readonly head: ResponseHead
  readonly bytes: Buffer
}

/** The answer to a fault; `detail` is for people and stands in the body. */
export function faultAnswer(code: FaultCode, detail = ''): Answer {
  const { status } = FAULTS[code]
  const headers: (readonly [string, string])[] = []
  if (status === 429 || status === 503) headers.push(['Retry-After', '5'])
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

/** Renders an answer. A fault's body is JSON, or a short page where the client prefers HTML (RFC 9110 §12.5.1). */
export function renderAnswer(answer: Answer, reader: Reader): Rendered {
  const isFault = answer.fault !== null
  const { type, body } = isFault ? faultBody(answer, reader) : { type: 'text/plain; charset=utf-8', body: answer.body }
  const content = Buffer.from(body)
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`]
  for (const [name, value] of answer.headers) lines.push(`${name}: ${value}`)
  const names = new Set(answer.headers.map(([name]) => name.toLowerCase()))
  if (content.length > 0 && !names.has('content-type')) lines.push(`Content-Type: ${type}`)
  if (answer.fault !== null) {
    // RFC 9209 §2: who failed and how, for machines.
    lines.push(`Proxy-Status: ${reader.gateway}; error=${FAULTS[answer.fault].proxyStatus}; details="${answer.fault}"`)
    lines.push('Cache-Control: no-store', 'X-Content-Type-Options: nosniff')
  }
  if (reader.requestId !== '') lines.push(`X-Request-Id: ${reader.requestId}`)
  if (answer.status !== 204 && answer.status !== 304) lines.push(`Content-Length: ${content.length}`)
  const headBytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const bytes = Buffer.concat([headBytes, content])
  const head = new ResponseHead()
  const end = head.scan(bytes, 0, headBytes.length, { headBytes: headBytes.length, fields: 1000 })
  if (end !== headBytes.length) throw new Error(`an answer of our own does not parse: ${headBytes.latin1Slice()}`)
  return { head, bytes }
}

function faultBody(answer: Answer, reader: Reader): { type: string; body: string } {
  const code = answer.fault as FaultCode
  const { text } = FAULTS[code]
  if (prefersHtml(reader.accept)) {
    const title = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`
    const detail = answer.body === '' ? '' : `<p>${escapeHtml(answer.body)}</p>`
    const body = `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${escapeHtml(text)}</p>${detail}<p><small>${code} · ${escapeHtml(reader.requestId)}</small></p>\n`
    return { type: 'text/html; charset=utf-8', body }
  }
  const document = { status: answer.status, fault: code, message: text, ...(answer.body === '' ? {} : { detail: answer.body }), request_id: reader.requestId }
  return { type: 'application/json', body: `${JSON.stringify(document)}\n` }
}

/** HTML is named before JSON: what a browser sends. Quality values are not weighed: both forms say the same. */
function prefersHtml(accept: string): boolean {
  const html = accept.indexOf('text/html')
  const json = accept.indexOf('application/json')
  return html !== -1 && (json === -1 || html < json)
}

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
