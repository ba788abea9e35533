// Heads as they go out: the bytes that came in, in as few pieces as possible, without what must not pass (RFC
// 9110 §7.6.1) and with what is ours.
import { COLON, LF, SP, copyBytes, equalsFolded, hasToken, writeLatin1 } from './bytes.ts'
import type { Edits } from './edits.ts'
import { FIELD_INTS, type Fields } from './fields.ts'
import { KNOWN } from './known-fields.ts'
import { listedFields } from './listed-fields.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { copyOtherCookies } from './sign-in-cookies.ts'
import { type StageOwner, openStage, stageTo, stagedLength } from '../lib/stage.ts'

const bit = (id: number): number => 1 << id

/** Fields of one hop only; those of framing are written anew. */
const HOP_BY_HOP =
  bit(KNOWN.connection) |
  bit(KNOWN.keepAlive) |
  bit(KNOWN.proxyConnection) |
  bit(KNOWN.te) |
  bit(KNOWN.transferEncoding) |
  bit(KNOWN.upgrade)

/** Left out of every request that is forwarded; Host as well where an absolute form replaced it. */
export const REQUEST_DROPS = HOP_BY_HOP | bit(KNOWN.http2Settings) | bit(KNOWN.proxyAuthorization)
export const RESPONSE_DROPS = HOP_BY_HOP | bit(KNOWN.proxyAuthenticate)
export const FORWARDED_FIELDS =
  bit(KNOWN.xForwardedFor) |
  bit(KNOWN.xForwardedProto) |
  bit(KNOWN.xForwardedHost) |
  bit(KNOWN.xForwardedPort) |
  bit(KNOWN.forwarded) |
  bit(KNOWN.xRealIp)
export const bitOf = bit

const CRLF = Buffer.from('\r\n')
const CHUNKED_LINE = Buffer.from('Transfer-Encoding: chunked\r\n')
const CLOSE_LINE = Buffer.from('Connection: close\r\n')
const KEEP_ALIVE_LINE = Buffer.from('Connection: keep-alive\r\n')
const UPGRADE_LINE = Buffer.from('Connection: upgrade\r\n')
const TE_LINES = Buffer.from('Connection: TE\r\nTE: trailers\r\n')
const HTTP11 = Buffer.from('HTTP/1.1')
const TRAILERS = Buffer.from('trailers')
const VIA = Buffer.from('via')
/** Room for all lines of fixed length that a writer may add. */
const FIXED_BYTES = 512

/** What goes into a request beside its own fields. */
export interface RequestLines {
  /** Bits of the fields to leave out. */
  readonly drops: number
  /** Lines of ours, CRLF included: who the client is, Via. */
  readonly ours: Buffer
  /** Value of X-Request-Id to write. */
  readonly requestId: string
  /** Host where the request has none (HTTP/1.0) or named it in its target; null: as received. */
  readonly host: Buffer | null
}

/** What a codec says in a request of its body and of the connection. */
export interface RequestFraming {
  readonly isChunked: boolean
  /** Upgrade travels on. */
  readonly isUpgrade: boolean
}

const REQUEST_ID = Buffer.from('X-Request-Id: ')
const HOST_NAME = Buffer.from('Host: ')

/** Stages the head of a request for its server. */
export function writeRequestHead(
  head: RequestHead,
  lines: RequestLines,
  { isChunked, isUpgrade }: RequestFraming,
  owner: StageOwner,
): void {
  const { fields, edits } = head
  const room =
    head.headEnd -
    head.headStart +
    lines.ours.length +
    lines.requestId.length +
    (head.rewritten?.length ?? 0) +
    addedBytes(edits) +
    FIXED_BYTES
  const to = openStage(owner, room + (lines.host?.length ?? 0))
  let at = stagedLength()
  // 1. The request line: as it came, unless its form or version must change.
  let kept = head.headStart
  if (head.isAbsolute || head.version === 10 || head.rewritten !== null) {
    at = writeRequestLine(head, to, at)
    kept = fields.start
  }
  // 2. The fields that pass.
  const listed = listedFields(fields)
  at = copyFields(fields, kept, lines.drops, edits, listed, to, at)
  // 3. Ours, where no step has decided otherwise.
  if (lines.host && !edits?.addedValue('host')) at = writeLine(HOST_NAME, lines.host, to, at)
  at = edits ? copyOurs(lines.ours, edits, to, at) : copyBytes(lines.ours, 0, lines.ours.length, to, at)
  if (!edits?.removes('x-request-id')) at = writeRequestId(lines.requestId, to, at)
  if (isChunked) at = copyBytes(CHUNKED_LINE, 0, CHUNKED_LINE.length, to, at)
  if (isUpgrade) at = writeUpgrade(fields, to, at)
  else if (fields.has(KNOWN.te) && asksForTrailers(fields))
    at = copyBytes(TE_LINES, 0, TE_LINES.length, to, at)
  at = writeAdded(edits, to, at)
  stageTo(copyBytes(CRLF, 0, 2, to, at))
}

