// Whether something holds for a request, where its readers may differ (Kleene's logic of three values).

/** Numbers, so that "and" is the least, "or" the greatest, and "not" the difference from YES. */
export type Verdict = 0 | 1 | 2

export const NO = 0
/** Readers of the request could take it either way. */
export const UNCLEAR = 1
export const YES = 2

export const verdictOf = (holds: boolean): Verdict => (holds ? YES : NO)

/** Whether all hold, asked in their order. */
export function allOf<X>(tests: readonly ((x: X) => Verdict)[], x: X): Verdict {
  let verdict: Verdict = YES
  for (const test of tests) {
    const one = test(x)
    if (one === NO) return NO
    if (one === UNCLEAR) verdict = UNCLEAR
  }
  return verdict
}

/** Whether one of them holds. */
export function anyOf<X>(tests: readonly ((x: X) => Verdict)[], x: X): Verdict {
  let verdict: Verdict = NO
  for (const test of tests) {
    const one = test(x)
    if (one === YES) return YES
    if (one === UNCLEAR) verdict = UNCLEAR
  }
  return verdict
}

export const notOf = (verdict: Verdict): Verdict =>
  verdict === UNCLEAR ? UNCLEAR : verdictOf(verdict === NO)
