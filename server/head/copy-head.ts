// Heads of requests that no client sends: one that is made, or a copy of a client's that outlives its own.
import { CR, LF } from './bytes.ts'
import { fieldLine } from './field-line.ts'
import { FIELD_INTS } from './fields.ts'
import { KNOWN } from './known-fields.ts'
import { type HeadFault, type HeadLimits, RequestHead } from './request-head.ts'

/** What was within a listener's limits is not judged again. */
const ANY_SIZE: HeadLimits = { headBytes: 16 << 20, targetBytes: 16 << 20, fields: 100_000 }
const END = Buffer.from([CR, LF])

/** Nobody waits with a body for a word, and nothing but HTTP is spoken behind it. */
const OF_ITS_CLIENT = (1 << KNOWN.expect) | (1 << KNOWN.upgrade)
const OF_ITS_BODY = (1 << KNOWN.contentLength) | (1 << KNOWN.transferEncoding) | (1 << KNOWN.trailer)

/**
 * The same request, changes included, in bytes of its own; without Expect and Upgrade. `hasBody` false: what
 * frames a body is left out, as none will follow.
 */
export function copyHead(request: RequestHead, hasBody: boolean): RequestHead {
  const { fields, headStart, headEnd, edits } = request
  const drops = hasBody ? OF_ITS_CLIENT : OF_ITS_CLIENT | OF_ITS_BODY
  const bytes =
    (fields.seen & drops) === 0
      ? Buffer.from(fields.bytes.subarray(headStart, headEnd))
      : withoutFields(request, drops)
  const copy = new RequestHead()
  const end = copy.scan(bytes, 0, bytes.length, ANY_SIZE)
  if (end !== bytes.length) throw new Error(`the copy of a head does not parse: ${end}`)
  copy.fields.hidden = fields.hidden
  copy.rewritten = request.rewritten
  copy.edits = edits === null ? null : edits.copy()
  return copy
}

function withoutFields({ fields, headStart }: RequestHead, drops: number): Buffer {
  const pieces = [fields.bytes.subarray(headStart, fields.start)]
  for (let f = 0; f < fields.count; f++) {
    const place = f * FIELD_INTS
    if (((drops >> fields.at[place + 4]!) & 1) === 1) continue
    pieces.push(fields.bytes.subarray(fields.at[place]!, fields.lineEnd(f)))
  }
  return Buffer.concat([...pieces, END])
}

/** What a request that is made says. */
export interface MadeRequest {
  readonly method: string
  /** In origin form: path and query. */
  readonly target: string
  /** Host: a name, or a name and a port. */
  readonly host: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Bytes of its body; left out: there is none. */
  readonly bodyBytes?: number
}

/**
 * The head of a request of ours, or why it would be none: what method, target or host must not be. Names of
 * fields come from code or config and throw; of values control characters become spaces.
 */
export function madeHead({ method, target, host, fields, bodyBytes }: MadeRequest): RequestHead | HeadFault {
  // Beyond one byte a character nothing of it can be meant, and cut to one it would mean something else.
  if (![method, target, host].every((text) => VISIBLE.test(text))) return 'target_invalid'
  const lines = [Buffer.from(`${method} ${target} HTTP/1.1\r\n`, 'latin1'), fieldLine('Host', host)]
  for (const [name, value] of fields) if (!FRAMING.has(name.toLowerCase())) lines.push(fieldLine(name, value))
  if (bodyBytes !== undefined) lines.push(fieldLine('Content-Length', String(bodyBytes)))
  const bytes = Buffer.concat([...lines, END])
  const head = new RequestHead()
  const end = head.scan(bytes, 0, bytes.length, ANY_SIZE)
  if (typeof end === 'string') return end
  return end === bytes.length ? head : 'head_malformed'
}

const VISIBLE = /^[!-~]+$/
const FRAMING: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'connection'])
