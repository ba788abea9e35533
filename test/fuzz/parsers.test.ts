// What must hold for every head and body: nothing throws, nothing is read past what has arrived, cutting
// changes nothing, a second reader agrees, and what we write is read as what we read. SLUICE_FUZZ_RUNS says
// how many inputs of each kind.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { SCAN } from '../../server/head/fields.ts'
import { bodyBytes, requestFraming, responseFraming } from '../../server/head/framing.ts'
import { KNOWN } from '../../server/head/known-fields.ts'
import { RequestHead } from '../../server/head/request-head.ts'
import { ResponseHead } from '../../server/head/response-head.ts'
import { type StageOwner, flush } from '../../server/lib/stage.ts'
import {
  type ResponseLines,
  FORWARDED_FIELDS,
  REQUEST_DROPS,
  bitOf,
  writeRequestHead,
  writeResponseHead,
} from '../../server/head/write.ts'
import { BodyReader, MALFORMED } from '../../server/http1/body.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'
import { readProxyHeader } from '../../server/lib/proxy-header.ts'
import {
  someAnswerHead,
  someChunkedBody,
  someCutting,
  someProxyHeader,
  someRequestHead,
} from './generators.ts'
import { type Field, type Framing, readAnswer, readChunkedBody, readRequest, valuesOf } from './reference.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 4000)
setDefaultTimeout(Math.max(300_000, RUNS * 5))
const LIMITS = { headBytes: 320, targetBytes: 300, fields: 9 }
const WIDE = { headBytes: 10_000, targetBytes: 10_000, fields: 100 }

/**
 * Tries `check` on inputs of its own seeds; a failure names the seed and the input. Returns how many were
 * accepted.
 */
function fuzz(make: (random: Random) => string, check: (text: string, random: Random) => boolean): number {
  const seed = seedOfRun()
  let accepted = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(seed + run)
    const text = make(random)
    try {
      if (check(text, random)) accepted++
    } catch (problem) {
      throw new Error(
        `SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1, input ${JSON.stringify(text)}: ${String(problem)}`,
        { cause: problem },
      )
    }
  }
  return accepted
}

// ── scanning ──

interface Head {
  scan(bytes: Buffer, from: number, to: number, limits: typeof LIMITS): number | string
}
type Verdict = number | 'incomplete' | 'refused'

const POISONS = [
  '',
  '\r\n\r\n',
  'Content-Length: 7\r\n\r\n',
  'x'.repeat(50),
  '\n',
  ' HTTP/1.1\r\nHost: p\r\n\r\n',
]

/** Scans in the middle of a buffer whose other bytes would change the verdict if they were read. */
function scan(head: Head, text: string, poison: string, limits = LIMITS): Verdict {
  const bytes = Buffer.from(poison + text + poison, 'latin1')
  const end = head.scan(bytes, poison.length, poison.length + text.length, limits)
  if (typeof end === 'string') return 'refused'
  return end === SCAN.incomplete ? 'incomplete' : end - poison.length
}

/** The verdict on a text, which must not depend on what surrounds it nor on how much came at once. */
function verdictOn(text: string, make: () => Head & { release(): void }): Verdict {
  const verdict = scan(make(), text, '')
  for (const poison of POISONS) expect(scan(make(), text, poison)).toBe(verdict)
  // One object, more and more bytes: incomplete until the verdict, which then stays; a refusal may come
  // early.
  const head = make()
  let isRefused = false
  for (let cut = 0; cut <= text.length; cut++) {
    const part = scan(head, text.slice(0, cut), POISONS[cut % POISONS.length] ?? '')
    if (isRefused) expect(part).toBe('refused')
    else if (part === 'refused') isRefused = true
    else expect(part).toBe(typeof verdict === 'number' && cut >= verdict ? verdict : 'incomplete')
  }
  if (isRefused) expect(verdict).toBe('refused')
  head.release()
  return verdict
}

const fieldsOf = ({ fields }: RequestHead | ResponseHead): Field[] =>
  Array.from({ length: fields.count }, (_, f) => [fields.name(f), fields.value(f)] as const)

function framingOf(found: string | null): Framing | null {
  if (found === 'framing_ambiguous' || found === 'coding_unsupported') return null
  return found === 'length' ? bodyBytes : (found as Framing | null)
}

// ── writing ──

function written(write: (owner: StageOwner) => void): string {
  let text = ''
  write({ flushStage: (bytes, length) => void (text += bytes.latin1Slice(0, length)) })
  flush()
  return text
}

