// One stored answer: its head as text, its body whole in one buffer that all who are given it share.
import type { Rendered } from '../head/answer.ts'
import type { RequestHead } from '../head/request-head.ts'
import { takeHead } from '../head/response-head.ts'
import { Directives } from './directives.ts'
import { PartBody } from './part-body.ts'
import type { Part } from './preconditions.ts'
import { dated, freshened, type StoredHead, valueOf, valuesOf, without } from './stored-head.ts'
import { type Came, type FreshnessRules, dateOf, initialAge, termsOf, type Terms } from './terms.ts'
import { isFor, type Selecting } from './vary.ts'

/** The answers that are stored for one key: one for each kind of request that they vary by. */
export interface Slot {
  readonly key: string
  /** Host and target: what is purged by. */
  readonly place: string
  /** The latest last. */
  entries: Entry[]
}

/** What an answer is made of. */
export interface EntryParts {
  readonly head: StoredHead
  readonly body: Buffer
  readonly selecting: readonly Selecting[]
  readonly came: Came
  readonly rules: FreshnessRules
  /** By which it may be purged. */
  readonly tags: readonly string[]
}

/** What is kept beside texts and bytes: objects, and its places in maps and lists. */
const OBJECT_BYTES = 1024
/** A string's characters and its own head. */
const textBytes = (text: string): number => 2 * text.length + 32

/** Bodies beyond this are sent in pieces, as fast as their client takes them. */
const WHOLE_MAX = 256 * 1024
const NOTHING = Buffer.alloc(0)
const LIMITS = { headBytes: 256 * 1024, fields: 1000 }

export class Entry {
  head: StoredHead
  readonly body: Buffer
  readonly selecting: readonly Selecting[]
  readonly tags: readonly string[]
  came: Came
  terms: Terms
  readonly #rules: FreshnessRules
  #initialAgeMs: number
  /** In the order of eviction: the store's own. */
  slot: Slot | null = null
  older: Entry | null = null
  newer: Entry | null = null
  wasUsed = false
  /** As it is counted. */
  bytes: number
  /** Its server has failed just now: until then it is not asked again. */
  standsInUntilMs = 0
  /** The head of the whole answer, as of that second of its age. */
  #head: Rendered['head'] | null = null
  #headSecond = -1

  constructor({ head, body, selecting, came, rules, tags }: EntryParts) {
    this.head = dated(head, came.answeredMs)
    this.body = body
    this.selecting = selecting
    this.tags = tags
    this.came = came
    this.#rules = rules
    this.#initialAgeMs = initialAge(this.head, came)
    this.terms = this.#termsOf()
    this.bytes = this.#count()
  }