/** What decides on the connection and framing of an answer. */
export interface ResponseLines {
  readonly isChunked: boolean
  /** null: say nothing, HTTP/1.1 keeps the connection. */
  readonly connection: 'close' | 'keep-alive' | 'upgrade' | null
  /** A whole Date line to add; null when the answer has its own. */
  readonly date: Buffer | null
  /** Further fields to leave out. */
  readonly drops: number
}

/** Whether an answer's head may go out as it came, byte for byte. */
export function passesUnchanged(head: ResponseHead, lines: ResponseLines): boolean {
  if ((head.fields.seen & (RESPONSE_DROPS | lines.drops)) !== 0 || lacksReasonSpace(head)) return false
  return (
    head.edits === null &&
    lines.connection === null &&
    lines.date === null &&
    !lines.isChunked &&
    head.version === 11
  )
}

/**
 * "HTTP/1.1 200" without the space that must follow even where there is no reason (RFC 9112 §4): some servers
 * leave it out.
 */
function lacksReasonSpace(head: ResponseHead): boolean {
  return head.lineEnd === head.statusStart + STATUS_BYTES
}
const STATUS_BYTES = 4 // SP and three digits

/** Stages the head of an answer for its client. */
export function writeResponseHead(head: ResponseHead, lines: ResponseLines, owner: StageOwner): void {
  const { fields, edits } = head
  const to = openStage(owner, head.headEnd - head.headStart + addedBytes(edits) + FIXED_BYTES)
  let at = stagedLength()
  let kept = head.headStart
  if (head.version === 10) {
    at = copyBytes(HTTP11, 0, HTTP11.length, to, at)
    kept = head.statusStart
  }
  if (lacksReasonSpace(head)) {
    at = copyBytes(fields.bytes, kept, head.lineEnd, to, at)
    to[at++] = SP
    kept = head.lineEnd
  }
  const isUpgrade = lines.connection === 'upgrade'
  const drops = (isUpgrade ? RESPONSE_DROPS & ~bit(KNOWN.upgrade) : RESPONSE_DROPS) | lines.drops
  at = copyFields(fields, kept, drops, edits, listedFields(fields), to, at)
  if (lines.date) at = copyBytes(lines.date, 0, lines.date.length, to, at)
  if (lines.isChunked) at = copyBytes(CHUNKED_LINE, 0, CHUNKED_LINE.length, to, at)
  if (lines.connection === 'close') at = copyBytes(CLOSE_LINE, 0, CLOSE_LINE.length, to, at)
  else if (lines.connection === 'keep-alive')
    at = copyBytes(KEEP_ALIVE_LINE, 0, KEEP_ALIVE_LINE.length, to, at)
  else if (isUpgrade) at = copyBytes(UPGRADE_LINE, 0, UPGRADE_LINE.length, to, at)
  at = writeAdded(edits, to, at)
  stageTo(copyBytes(CRLF, 0, 2, to, at))
}

/**
 * Copies from `from` to the end of the fields, without the lines that are dropped, removed or listed in
 * Connection. Of a Cookie field that is dropped the other cookies stay.
 */