/** Edits as a rule may hold them: never of what frames a message. */
function edit(random: Random, head: RequestHead | ResponseHead): void {
  const names = ['X-A', 'x_b', 'X-Forwarded-For', 'Date', 'X-New', 'Cookie', 'Via']
  for (let times = random.below(4); times > 0; times--) {
    const name = random.pick(names)
    const value = random.pick(['1', '', 'a\r\nContent-Length: 9', '\u010d\u010aHost: x', '\xe4'])
    if (random.below(3) === 0) head.remove(name)
    else if (random.below(2) === 0) head.set(name, value)
    else head.add(name, value)
  }
}

const OURS = Buffer.from('X-Forwarded-For: 1.2.3.4\r\nVia: 1.1 gw\r\n')

function rewrittenRequest(head: RequestHead, random: Random, framing: Framing): string {
  const isHostNew = head.isAbsolute || !head.fields.has(KNOWN.host)
  const drops =
    REQUEST_DROPS |
    FORWARDED_FIELDS |
    bitOf(KNOWN.xRequestId) |
    (random.below(2) === 0 ? bitOf(KNOWN.underscore) : 0)
  const lines = {
    drops: head.isAbsolute ? drops | bitOf(KNOWN.host) : drops,
    ours: OURS,
    requestId: 'r1',
    host: isHostNew ? (head.isAbsolute ? head.authority.raw : Buffer.from('server:80')) : null,
  }
  const how = {
    isChunked: framing === 'chunked',
    isUpgrade: framing === 'none' && head.fields.has(KNOWN.upgrade),
  }
  return written((owner) => writeRequestHead(head, lines, how, owner))
}

test('request heads are read as by the other reader, however they are cut, and written as they were read', () => {
  const accepted = fuzz(someRequestHead, (text, random) => {
    const wanted = readRequest(text, LIMITS)
    const verdict = verdictOn(text, () => new RequestHead())
    expect(typeof verdict === 'number' ? verdict : null).toBe(wanted?.length ?? null)
    if (!wanted) return false
    const head = new RequestHead()
    scan(head, text, 'GET / HTTP/1.1\r\n')
    expect([head.method, head.target, head.version === 10 ? '1.0' : '1.1']).toEqual([
      wanted.method,
      wanted.target,
      wanted.version,
    ])
    expect([head.authority.raw.latin1Slice(), fieldsOf(head)]).toEqual([wanted.authority, [...wanted.fields]])
    const framing = framingOf(requestFraming(head.fields, head.version === 10))
    expect(framing).toBe(wanted.framing)
    // CONNECT is never forwarded.
    if (framing === null || wanted.method === 'CONNECT') return false
    edit(random, head)
    const out = rewrittenRequest(head, random, framing)
    const again = readRequest(out, WIDE)
    expect(again).toMatchObject({
      length: out.length,
      method: wanted.method,
      target: wanted.target,
      version: '1.1',
      framing,
    })
    expect(scan(new RequestHead(), out, '', WIDE)).toBe(out.length)
    expect(again?.authority).toBe(
      wanted.authority === '' && !head.fields.has(KNOWN.host) ? 'server:80' : wanted.authority,
    )
    for (const [name, most] of [
      ['content-length', 1],
      ['transfer-encoding', 1],
      ['connection', 1],
      ['host', 1],
    ] as const)
      expect(valuesOf(again?.fields ?? [], name).length).toBeLessThanOrEqual(most)
    for (const name of ['keep-alive', 'proxy-connection'])
      expect(valuesOf(again?.fields ?? [], name)).toEqual([])
    head.release()
    return true
  })
  if (RUNS >= 1000) expect(accepted / RUNS).toBeWithin(0.25, 0.75)
})

test('answer heads are read as by the other reader, however they are cut, and written as they were read', () => {
  const accepted = fuzz(someAnswerHead, (text, random) => {
    const isHead = random.below(4) === 0
    const wanted = readAnswer(text, LIMITS, isHead)
    const verdict = verdictOn(text, () => new ResponseHead())
    expect(typeof verdict === 'number' ? verdict : null).toBe(wanted?.length ?? null)
    if (!wanted) return false
    const head = new ResponseHead()
    scan(head, text, '\r\n')
    expect([head.status, head.version === 10 ? '1.0' : '1.1', fieldsOf(head)]).toEqual([
      wanted.status,
      wanted.version,
      [...wanted.fields],
    ])
    const framing = framingOf(responseFraming(head.fields, head.status, isHead, head.version === 10))
    expect(framing).toBe(wanted.framing)
    if (framing === null) return false
    edit(random, head)
    const isWrapped = framing === 'close' && random.below(2) === 0
    const lines: ResponseLines = {
      isChunked: framing === 'chunked' || isWrapped,
      connection:
        framing === 'close' && !isWrapped ? 'close' : random.pick(['close', 'keep-alive', null] as const),
      date: random.below(2) === 0 ? Buffer.from('Date: d\r\n') : null,
      drops: head.status < 200 || head.status === 204 ? bitOf(KNOWN.contentLength) : 0,
    }
    const out = written((owner) => writeResponseHead(head, lines, owner))
    const again = readAnswer(out, WIDE, isHead)
    expect(again).toMatchObject({
      length: out.length,
      status: wanted.status,
      version: '1.1',
      framing: isWrapped ? 'chunked' : framing,
    })
    expect(scan(new ResponseHead(), out, '', WIDE)).toBe(out.length)
    expect(out.split('\r\n', 1)[0]).toMatch(/^HTTP\/1\.1 [0-9]{3} /)
    expect(valuesOf(again?.fields ?? [], 'connection')).toEqual(
      lines.connection === null ? [] : [lines.connection],
    )
    head.release()
    return true
  })
  if (RUNS >= 1000) expect(accepted / RUNS).toBeWithin(0.25, 0.85)
})

