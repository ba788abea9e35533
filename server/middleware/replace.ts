// Replaces text in bodies of answers, as they pass.
import type { Fields } from '../head/fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { withoutFields } from '../head/without.ts'
import type { Exchange } from '../http/exchange.ts'
import { PIECE_BYTES } from '../lib/encoder.ts'
import { template, type Template } from '../rules/template.ts'
import { sinkOf, type TextSink } from '../rules/template-escapes.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { lengthOf, mediaTypeOf, mediaTypes } from './media-types.ts'
import type { BodySink, Middleware, StepWorld } from './middleware.ts'
import { Paced } from './paced.ts'
import { NOTHING } from './plain-pieces.ts'
import type { ReplaceConfig, ReplaceEdit } from './replace.options.ts'
import {
  type Expand,
  lookedAtOnce,
  type Out,
  RegexReplacer,
  type Replacer,
  TextReplacer,
} from './replacer.ts'
import { valuesOf } from './vary.ts'

export function replace(options: ReplaceConfig, world: StepWorld): Middleware {
  const isOfType = mediaTypes(options.types)
  const edits = options.edits.map(compiled)
  const pieceBytes = pieceFor(options.edits)
  const hasRegex = options.edits.some(({ regex }) => regex !== undefined)
  return {
    name: 'replace',
    isPure: true,
    request({ request }) {
      request.remove('accept-encoding')
      if (options.ranges === 'drop') for (const name of ['range', 'if-range']) request.remove(name)
      return undefined
    },
    body(x, head) {
      const type = mediaTypeOf(head)
      if (!isOfType(type) || !mayChange(head)) return null
      // What waits for more would keep an event back.
      if (hasRegex && type === 'text/event-stream') return null
      const length = lengthOf(head)
      forget(head)
      if (x.request.methodId === METHOD_HEAD || head.status === 304) return null
      return new Replacing({
        replacers: edits.map((make) => make(x, type)),
        pieceBytes,
        isShort: length >= 0 && length <= GATHER_MAX,
        over: (found) => world.counter('replacements_total', [world.rule]).add(found),
      })
    },
  }
}

/** What is encoded, or a part, cannot be changed; a 304 has the head of what would. */
function mayChange(head: ResponseHead): boolean {
  const { status } = head
  if (status === 206 || status === 204 || status === 205 || head.get('content-range') !== null) return false
  return valuesOf(head, 'content-encoding').every((coding) => coding.toLowerCase() === 'identity')
}

/** Sums of bytes (RFC 9530, and older), which may stand behind the body too. */
const SUMS: ReadonlySet<string> = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest'])
/** These, the length, when it was changed last, and whether parts of it can be had. */
const OF_PLAIN_BODY = ['content-length', 'last-modified', 'accept-ranges', ...SUMS]

/** What was told of the body does not hold of it now; nor is it the same byte for byte (RFC 9110 §8.8.1). */
function forget(head: ResponseHead): void {
  for (const name of OF_PLAIN_BODY) if (head.get(name) !== null) head.remove(name)
  const tag = head.get('etag')
  if (tag?.startsWith('"')) head.set('ETag', `W/${tag}`)
  else if (tag !== null && !tag.startsWith('W/"')) head.remove('ETag')
}

type Make = (x: Exchange, type: string) => Replacer

function compiled({ text, regex, with: to, count = Infinity }: ReplaceEdit): Make {
  if (text !== undefined) {
    const made = inEach((sink) => template(to, sink))
    return (x, type) => new TextReplacer(text, made[sinkOf(type)].filled(x), count)
  }
  const made = inEach((sink) => partsOf(to, sink))
  return (x, type) => new RegexReplacer(regex ?? '', expanding(made[sinkOf(type)], x), count)
}

const inEach = <T>(make: (sink: TextSink) => T): Readonly<Record<TextSink, T>> => ({
  html: make('html'),
  json: make('json'),
  text: make('text'),
})

/** Text with variables, or what a group of the pattern has matched. */
type Part = { readonly text: Template } | { readonly group: string }

const REFERENCE = /\$(?:([$&1-9])|<([A-Za-z_$][\w$]*)>)/g

/** "$" in the value of a variable refers to nothing: texts and references are told apart before. */
function partsOf(to: string, sink: TextSink): Part[] {
  const parts: Part[] = []
  let [at, text] = [0, '']
  for (const found of to.matchAll(REFERENCE)) {
    const [written, sign, name] = found
    text += to.slice(at, found.index)
    at = found.index + written.length
    if (sign === '$') text += '$'
    else {
      parts.push({ text: template(text, sink) }, { group: sign ?? name ?? '' })
      text = ''
    }
  }
  parts.push({ text: template(text + to.slice(at), sink) })
  return parts
}