  #count(): number {
    const { head, selecting, tags } = this
    let bytes = OBJECT_BYTES + this.body.length
    // Twice: as text, and as bytes once somebody is given it.
    for (const [name, value] of head.fields)
      bytes += textBytes(name) + textBytes(value) + name.length + value.length
    for (const { lower, value } of selecting) bytes += textBytes(lower) + textBytes(value ?? '')
    for (const tag of tags) bytes += textBytes(tag)
    return bytes
  }

  #termsOf(): Terms {
    const said = new Directives(valuesOf(this.head, 'cache-control'))
    return termsOf(this.head, said, dateOf(this.head, this.came), this.#rules)
  }

  /** It is for this request. */
  isFor(request: RequestHead): boolean {
    return this.selecting.length === 0 || isFor(this.selecting, request)
  }

  /** RFC 9111 §4.2.3. */
  ageMs(nowMs: number): number {
    return this.#initialAgeMs + Math.max(0, nowMs - this.came.answeredMs)
  }

  /** What its server is asked with, whether it has changed (§4.3.1); null: it says nothing to ask by. */
  get validators(): { readonly tag: string | null; readonly changed: string | null } | null {
    const tag = valueOf(this.head, 'etag')
    const changed = valueOf(this.head, 'last-modified')
    return tag === null && changed === null ? null : { tag, changed }
  }

  /** Its server says that it has not changed (§4.3.4). */
  freshen(by: StoredHead, came: Came): void {
    this.head = freshened(this.head, dated(by, came.answeredMs))
    this.came = came
    this.#initialAgeMs = initialAge(this.head, came)
    this.terms = this.#termsOf()
    this.bytes = this.#count()
    this.standsInUntilMs = 0
    this.#headSecond = -1
  }

  // ── as it is given ──

  /** All of it, with its age; `said`: in Cache-Status, in place of that it was found. */
  whole(nowMs: number, said: string | null = null): Rendered {
    const { body } = this
    return {
      head: said === null ? this.#headAt(nowMs).another() : headIn(this.#headWith(nowMs, said)),
      bytes: body.length > WHOLE_MAX ? NOTHING : body,
      source: body.length > WHOLE_MAX ? new PartBody(body, 0, body.length) : null,
    }
  }

  #headAt(nowMs: number): Rendered['head'] {
    const ageMs = this.ageMs(nowMs)
    const second = Math.floor(ageMs / 1000)
    if (this.#head !== null && second === this.#headSecond) return this.#head
    const ttl = Math.ceil((this.terms.lifetimeMs - ageMs) / 1000)
    this.#headSecond = second
    return (this.#head = headIn(this.#headWith(nowMs, `hit; ttl=${ttl}`)))
  }

  #headWith(nowMs: number, said: string): Buffer {
    const { head, body } = this
    const length = head.status === 204 ? [] : [`Content-Length: ${body.length}`]
    return this.#render(nowMs, head, [...length, ...this.#told(said)])
  }

  #render(nowMs: number, { status, reason, fields }: StoredHead, lines: readonly string[]): Buffer {
    const age = this.ageMs(nowMs)
    const seconds = Number.isFinite(age) ? Math.floor(age / 1000) : 2 ** 31
    let text = `HTTP/1.1 ${status} ${reason}\r\n`
    for (const [name, value] of fields) if (name.toLowerCase() !== 'age') text += `${name}: ${value}\r\n`
    for (const line of lines) text += `${line}\r\n`
    return Buffer.from(`${text}Age: ${seconds}\r\n\r\n`, 'latin1')
  }

  #told(said: string): string[] {
    return this.#rules.status_header ? [`Cache-Status: ${cacheStatus(said)}`] : []
  }

  /** RFC 9110 §15.4.5: the client has it already. */
  unchanged(nowMs: number, said: string): Rendered {
    const head = { ...without(this.head, OF_CONTENT), status: 304, reason: 'Not Modified' }
    return { head: headIn(this.#render(nowMs, head, this.#told(said))), bytes: NOTHING, source: null }
  }

  /** A part of it (RFC 9110 §15.3.7), or that it has no such part (§15.5.17). */
  part(nowMs: number, part: Part | 'none', said: string): Rendered {
    const { length } = this.body
    const told = this.#told(said)
    if (part === 'none') {
      const head = { status: 416, reason: 'Range Not Satisfiable', fields: [] }
      const lines = [`Content-Range: bytes */${length}`, 'Content-Length: 0', ...told]
      return { head: headIn(this.#render(nowMs, head, lines)), bytes: NOTHING, source: null }
    }
    const { from, to } = part
    const lines = [
      `Content-Range: bytes ${from}-${to - 1}/${length}`,
      `Content-Length: ${to - from}`,
      ...told,
    ]
    const head = { ...this.head, status: 206, reason: 'Partial Content' }
    const isLarge = to - from > WHOLE_MAX
    return {
      head: headIn(this.#render(nowMs, head, lines)),
      bytes: isLarge ? NOTHING : this.body.subarray(from, to),
      source: isLarge ? new PartBody(this.body, from, to) : null,
    }
  }
}

/** What of a whole answer a 304 does not repeat. */
const OF_CONTENT: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-type',
  'content-range',
])

/** A member of Cache-Status (RFC 9211 §2). */
export const cacheStatus = (said: string): string => `Sluice; ${said}`

function headIn(bytes: Buffer): Rendered['head'] {
  const head = takeHead()
  const end = head.scan(bytes, 0, bytes.length, LIMITS)
  if (end !== bytes.length) throw new Error(`a stored head does not parse: ${bytes.latin1Slice(0, 200)}`)
  return head
}

/** The latest one that is for this request (RFC 9111 §4.1). */
export function entryFor({ entries }: Slot, request: RequestHead): Entry | null {
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!
    if (entry.isFor(request)) return entry
  }
  return null
}