// ── chunked bodies ──

interface Read {
  readonly end: number | 'malformed' | 'open'
  readonly out: string
}

function readPieces(pieces: readonly string[], keepsFraming: boolean): Read {
  const reader = new BodyReader()
  reader.begin('chunked', 0, keepsFraming)
  let out = ''
  let at = 0
  let given = Buffer.alloc(0)
  const taker = {
    piece(bytes: Buffer, from: number, to: number) {
      // The name of a trailer that was held back comes in a buffer of its own.
      const isWithin = bytes === given ? from >= 2 && to <= bytes.length - 2 : !keepsFraming || from === 0
      expect(isWithin && to > from).toBe(true)
      out += bytes.latin1Slice(from, to)
    },
  }
  for (const [index, piece] of pieces.entries()) {
    const poison = ['\r\n', '0\r', '~~', '5;'][index % 4]
    given = Buffer.from(`${poison}${piece}${poison}`, 'latin1')
    const end = reader.read(given, 2, 2 + piece.length, taker)
    if (end === MALFORMED) return { end: 'malformed', out }
    if (reader.isDone) return { end: at + end - 2, out }
    at += piece.length
    expect(end).toBe(2 + piece.length)
  }
  return { end: 'open', out }
}

test('chunked bodies are read as by the other reader, however they are cut, and handed on without extensions', () => {
  const accepted = fuzz(someChunkedBody, (text, random) => {
    const wanted = readChunkedBody(text)
    for (const keepsFraming of [false, true]) {
      const whole = readPieces([text], keepsFraming)
      for (const pieces of [[...text], someCutting(random, text)]) {
        const cut = readPieces(pieces, keepsFraming)
        // Of a malformed body any beginning may have been handed on.
        expect(cut.end).toBe(whole.end)
        if (whole.end !== 'malformed') expect(cut.out).toBe(whole.out)
      }
      expect(typeof whole.end === 'number' ? whole.end : null).toBe(wanted?.length ?? null)
      if (!wanted) continue
      if (!keepsFraming) expect(whole.out).toBe(wanted.content)
      else
        expect(readChunkedBody(whole.out)).toEqual({
          ...wanted,
          length: whole.out.length,
          hasExtensions: false,
        })
    }
    if (!wanted) return false
    for (let cut = 0; cut < wanted.length; cut++)
      expect(readPieces([text.slice(0, cut)], false).end).toBe('open')
    return true
  })
  if (RUNS >= 1000) expect(accepted / RUNS).toBeWithin(0.25, 0.75)
})

// ── the PROXY protocol ──

test('a PROXY header is read the same wherever it stands, and a longer part never undoes a verdict', () => {
  const accepted = fuzz(someProxyHeader, (text, random) => {
    const read = (length: number, around: number) => {
      const bytes = new Uint8Array(text.length + 40).fill(around)
      bytes.set(Buffer.from(text, 'latin1').subarray(0, length), 20)
      return readProxyHeader(bytes, 20, length)
    }
    const whole: ReturnType<typeof read> = read(text.length, 0)
    for (const around of [13, 0x50, 0xff]) expect(read(text.length, around)).toEqual(whole)
    const cut = random.below(text.length + 1)
    const part = read(cut, 10)
    if (typeof whole !== 'string') {
      expect(whole.length).toBeLessThanOrEqual(text.length)
      expect<unknown>(part).toEqual(cut < whole.length ? 'more' : whole)
    } else if (part !== 'more') expect<unknown>(part).toEqual(whole)
    return typeof whole !== 'string'
  })
  expect(accepted).toBeGreaterThan(RUNS / 20)
})
