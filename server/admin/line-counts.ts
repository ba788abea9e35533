// How many lines each text of the history has changed of the one before it. Texts that were served stay what
// they are, so that a pair is compared once.
import type { Revision } from '../control/store/revisions.ts'
import { inSlices } from '../lib/slices.ts'
import { diffSteps } from '../lib/unified-diff.ts'

export interface LineCount {
  readonly removed: number
  readonly added: number
}

type Read = (revision: number) => Promise<{ readonly text: string } | null>

/** A page of the history, and more. */
const KEPT_MAX = 400

export class LineCounts {
  readonly #known = new Map<string, LineCount>()
  /** One page at a time: whoever comes meanwhile waits, and finds what was counted. */
  #turn: Promise<unknown> = Promise.resolve()

  /** Of `revisions`, the newest first, without the last, which is only compared with; null: not known. */
  of(revisions: readonly Revision[], read: Read): Promise<(LineCount | null)[]> {
    const counted = this.#turn.then(() => this.#counted(revisions, read))
    this.#turn = counted.catch(() => undefined)
    return counted
  }

  async #counted(revisions: readonly Revision[], read: Read): Promise<(LineCount | null)[]> {
    const counts: (LineCount | null)[] = []
    for (const [place, after] of revisions.slice(0, -1).entries()) {
      const before = revisions[place + 1]
      counts.push(before === undefined ? null : await this.#between(before, after, read))
    }
    return counts
  }

  async #between(before: Revision, after: Revision, read: Read): Promise<LineCount | null> {
    if (before.hash === after.hash) return { removed: 0, added: 0 }
    const key = `${before.hash} ${after.hash}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const [old, now] = [await read(before.number), await read(after.number)]
    if (old === null || now === null) return null
    const { went, came } = await inSlices(diffSteps(old.text, now.text))
    const count = { removed: went, added: came }
    if (this.#known.size >= KEPT_MAX) this.#known.clear()
    this.#known.set(key, count)
    return count
  }
}
