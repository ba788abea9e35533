// What must hold for every input: a reader never throws, never reads past what arrived, and says the same
// however the bytes are cut.
import type { Fields } from '../../server/head/fields.ts'
import { RequestHead } from '../../server/head/request-head.ts'
import { ResponseHead } from '../../server/head/response-head.ts'
import { BodyReader, MALFORMED } from '../../server/http1/body.ts'
import { type Field, readBody, readHead } from '../support/message.ts'
import type { Random } from '../support/random.ts'
import { ByteReader } from '../support/reader.ts'
import { someAnswer, someChunks, someCuts, someRequest } from './inputs.ts'

const LIMITS = { headBytes: 4096, targetBytes: 1024, fields: 30 }
const INCOMPLETE = -1

interface Scanned {
  readonly result: number | string
  readonly fields: readonly Field[]
}
type Scan = (bytes: Buffer, from: number, to: number) => Scanned

const scanRequest: Scan = (bytes, from, to) => scanned(new RequestHead(), bytes, from, to)
const scanAnswer: Scan = (bytes, from, to) => scanned(new ResponseHead(), bytes, from, to)

function scanned(head: RequestHead | ResponseHead, bytes: Buffer, from: number, to: number): Scanned {
  const result = head.scan(bytes, from, to, LIMITS)
  return { result, fields: typeof result === 'number' && result >= 0 ? fieldsOf(head.fields) : [] }
}

const fieldsOf = (fields: Fields): Field[] =>
  Array.from({ length: fields.count }, (_, field) => [fields.name(field), fields.value(field)] as const)

/** Checks all properties on inputs of one seed; throws with the input that breaks one. */
export async function checkAll(random: Random): Promise<void> {
  await checkHead(random, 'request', someRequest(random), scanRequest)
  await checkHead(random, 'answer', someAnswer(random), scanAnswer)
  await checkChunks(random, someChunks(random))
}

async function checkHead(random: Random, kind: string, text: string, scan: Scan): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  const whole = scan(bytes, 0, bytes.length)
  // 1. What lies behind the end of what arrived, and where it lies in the buffer, change nothing.
  const junk = Buffer.from(random.bytes(24))
  same({ kind, text }, 'bytes after the end', scan(Buffer.concat([bytes, junk]), 0, bytes.length), whole)
  const moved = scan(Buffer.concat([junk, bytes]), junk.length, junk.length + bytes.length)
  const result =
    typeof moved.result === 'number' && moved.result >= 0 ? moved.result - junk.length : moved.result
  same({ kind, text }, 'another place in the buffer', { ...moved, result }, whole)
  // 2. More bytes never change a verdict, whatever it is: only "incomplete" may become something else.
  for (const cut of someCuts(random, bytes.length)) {
    const part = scan(bytes, 0, cut)
    if (part.result !== INCOMPLETE)
      same({ kind, text }, `the first ${cut} bytes`, verdictOf(part), verdictOf(whole))
  }
  // 3. What is accepted is accepted by the other reader, with the same fields.
  if (typeof whole.result === 'number' && whole.result >= 0) await agree(kind, text, whole)
}

// A head that is refused may be refused for another reason when more of it is seen.
const verdictOf = ({ result, fields }: Scanned): Scanned => ({
  result: typeof result === 'string' ? 'refused' : result,
  fields,
})

async function agree(kind: string, text: string, { result, fields }: Scanned): Promise<void> {
  const head = await readHead(readerOf(text))
  same(
    { kind, text },
    'the other reader',
    { result: head?.raw.length ?? 0, fields: head?.fields ?? [] },
    { result, fields },
  )
}

interface Read {
  /** Where the body ended; -1: malformed; null: not yet. */
  readonly end: number | null
  readonly out: string
}

