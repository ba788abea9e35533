// The texts that were served, kept in state.db for people to look at and to bring back. It takes part in
// each change, and never stands in its way: where it cannot be written, what is served goes on, that is said,
// and what was to be written waits until it can be.
import { logEvent } from '../../telemetry/log.ts'
import type { Edition } from '../problem.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import { packText, unpackText } from '../store/packed-text.ts'
import type { StoreKeeper } from '../store/store-keeper.ts'
import { StoreProblem, storeProblemOf, whereItCan } from '../store/store-problem.ts'
import type { NewRevision, Revision, Revisions, Source } from '../store/revisions.ts'
import type { Served } from './apply.ts'
import type { History } from './history.ts'
import type { Part } from './part.ts'

const NOT_CONFIRMED = 'it was not confirmed before the gateway ended'

export interface BookOptions {
  readonly history: Pick<History, 'revisionOf' | 'kept' | 'keepAgain' | 'unconfirmed'>
  readonly store: Pick<StoreKeeper, 'keep'>
  readonly nowMs: () => number
}

interface Staged {
  readonly edition: Edition
  readonly number: number
  /** Its text, packed while others get ready; null: nothing is kept. */
  readonly packed: Promise<Buffer | null> | null
  /** The same, once it is there. */
  bytes: Buffer | null
  isStored: boolean
}

/** What becomes of a text that is served, and of those that waited before it. */
interface End {
  readonly state: 'served' | 'unconfirmed'
  readonly others: readonly ['confirmed' | 'reverted', string] | null
}

/** A revision with its text. */
export interface KeptText {
  readonly revision: Revision
  readonly text: string
}

export class RevisionBook implements Part {
  readonly name = 'revisions'
  readonly #options: BookOptions
  #store: Revisions | null = null
  #staged: Staged | null = null
  /** The hash of what is served. */
  #served: string | null = null
  /** Of the text that was served first in this run. */
  #isFirst = true
  #hasWarned = false
  #adding: Promise<void> = Promise.resolve()
  /** Texts that are being packed: what comes after them is written after them. */
  #packing = 0

  constructor(options: BookOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#store !== null
  }

  /** Settles when what is served is kept. */
  get settled(): Promise<void> {
    return this.#adding
  }

  /** The database is open, while something is served: what it has is brought to agree with that. */
  async opened(store: Revisions, { revision: number, edition }: Served): Promise<void> {
    const isKnown = this.#safely(() => store.settle({ number, hash: edition.hash }, NOT_CONFIRMED))
    if (isKnown === null) return
    this.#store = store
    if (!isKnown) await this.#add({ edition, number }, edition.from === 'rollback' ? 'rollback' : 'start')
  }

  /** The database is another one: it is opened anew, with what is served by then. */
  reopened(): void {
    this.#store = null
  }

