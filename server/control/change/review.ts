// What a change would do, before it is made: the diff of the text, what differs in words, whom it touches.
import { inSlices } from '../../lib/slices.ts'
import { diffSteps } from '../../lib/unified-diff.ts'
import type { Worded } from '../../config/told-values.ts'
import type { Difference } from '../../config/words-of-change.ts'
import { type Impact, impactInWords, impactOf } from './impact.ts'

export interface Review {
  /** Unified; of a long one the beginning. */
  readonly diff: string
  readonly isDiffCut: boolean
  readonly lines: { readonly went: number; readonly came: number }
  /** What differs, bounded. */
  readonly changes: readonly Difference[]
  /** How many more there are. */
  readonly leftOut: number
  readonly impact: Impact & { readonly words: readonly string[] }
}

export interface ReviewOptions {
  readonly before: Worded
  readonly after: Worded
  readonly names: readonly [before: string, after: string]
  readonly inFlight: (backend: string, server: string) => number
}

const DIFF_CHARS_MAX = 1024 * 1024
const CHANGES_MAX = 500

/** In slices: the whole of two large configs is compared, by the process that answers everybody else. */
export async function reviewOf({ before, after, names, inFlight }: ReviewOptions): Promise<Review> {
  // Loaded when somebody asks: a start does not need them.
  const { differences } = await import('../../config/words-of-change.ts')
  const all = await inSlices(differences(before, after))
  const { diff, went, came } = await inSlices(diffSteps(before.text, after.text, { names }))
  const impact = impactOf({ before: before.config, after: after.config, inFlight })
  return {
    diff: diff.slice(0, DIFF_CHARS_MAX),
    isDiffCut: diff.length > DIFF_CHARS_MAX,
    lines: { went, came },
    changes: all.slice(0, CHANGES_MAX),
    leftOut: Math.max(0, all.length - CHANGES_MAX),
    impact: { ...impact, words: impactInWords(impact) },
  }
}
