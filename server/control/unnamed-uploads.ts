// Uploaded certificates that nothing names any more: their files go at a start and after a change, and with
// them the private keys. What could still bring one back keeps it: a text that is kept, or that waits.
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { logEvent } from '../telemetry/log.ts'
import type { Served } from './change/apply.ts'
import { wayToWrite } from './source/way-to-write.ts'
import { ENDS_OF_NAMES, endOfName, uploadedFolder } from './uploaded-pair.ts'

export interface UploadHands {
  readonly served: () => Served | null
  /** A change is under way: what it names may stand nowhere else yet. */
  readonly isChanging: () => boolean
  /** The text in the config file, and what would come back; null: the file cannot be read. */
  readonly waiting: () => readonly string[] | null
  /** Of all revisions; null: not all are known now. Throws where one cannot be read. */
  readonly kept: (served: Served) => Promise<AsyncIterable<string> | null>
  readonly nowMs: () => number
}

/** Whoever uploads one may name it in a change to come. */
const STAYS_MS = 3_600_000
/** What a write that was cut off has left. */
const UNFINISHED = /^\..+\.new$/

export class UnnamedUploads {
  readonly #hands: UploadHands
  #isDue = false
  #isLooking = false
  #told = ''

  constructor(hands: UploadHands) {
    this.#hands = hands
  }

  /** Something is served: what it does not name may go. */
  served(): void {
    this.#isDue = true
    void this.look()
  }

  /** Unless a change is under way, whose end is to ask again. */
  async look(): Promise<void> {
    if (!this.#isDue || this.#isLooking || this.#hands.isChanging()) return
    this.#isDue = false
    this.#isLooking = true
    try {
      await this.#look()
    } catch (error) {
      this.#tell(String(error), wayToWrite(error))
    }
    this.#isLooking = false
    if (this.#isDue) void this.look()
  }

  async #look(): Promise<void> {
    const { served: now, kept, isChanging } = this.#hands
    const served = now()
    if (served === null) return
    const folder = uploadedFolder(served.edition.config.data)
    const left = this.#oldIn(folder)
    // 1. Most often all are in use.
    if (left.length === 0 || !this.#strikeNow(left, served)) return
    if (left.length === 0) return
    // 2. One text after the other: they may be large, and many.
    const texts = await kept(served)
    if (texts === null) return
    for await (const text of texts) {
      strike(left, text)
      if (left.length === 0) return
    }
    // 3. Nothing has come in between, which would ask again; from here on nothing can.
    if (isChanging()) this.#isDue = true
    else if (now()?.edition === served.edition && this.#strikeNow(left, served)) this.#remove(folder, left)
  }

  /** False: not all that may name them can be read. */
  #strikeNow(left: string[], { edition }: Served): boolean {
    const waiting = this.#hands.waiting()
    if (waiting === null) return false
    for (const text of [edition.text, ...waiting]) strike(left, text)
    // What variables have filled in.
    if (left.length > 0) strike(left, JSON.stringify(edition.config))
    return true
  }

  #oldIn(folder: string): string[] {
    return namesIn(folder).filter(
      (name) => (UNFINISHED.test(name) || endOfName(name) !== null) && this.#isOld(join(folder, name)),
    )
  }

  #isOld(file: string): boolean {
    const stat = lstatSync(file, { throwIfNoEntry: false })
    return stat?.isFile() === true && this.#hands.nowMs() - stat.mtimeMs > STAYS_MS
  }

  #remove(folder: string, names: readonly string[]): void {
    // The same pair may have been uploaded once more since.
    const files = names.filter((name) => this.#isOld(join(folder, name)))
    for (const name of files) rmSync(join(folder, name), { force: true })
    if (files.length > 0) logEvent('info', 'uploads_removed', { folder, files })
  }

  #tell(why: string, hint: string): void {
    if (this.#told !== why) logEvent('warn', 'uploads_not_removed', { why, hint })
    this.#told = why
  }
}

/** Takes those off the list that a text names. */
function strike(names: string[], text: string): void {
  const ends = new Set(text.match(ENDS_OF_NAMES))
  const left = names.filter((name) => !ends.has(endOfName(name) ?? ''))
  names.splice(0, names.length, ...left)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    // Nothing was ever uploaded: the usual case.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