function copyFields(
  fields: Fields,
  from: number,
  drops: number,
  edits: Edits | null,
  listed: ReadonlySet<string> | null,
  to: Buffer,
  start: number,
): number {
  const { bytes } = fields
  let at = start
  let kept = from
  if ((fields.seen & drops) !== 0 || edits || listed) {
    for (let f = 0; f < fields.count; f++) {
      const id = fields.at[f * FIELD_INTS + 4]!
      const isDropped = ((drops >> id) & 1) === 1
      const isLeftOut = edits?.isRemoved(fields, f) === true || listed?.has(fields.name(f).toLowerCase())
      if (!isDropped && isLeftOut !== true) continue
      const lineStart = fields.at[f * FIELD_INTS]!
      if (lineStart > kept) at = copyBytes(bytes, kept, lineStart, to, at)
      kept = fields.lineEnd(f)
      if (id === KNOWN.cookie && isLeftOut !== true) at = writeOtherCookies(fields, f, to, at)
    }
  }
  return fields.end > kept ? copyBytes(bytes, kept, fields.end, to, at) : at
}

/** The line of a Cookie field without sign-ins; none where it has nothing else. */
function writeOtherCookies({ at: table, bytes }: Fields, field: number, to: Buffer, start: number): number {
  const place = field * FIELD_INTS
  const value = { from: table[place + 2]!, to: table[place + 3]! }
  const first = copyBytes(bytes, table[place]!, value.from, to, start)
  const end = copyOtherCookies(bytes, value, to, first)
  return end === first ? start : copyBytes(CRLF, 0, 2, to, end)
}

function writeRequestLine(head: RequestHead, to: Buffer, start: number): number {
  const { bytes } = head.fields
  let at = copyBytes(bytes, head.headStart, head.methodEnd, to, start)
  to[at++] = SP
  if (head.rewritten !== null) at = writeLatin1(head.rewritten, to, at)
  else {
    if (head.isAbsolute && bytes[head.targetStart] !== 47) at = writeLatin1(head.path, to, at) // "" or "?…" after the authority
    at = copyBytes(bytes, head.targetStart, head.targetEnd, to, at)
  }
  to[at++] = SP
  at = copyBytes(HTTP11, 0, HTTP11.length, to, at)
  return copyBytes(CRLF, 0, 2, to, at)
}

function writeLine(name: Buffer, value: Buffer, to: Buffer, start: number): number {
  let at = copyBytes(name, 0, name.length, to, start)
  at = copyBytes(value, 0, value.length, to, at)
  return copyBytes(CRLF, 0, 2, to, at)
}

function writeRequestId(id: string, to: Buffer, start: number): number {
  let at = copyBytes(REQUEST_ID, 0, REQUEST_ID.length, to, start)
  at = writeLatin1(id, to, at)
  return copyBytes(CRLF, 0, 2, to, at)
}

/**
 * Copies our lines without those whose field a step sets or removes itself. Via stays: it must (RFC 9110
 * §7.6.3), and loops are found by it.
 */
function copyOurs(ours: Buffer, edits: Edits, to: Buffer, start: number): number {
  let at = start
  for (let line = 0; line < ours.length;) {
    const end = ours.indexOf(LF, line) + 1
    const nameEnd = ours.indexOf(COLON, line)
    const isKept = !edits.removesName(ours, line, nameEnd) || equalsFolded(ours, line, nameEnd, VIA)
    if (isKept) at = copyBytes(ours, line, end, to, at)
    line = end
  }
  return at
}

/** Upgrade travels on with a Connection field of ours that names it. */
function writeUpgrade(fields: Fields, to: Buffer, start: number): number {
  let at = copyBytes(UPGRADE_LINE, 0, UPGRADE_LINE.length, to, start)
  for (let f = 0; f < fields.count; f++) {
    if (fields.at[f * FIELD_INTS + 4] === KNOWN.upgrade)
      at = copyBytes(fields.bytes, fields.at[f * FIELD_INTS]!, fields.lineEnd(f), to, at)
  }
  return at
}

function asksForTrailers(fields: Fields): boolean {
  const { at, bytes, count } = fields
  for (let f = 0; f < count; f++) {
    const place = f * FIELD_INTS
    if (at[place + 4] === KNOWN.te && hasToken(bytes, at[place + 2]!, at[place + 3]!, TRAILERS)) return true
  }
  return false
}

function addedBytes(edits: Edits | null): number {
  if (!edits) return 0
  let count = 0
  for (const { line } of edits.added) count += line.length
  return count
}

function writeAdded(edits: Edits | null, to: Buffer, start: number): number {
  if (!edits) return start
  let at = start
  for (const { line } of edits.added) at = copyBytes(line, 0, line.length, to, at)
  return at
}
