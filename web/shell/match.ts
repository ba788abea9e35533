// Finds by what people type: parts of words in any order, beginnings of words (`shch` finds shop-checkout),
// and says which letters were found, to mark them.

/** Letters from..to (without `to`) of a label. */
export type Range = readonly [from: number, to: number]

export interface Match {
  /** The more the better. */
  readonly score: number
  /** In their order, none overlaps another. */
  readonly marks: readonly Range[]
}

/** A text made ready to be searched. */
export interface Searched {
  readonly text: string
  /** A bit for each letter and digit that is in it: most of what does not match is put aside by it alone. */
  readonly letters: number
}

export const searched = (text: string): Searched => {
  const lower = text.toLowerCase()
  return { text: lower, letters: lettersOf(lower) }
}

/** The words of what was typed. */
export const wordsOf = (query: string): readonly Searched[] =>
  query
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(searched)

function lettersOf(text: string): number {
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 97 && code <= 122) bits |= 1 << (code - 97)
    // Digits share the bits that are left.
    else if (code >= 48 && code <= 57) bits |= 1 << (26 + (code - 48) / 2)
  }
  return bits
}

/**
 * All words must be found; null: they are not. `isStrict`: as parts, not by beginnings.
 */
export function matchOf(words: readonly Searched[], label: Searched, isStrict = false): Match | null {
  let score = 0
  const marks: Range[] = []
  for (const word of words) {
    if ((word.letters & ~label.letters) !== 0) return null
    const found = inOne(word.text, label.text) ?? (isStrict ? null : byBeginnings(word.text, label.text))
    if (found === null) return null
    score += found.score
    marks.push(...found.marks)
  }
  return { score, marks: joined(marks) }
}

/** Within a word, best at the beginning of one, best of all at that of the label. */
function inOne(word: string, label: string): Match | null {
  let at = label.indexOf(word)
  if (at < 0) return null
  const first = at
  while (at >= 0 && !isBeginning(label, at)) at = label.indexOf(word, at + 1)
  const found = at < 0 ? first : at
  const isWhole = found + word.length === label.length || isBeginning(label, found + word.length)
  const score = (found === 0 ? 100 : at < 0 ? 40 : 80) + (at >= 0 && isWhole ? 15 : 0)
  return { score, marks: [[found, found + word.length]] }
}

/** Pieces that each stand at the beginning of a word: sc for shop-checkout. */
function byBeginnings(word: string, label: string): Match | null {
  /** What was tried in vain, by place in the word and the label: nothing is tried twice. */
  let failed: Set<number> | null = null
  const rest = (done: number, from: number): readonly Range[] | null => {
    if (done === word.length) return []
    const key = done * (label.length + 1) + from
    if (failed?.has(key) === true) return null
    for (let at = from; at < label.length; at++) {
      if (label[at] !== word[done] || !isBeginning(label, at)) continue
      let length = 0
      while (done + length < word.length && label[at + length] === word[done + length]) length++
      // The longest piece first: what is left may fit only behind a shorter one.
      for (let taken = length; taken > 0; taken--) {
        const more = rest(done + taken, at + taken)
        if (more !== null) return [[at, at + taken], ...more]
      }
    }
    ;(failed ??= new Set()).add(key)
    return null
  }
  const marks = word.length === 1 ? null : rest(0, 0)
  return marks === null ? null : { score: 21 - marks.length, marks }
}

const isSign = (code: number): boolean =>
  !((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127)
const isDigit = (code: number): boolean => code >= 48 && code <= 57

function isBeginning(label: string, at: number): boolean {
  if (at === 0) return true
  const [before, here] = [label.charCodeAt(at - 1), label.charCodeAt(at)]
  return isSign(before) || isSign(here) || isDigit(before) !== isDigit(here)
}

/** In their order, with those that touch or overlap made one. */
function joined(marks: Range[]): readonly Range[] {
  if (marks.length < 2) return marks
  const out: Range[] = []
  for (const [from, to] of marks.toSorted(([a], [b]) => a - b)) {
    const last = out.at(-1)
    if (last !== undefined && from <= last[1]) out[out.length - 1] = [last[0], Math.max(last[1], to)]
    else out.push([from, to])
  }
  return out
}