  stage(edition: Edition): readonly [] {
    const isNew = this.#store !== null && edition.hash !== this.#served
    const packed = isNew ? packText(edition.text).catch(() => null) : null
    this.#staged = {
      edition,
      number: this.#options.history.revisionOf(edition),
      packed,
      bytes: null,
      isStored: false,
    }
    return []
  }

  /** Nothing stands against it: kept before the config file is written, so that its author is known then. */
  async ready(): Promise<void> {
    const [staged, store] = [this.#staged, this.#store]
    if (staged === null || store === null || staged.edition.hash === this.#served) return
    const packed = await (staged.packed ?? packText(staged.edition.text))
    if (packed === null) return
    staged.bytes = packed
    const revision = this.#newRevision(staged, sourceOf(staged.edition))
    // Where it cannot be written now, it is once it is served, or later.
    whereItCan(() => (staged.isStored = store.stage(revision, packed)))
  }

  /** After the history: its number counts. */
  commit(): void {
    const staged = this.#staged
    this.#staged = null
    if (staged === null) return
    const { edition, number, bytes, isStored } = staged
    const hadThis = this.#served === edition.hash
    const source = this.#isFirst && edition.from === 'file' ? 'start' : sourceOf(edition)
    this.#served = edition.hash
    this.#isFirst = false
    if (this.#store === null) return
    if (hadThis) return this.#write((store) => void store.reread(edition.hash, number))
    const end = this.#endOf(number, edition)
    if (bytes === null) return void this.#add(staged, source, end)
    const revision = this.#newRevision(staged, source)
    this.#write((store) => {
      if (end.others !== null) store.markUnconfirmed(...end.others)
      if (isStored) store.serve(number, end.state)
      else store.add(revision, bytes, end.state)
    }, bytes.length)
  }

  drop(): void {
    const staged = this.#staged
    this.#staged = null
    if (staged?.isStored === true) this.#write((store) => store.unstage(staged.number))
  }

  /** Somebody said that what waits is good. */
  confirmed(by: string | null): void {
    this.#write((store) => store.markUnconfirmed('confirmed', by === null ? null : `by ${by}`))
  }

  /** It was taken back by itself. */
  reverted(number: number, why: string): void {
    this.#write((store) => store.mark(number, 'reverted', why))
  }

  /** What became of it, where nothing is said yet: its state stays. */
  remark(number: number, why: string): void {
    this.#write((store) => store.remark(number, why))
  }

  /** Null: nothing is kept for now. */
  list(below: number, most: number): readonly Revision[] | null {
    return this.#safely(() => this.#store?.list(below, most) ?? null)
  }

  /** Null: no such revision is kept. */
  async read(number: number): Promise<KeptText | null> {
    const found = this.#safely(() => {
      const revision = this.#store?.find(number) ?? null
      const packed = this.#store?.packed(number) ?? null
      return revision === null || packed === null ? null : { revision, packed }
    })
    if (found === null) return null
    return { revision: found.revision, text: await unpackText(found.packed) }
  }

  find(number: number): Revision | null {
    return this.#safely(() => this.#store?.find(number) ?? null)
  }

  /** The newest revision with this text; null: none is kept. */
  numberOf(hash: string): number | null {
    return this.#safely(() => this.#store?.numberOf(hash) ?? null)
  }

  /** The newest text before a revision that is another one, and was not taken back; null: none is kept. */
  before(number: number): number | null {
    return this.#safely(() => {
      const hash = this.#store?.find(number)?.hash
      const all = this.#store?.list(number, LOOKED_BACK) ?? []
      return all.find((one) => one.hash !== hash && one.state !== 'reverted')?.number ?? null
    })
  }

  /** As things are now: it may be written later. */
  #endOf(number: number, { from, hash, note }: Edition): End {
    const isWaiting = from !== 'rollback' && this.#options.history.unconfirmed?.hashes.includes(hash) === true
    if (isWaiting) return { state: 'unconfirmed', others: null }
    // Whoever made another change reached the gateway as it was.
    const others: End['others'] =
      from === 'rollback'
        ? ['reverted', note?.message ?? `revision ${number} went back`]
        : ['confirmed', `revision ${number} was served`]
    return { state: 'served', others }
  }

  #add(
    one: Pick<Staged, 'edition' | 'number'>,
    source: Source,
    { state, others }: End = { state: 'served', others: null },
  ): Promise<void> {
    const revision = this.#newRevision(one, source)
    const add = async (): Promise<void> => {
      const packed = await this.#packed(one.edition)
      this.#packing--
      if (packed === null) return
      this.#keep((store) => {
        if (others !== null) store.markUnconfirmed(...others)
        store.add(revision, packed, state)
      }, packed.length)
    }
    this.#packing++
    return (this.#adding = this.#adding.then(add))
  }

  /** Now, or once it can be, after all that was to be written before. */
  #write(work: (store: Revisions) => void, bytes = 0): void {
    if (this.#packing === 0) this.#keep(work, bytes)
    else this.#adding = this.#adding.then(() => this.#keep(work, bytes))
  }

  #keep(work: (store: Revisions) => void, bytes: number): void {
    const [store, { history, store: keeper }] = [this.#store, this.#options]
    if (store === null) return
    const write = (): void => {
      // Its number will be given to another text after a restart, unless the file that gives numbers has it.
      if (history.kept === null && !history.keepAgain())
        throw new StoreProblem('the number of the revision cannot be kept', 'make room on the disk of "data"')
      work(store)
    }
    const onLost = (why: string): void => void this.#warn(why)
    keeper.keep({ kind: 'revisions', bytes: bytes + WAITING_BYTES, write, onLost })
  }

  #newRevision({ edition, number }: Pick<Staged, 'edition' | 'number'>, source: Source): NewRevision {
    const { hash, by, note, text } = edition
    return {
      number,
      atMs: this.#options.nowMs(),
      hash,
      source,
      author: by,
      message: note?.message ?? null,
      restores: note?.restores ?? null,
      size: Buffer.byteLength(text),
    }
  }

  async #packed({ text }: Edition): Promise<Uint8Array | null> {
    try {
      return await packText(text)
    } catch (error) {
      return this.#warn(error)
    }
  }

  #safely<T>(work: () => T): T | null {
    try {
      return work()
    } catch (error) {
      return this.#warn(error)
    }
  }

  #warn(error: unknown): null {
    const hint = `${storeProblemOf(error)?.hint ?? wayToWrite(error)}; until then changes cannot be looked up or brought back by number`
    if (!this.#hasWarned) logEvent('warn', 'revisions_not_kept', { why: String(error), hint })
    this.#hasWarned = true
    return null
  }
}

const LOOKED_BACK = 100
/** What a change takes in memory while it waits, beside its text. */
const WAITING_BYTES = 1000

const sourceOf = ({ from, note }: Edition): Source => (from === 'api' ? (note?.source ?? 'api') : from)
