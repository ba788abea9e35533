// Whether something holds for a request, where its readers may differ (Kleene's logic of three values).

/** Numbers, so that "and" is the least, "or" the greatest, and "not" the difference from YES. */
export type Verdict = 0 | 1 | 2

export const NO = 0
/** Readers of the request could take it either way. */
export const UNCLEAR = 1
export const YES = 2

export const verdictOf = (holds: boolean): Verdict => (holds ? YES : NO)
