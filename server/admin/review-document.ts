// What a change would do, as answers have it.
import type { Review } from '../control/change/review.ts'

/** A review as documents have it. */
export function reviewDocument(review: Review, hasTexts: boolean): object {
  const { diff, isDiffCut, lines, changes, leftOut, impact } = review
  return {
    ...(hasTexts && { diff }),
    diff_cut: isDiffCut,
    lines: { removed: lines.went, added: lines.came },
    changes,
    changes_left_out: leftOut,
    impact,
  }
}
