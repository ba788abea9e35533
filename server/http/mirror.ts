// A copy of a request on its way to another backend. It is begun once all of the request has come, so that no
// half of one is ever sent; nobody waits for it, and it holds nothing of the exchange that it is of. What
// came of both is compared where the later of the two is over.
import { copyHead } from '../head/copy-head.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { type ResponseHead, giveHead } from '../head/response-head.ts'
import { tellBug } from '../lib/bug.ts'
import { countBuffered } from '../lib/buffers.ts'
import { nowMs } from '../lib/clock.ts'
import { HeldPieces, type KeptFor } from '../lib/held-pieces.ts'
import { type ComparedAnswer, differencesOf, type Mirroring } from '../rules/mirroring.ts'
import type { MirrorOutcome } from '../telemetry/mirror-meter.ts'
import type { BodyForm } from './ends.ts'
import type { Mirrors } from './mirrors.ts'
import type { AsksBackends, SubrequestEvents, SubrequestFault } from './subrequest-words.ts'
import { wantedUpgrades } from './upgrade.ts'

/** Says to servers that it is a copy, and of which rule. */
const MARK = 'X-Mirror'
/** Who waits for a server does so behind all clients. */
const PRIORITY = -101
/** Of an answer; a longer one is read so far. */
const ANSWER_BYTES = 64 << 20

/** Of an exchange what is copied. */
interface Mirrored {
  readonly id: string
  readonly request: RequestHead
  readonly requestForm: BodyForm
  readonly subrequests: AsksBackends
  readonly stream: { readonly declaredBytes: number }
  readonly engine: { readonly mirrors: Mirrors; readonly chance: () => number }
}

/** How an exchange ended. */
interface Ended {
  readonly status: number
  readonly aborted: boolean
  /** The client got another answer in place of the server's, which nobody read to its end. */
  readonly isReplaced: boolean
}

/** The copy of a request that goes to a server now; null: there is none. */
export function mirrorOf(x: Mirrored, mirroring: Mirroring): Mirror | null {
  const { words } = mirroring
  const { mirrors, chance } = x.engine
  if (chance() * 100 >= words.percent) return null
  try {
    const refused = whyNot(x, mirroring)
    if (refused === null) return new Mirror(x, mirroring)
    mirrors.count(mirroring, refused)
  } catch (error) {
    tellBug(error) // its request is none the worse
  }
  return null
}

function whyNot(x: Mirrored, mirroring: Mirroring): MirrorOutcome | null {
  if (wantedUpgrades(x.request).length > 0) return 'upgrade'
  if (x.stream.declaredBytes > mirroring.words.body_max) return 'body_too_long'
  return x.engine.mirrors.enter(mirroring) ? null : 'full'
}

export class Mirror implements SubrequestEvents, KeptFor {
  /** Bodies of answers are looked at: they must come as content, by us. */
  readonly seesBody: boolean
  readonly #mirroring: Mirroring
  readonly #mirrors: Mirrors
  readonly #asks: AsksBackends
  readonly #head: RequestHead
  readonly #form: BodyForm
  readonly #id: string
  readonly #path: string
  readonly #body: HeldPieces
  #kept = 0
  /** All of the request has come, or it will never. */
  #isSent = false
  #isOver = false
  #sentMs = 0
  readonly #own: Answering
  readonly #other: Answering
  /** What the client got; null: its exchange is not over. */
  #ended: Ended | null = null
  /** Null: the copy is under way. */
  #result: 'answered' | SubrequestFault | null = null

  constructor(x: Mirrored, mirroring: Mirroring) {
    const { words } = mirroring
    this.#mirroring = mirroring
    this.#mirrors = x.engine.mirrors
    this.#asks = x.subrequests
    this.#form = x.requestForm
    this.#id = x.id
    this.#path = x.request.path
    this.#body = new HeldPieces(this)
    const { compare } = words
    this.seesBody = compare !== 'off' && (compare.size || compare.body)
    const hashed = compare !== 'off' && compare.body ? words.body_max : 0
    this.#own = new Answering(hashed)
    this.#other = new Answering(hashed)
    this.#head = copyHead(x.request, x.requestForm !== 'none')
    this.#head.set(MARK, mirroring.rule)
  }

  countKept(delta: number): void {
    this.#kept += delta
    countBuffered(delta)
  }

  // ── the request, as it passes ──