function expanding(parts: readonly Part[], x: Exchange): Expand {
  const said = parts.map((part) => ('text' in part ? part.text.filled(x) : part))
  return (match) =>
    said.map((part) => (typeof part === 'string' ? part : groupOf(match, part.group))).join('')
}

const groupOf = (match: RegExpExecArray, group: string): string =>
  (group === '&' ? match[0] : /^\d$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? ''

/** What comes of a piece is bounded, as one letter may become a thousand; so is the time that it takes. */
function pieceFor(edits: readonly ReplaceEdit[]): number {
  const growth = edits.reduce(
    (all, { text, with: to }) => all * Math.max(1, to.length / (text?.length ?? 1)),
    1,
  )
  const looked = edits.flatMap(({ regex }) => (regex === undefined ? [] : [lookedAtOnce(regex)]))
  return Math.max(256, Math.min(PIECE_BYTES, ...looked, Math.floor((PIECE_BYTES * 4) / growth)))
}

/** What comes of one step is many small parts: they are written together. */
const SCRATCH_BYTES = 64 * 1024
/** Two steps of a rule may be at work at once, one in what the other writes. */
const idle: Buffer[] = []
// More than twice what is used of it: whoever keeps what a client did not take copies that (keepable).
const takeScratch = (): Buffer => idle.pop() ?? Buffer.allocUnsafeSlow(2 * SCRATCH_BYTES + 1)

/** What comes of a body of up to this size is gathered: then its length is known. */
const GATHER_MAX = 64 * 1024

interface ReplacingParts {
  readonly replacers: readonly Replacer[]
  /** So much is looked at in one step. */
  readonly pieceBytes: number
  /** All of it will be here soon. */
  readonly isShort: boolean
  /** All of it was looked at: how much was replaced. */
  readonly over: (found: number) => void
}

export class Replacing extends Paced {
  readonly #parts: ReplacingParts
  #scratch: Buffer = NOTHING
  #scratchBytes = 0
  #gathers: boolean
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #next: BodySink | null = null

  constructor(parts: ReplacingParts) {
    super()
    this.#parts = parts
    this.#gathers = parts.isShort
    const { replacers } = parts
    for (const [place, replacer] of replacers.entries())
      this.#outs.push((bytes, from, to) =>
        replacer.push(
          from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to),
          this.#outs[place + 1] as Out,
        ),
      )
    this.#outs.push((bytes, from, to) => this.#made(bytes, from, to))
  }

  protected change(piece: Buffer, next: BodySink): number {
    const bytes = Math.min(piece.length, this.#parts.pieceBytes)
    this.#next = next
    this.#within(() => this.#outs[0]?.(piece, 0, bytes))
    return bytes
  }

  protected close(next: BodySink): void {
    const { replacers, over } = this.#parts
    this.#next = next
    this.#within(() => {
      for (const [place, replacer] of replacers.entries()) replacer.end(this.#outs[place + 1] as Out)
    })
    if (this.#gathers) {
      next.length = this.#gatheredBytes
      this.#letGo(next)
    }
    const found = replacers.reduce((sum, one) => sum + one.found, 0)
    if (found > 0) over(found)
  }

  /** What comes of one goes to the next; of the last, it is gathered. */
  readonly #outs: Out[] = []

  #within(act: () => void): void {
    const scratch = (this.#scratch = takeScratch())
    act()
    this.#flush()
    idle.push(scratch)
  }

  #made(bytes: Buffer, from: number, to: number): void {
    if (this.#scratchBytes + to - from > SCRATCH_BYTES) this.#flush()
    if (to - from > SCRATCH_BYTES) return this.#write(bytes, from, to)
    bytes.copy(this.#scratch, this.#scratchBytes, from, to)
    this.#scratchBytes += to - from
  }

  #flush(): void {
    const bytes = this.#scratchBytes
    this.#scratchBytes = 0
    if (bytes > 0) this.#write(this.#scratch, 0, bytes)
  }

  #write(bytes: Buffer, from: number, to: number): void {
    const next = this.#next as BodySink
    if (!this.#gathers) return next.write(bytes, from, to)
    this.#gathered.push(Buffer.from(bytes.subarray(from, to)))
    this.#gatheredBytes += to - from
    next.countKept(to - from)
    if (this.#gatheredBytes > GATHER_MAX) this.#letGo(next)
  }

  #letGo(next: BodySink): void {
    const gathered = this.#gathered
    this.#forget()
    for (const bytes of gathered) next.write(bytes, 0, bytes.length)
  }

  #forget(): void {
    this.#next?.countKept(-this.#gatheredBytes)
    this.#gathers = false
    this.#gathered = []
    this.#gatheredBytes = 0
  }

  protected release(): void {
    this.#forget()
  }

  override trailers(trailers: Fields): Fields | null {
    return withoutFields(trailers, SUMS)
  }
}
