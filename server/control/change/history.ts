// What outlives the gateway of its changes, in the data folder: the revision with the hash of its text, so
// that counting goes on over a restart, and the text to go back to while a change waits to be confirmed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { writeWhole } from '../../lib/write-whole.ts'
import { logEvent } from '../../telemetry/log.ts'
import { nameHash } from '../processes/state-file.ts'
import type { ApplyProblem, Edition } from '../problem.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import type { Part } from './part.ts'

/** A change that is taken back unless it is confirmed. */
export interface Unconfirmed {
  /** Of texts that nobody has confirmed: of the one that is served, and of one that is about to be. */
  readonly hashes: readonly string[]
  /** What is served again when it is not confirmed. */
  readonly previous: string
}

interface Kept {
  readonly revision: number
  readonly hash: string
  readonly unconfirmed: Unconfirmed | null
}

const NOTHING: Kept = { revision: 0, hash: '', unconfirmed: null }

const AFTER_RESTART =
  'or name another folder with "data"; until then revisions begin with 1 after a restart, and a change that waits to be confirmed stays when the gateway ends'

export class History implements Part {
  readonly name = 'history'
  readonly #file: string
  #kept: Kept
  /** Whether this run has applied anything. */
  #hasBegun = false
  #staged: Edition | null = null
  #hasWarned = false
  #isKept = false

  /** Of the gateway with this config file. */
  constructor(data: string, configFile: string) {
    this.#file = historyFile(data, configFile)
    this.#kept = read(this.#file)
  }

  /** The number of what was applied last; null: it was not kept, and is another one after a restart. */
  get kept(): number | null {
    return this.#isKept ? this.#kept.revision : null
  }

  get unconfirmed(): Unconfirmed | null {
    return this.#kept.unconfirmed
  }

  /** Nothing was found in the data folder. */
  get isNew(): boolean {
    return this.#kept === NOTHING
  }

  /** Goes on from what is known elsewhere: the file was lost. */
  goOn(revision: number, hash: string): void {
    this.#kept = { ...NOTHING, revision, hash }
  }

  /** The same text is the same revision after a restart. */
  revisionOf({ hash }: Edition): number {
    const { revision, hash: last } = this.#kept
    return !this.#hasBegun && hash === last && revision > 0 ? revision : revision + 1
  }

  /** Kept before the change itself is: whenever the gateway ends from here on, it is taken back. */
  hold(unconfirmed: Unconfirmed | null): void {
    if (!isDeepStrictEqual(unconfirmed, this.#kept.unconfirmed)) this.#keep({ ...this.#kept, unconfirmed })
  }

  stage(edition: Edition): readonly ApplyProblem[] {
    this.#staged = edition
    return []
  }

  commit(): void {
    const edition = this.#staged
    this.#staged = null
    if (edition === null) return
    const kept = { ...this.#kept, revision: this.revisionOf(edition), hash: edition.hash }
    this.#hasBegun = true
    this.#keep(kept)
  }

  drop(): void {
    this.#staged = null
  }

  /** Writes it once more, as it could not be written, or was lost; false: it cannot be. */
  keepAgain(): boolean {
    if (this.#hasBegun) this.#keep(this.#kept)
    return this.#isKept
  }

  #keep(kept: Kept): void {
    this.#kept = kept
    try {
      // The config file outlives a power cut, and so does that it is not confirmed.
      writeWhole(this.#file, `${JSON.stringify(kept)}\n`, { isLasting: true })
      this.#isKept = true
      if (this.#hasWarned)
        logEvent('info', 'revision_kept_again', { file: this.#file, revision: kept.revision })
      this.#hasWarned = false
    } catch (error) {
      this.#isKept = false
      if (!this.#hasWarned)
        logEvent('warn', 'revision_not_kept', {
          file: this.#file,
          why: String(error),
          hint: `${wayToWrite(error)}, ${AFTER_RESTART}`,
        })
      this.#hasWarned = true
    }
  }
}

/** The revision that the gateway with this config file served last; null: none is kept. */
export function keptRevision(data: string, configFile: string): number | null {
  const { revision } = read(historyFile(data, configFile))
  return revision > 0 ? revision : null
}

const historyFile = (data: string, configFile: string): string =>
  join(data, `revision-${nameHash(configFile)}.json`)

function read(file: string): Kept {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept> | null
    if (!Number.isSafeInteger(kept?.revision) || typeof kept?.hash !== 'string') return NOTHING
    const { revision = 0, hash, unconfirmed } = kept
    const isWhole = Array.isArray(unconfirmed?.hashes) && typeof unconfirmed.previous === 'string'
    return { revision, hash, unconfirmed: isWhole ? unconfirmed : null }
  } catch {
    return NOTHING
  }
}