  given(bytes: Buffer, from: number, to: number): void {
    if (this.#isSent) return
    if (this.#body.bytes + to - from > this.#mirroring.words.body_max) return this.#leave('body_too_long')
    this.#body.push(bytes, from, to)
  }

  /** All of it is here: the copy sets out. */
  givenWhole(trailers: Fields | null): void {
    if (this.#isSent) return
    this.#isSent = true
    this.#sentMs = nowMs
    try {
      this.#ask(trailers)
    } catch (error) {
      tellBug(error)
      this.failed('internal')
    }
  }

  #ask(trailers: Fields | null): void {
    const { backend, words } = this.#mirroring
    const form = this.#form
    const pieces = this.#body.pieces()
    const most = this.#body.bytes
    const isFollowed = form !== 'none'
    const asked = this.#asks.ask(
      {
        ...{ purpose: 'mirror', backend, request: this.#head, priority: PRIORITY },
        ...{ totalMs: words.timeout, answerBytes: ANSWER_BYTES, cuts: true },
        ...(isFollowed && { body: { form, bytes: { most } } }),
      },
      this,
    )
    if (asked === null) return this.#leave('full')
    if (isFollowed) {
      for (const piece of pieces) asked.body(piece, 0, piece.length)
      asked.bodyEnd(trailers)
    }
    this.#body.drop()
  }

  // ── the server's answer, as it passes ──

  answered(status: number): void {
    this.#own.begin(status)
  }

  answerBody(bytes: Buffer, from: number, to: number, content: number): void {
    this.#own.add(bytes, from, to, content)
  }

  /** The exchange is over. */
  over(ended: Ended): void {
    if (this.#isOver) return
    this.#ended = { status: ended.status, aborted: ended.aborted, isReplaced: ended.isReplaced }
    if (!this.#isSent) return this.#leave('cut')
    this.#judge()
  }

  // ── the copy's answer ──

  head(head: ResponseHead): void {
    this.#other.begin(head.status)
    giveHead(head)
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#other.add(bytes, from, to, to - from)
  }

  whole(): void {
    this.#result = 'answered'
    this.#judge()
  }

  failed(code: SubrequestFault): void {
    this.#result = code
    this.#judge()
  }

  // ── both ──

  #judge(): void {
    const [ended, result] = [this.#ended, this.#result]
    if (this.#isOver || ended === null || result === null) return
    const { words } = this.#mirroring
    if (result !== 'answered') return this.#failed(ended, result)
    if (words.compare === 'off' || ended.aborted) return this.#leave('answered')
    const read = this.#own.told(this.#sentMs, ended.status)
    const own = ended.isReplaced ? { ...read, size: -1 } : read
    const other = this.#other.told(this.#sentMs, 0)
    const differs = differencesOf(words, own, other)
    if (differs.length === 0) return this.#leave('same')
    this.#mirrors.report(this.#mirroring, {
      ...{ id: this.#id, method: this.#head.method, path: this.#path, differs, fault: null },
      ...{ status: own.status, mirrorStatus: other.status },
      sizes: own.size < 0 ? null : [own.size, other.size],
      ms: [own.ms, other.ms],
    })
    this.#leave('differs')
  }

  /** The copy was not answered. */
  #failed({ status }: Ended, fault: SubrequestFault): void {
    if (this.#mirroring.words.compare === 'off') return this.#leave('failed')
    this.#mirrors.report(this.#mirroring, {
      ...{ id: this.#id, method: this.#head.method, path: this.#path, differs: [], fault },
      ...{ status, mirrorStatus: null, sizes: null, ms: null },
    })
    this.#leave('failed')
  }

  #leave(outcome: MirrorOutcome): void {
    if (this.#isOver) return
    this.#isOver = this.#isSent = true
    this.#body.drop()
    if (this.#kept !== 0) this.countKept(-this.#kept)
    this.#mirrors.leave(this.#mirroring)
    this.#mirrors.count(this.#mirroring, outcome)
  }
}

/** An answer, as it is compared. */
class Answering {
  #status = 0
  #size = 0
  #atMs = 0
  #left: number
  readonly #hasher: Bun.CryptoHasher | null

  /** `hashed`: so many bytes of its body are looked at. */
  constructor(hashed: number) {
    this.#left = hashed
    this.#hasher = hashed > 0 ? new Bun.CryptoHasher('blake2b256') : null
  }

  begin(status: number): void {
    this.#status = status
    this.#atMs = nowMs
  }

  add(bytes: Buffer, from: number, to: number, content: number): void {
    this.#size += content
    if (this.#hasher === null || this.#left === 0) return
    const end = Math.min(to, from + this.#left)
    this.#hasher.update(bytes.subarray(from, end))
    this.#left -= end - from
  }

  /** `status`: where it was none of a server. */
  told(sinceMs: number, status: number): ComparedAnswer {
    const ms = this.#atMs === 0 ? nowMs - sinceMs : Math.max(0, this.#atMs - sinceMs)
    const hash = this.#hasher === null ? null : this.#hasher.digest('hex')
    return { status: this.#status || status, size: this.#size, hash, ms }
  }
}