async function checkChunks(random: Random, text: string): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  for (const keepsFraming of [false, true]) {
    const whole = readChunks(bytes, [0, bytes.length], keepsFraming)
    const cut = readChunks(bytes, someCuts(random, bytes.length), keepsFraming)
    // Of a malformed body any beginning may have been handed on.
    if (whole.end === MALFORMED || cut.end === MALFORMED)
      same({ kind: 'chunks', text }, 'cut', cut.end, whole.end)
    else same({ kind: 'chunks', text }, 'cut', cut, whole)
    if (whole.end === null || whole.end === MALFORMED) continue
    const handedOn = await oracleOf(keepsFraming ? whole.out : text)
    const wanted = await oracleOf(text)
    same({ kind: 'chunks', text }, 'the other reader', handedOn, wanted)
    if (!keepsFraming) same({ kind: 'chunks', text }, 'the content', whole.out, wanted.body)
  }
}

function readChunks(bytes: Buffer, cuts: readonly number[], keepsFraming: boolean): Read {
  const reader = new BodyReader()
  reader.begin('chunked', 0, keepsFraming)
  let out = ''
  const taker = {
    piece(piece: Buffer, from: number, to: number) {
      if (to <= from || to > piece.length) throw new Error(`a piece from ${from} to ${to} of ${piece.length}`)
      out += piece.toString('latin1', from, to)
    },
  }
  for (let index = 0; index + 1 < cuts.length; index++) {
    const [from = 0, to = 0] = [cuts[index], cuts[index + 1]]
    // Copied, so that a read past `to` finds other bytes than those that come next.
    const part = Buffer.concat([Buffer.from('~~'), bytes.subarray(from, to), Buffer.from('~~')])
    const end = reader.read(part, 2, 2 + to - from, taker)
    if (end === MALFORMED) return { end: MALFORMED, out }
    if (reader.isDone) return { end: from + end - 2, out }
  }
  return { end: null, out }
}

/**
 * Trailers that are not handed on: what frames, routes or authorises a message, or says who sent it (RFC 9110
 * §6.5.1).
 */
const LEFT_OUT = new RegExp(
  `^(?:${[
    'host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|via|expect|max-forwards|cookie|set-cookie|authorization',
    'proxy-(?:authorization|connection)|forwarded|x-forwarded-.*|x-real-ip|x-request-id|x-original-url|x-rewrite-url',
    'content-(?:encoding|length|range|type)|range|if-(?:match|none-match|modified-since|unmodified-since|range)',
    'cache-control|age|date|vary',
  ].join('|')})$`,
  'i',
)

// The other reader knows no extensions, and no blanks before them: they are cut off first, where they can
// only be extensions.
async function oracleOf(text: string): Promise<{ body: string; trailers: readonly Field[] }> {
  let body = ''
  const reader = readerOf(withoutExtensions(text))
  const end = await readBody(reader, { is: 'chunked' }, (bytes) => (body += bytes.toString('latin1')))
  if (!end.complete) throw new Error(`the other reader waits for more of ${JSON.stringify(text)}`)
  return { body, trailers: end.trailers.filter(([name]) => !LEFT_OUT.test(name)) }
}

function withoutExtensions(text: string): string {
  let result = ''
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n', at)
    const line = text.slice(at, end)
    const size = (line.split(';')[0] ?? '').replace(/[ \t]+$/, '')
    const bytes = Number.parseInt(size, 16)
    if (end < 0 || !(bytes > 0)) return `${result}${end < 0 ? line : size}${end < 0 ? '' : text.slice(end)}`
    result += `${size}${text.slice(end, end + 2 + bytes + 2)}`
    at = end + 2 + bytes + 2
  }
}

function readerOf(text: string): ByteReader {
  const reader = new ByteReader()
  reader.push(Buffer.from(text, 'latin1'))
  reader.end('fin')
  return reader
}

/** The input, and what it is to be. */
interface Tried {
  readonly kind: string
  readonly text: string
}

function same({ kind, text }: Tried, how: string, found: unknown, wanted: unknown): void {
  if (Bun.deepEquals(found, wanted)) return
  throw new Error(
    `${kind}, ${how}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}\ninput: ${JSON.stringify(text)}`,
  )
}
