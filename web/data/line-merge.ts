// Three texts by lines: what two made of one, put together. Where both changed the same lines a person
// decides.

export interface Range {
  readonly from: number
  readonly to: number
}

/** Lines `old` of the one text stand where the other has its lines `now`. */
export interface Block {
  readonly old: Range
  readonly now: Range
}

export type Piece =
  | { readonly is: 'agreed'; readonly lines: readonly string[] }
  | {
      readonly is: 'conflict'
      readonly base: readonly string[]
      readonly theirs: readonly string[]
      readonly mine: readonly string[]
      /** Of its first line in their text, from 1. */
      readonly line: number
    }

/** More changes than this in one stretch are taken for one change. */
const EDITS_MAX = 2000

/** What differs between two lists of lines. */
export function blocksOf(before: readonly string[], after: readonly string[]): Block[] {
  let head = 0
  const least = Math.min(before.length, after.length)
  while (head < least && before[head] === after[head]) head++
  let tail = 0
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const [a, b] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  return blocksBetween(a, b, matchesOf(a, b)).map(({ old, now }) => ({
    old: { from: old.from + head, to: old.to + head },
    now: { from: now.from + head, to: now.to + head },
  }))
}

/** What is between the lines that both have. */
function blocksBetween(
  a: readonly string[],
  b: readonly string[],
  matches: readonly (readonly [number, number])[],
): Block[] {
  const blocks: Block[] = []
  let [x, y] = [0, 0]
  for (const [i, j] of [...matches, [a.length, b.length] as const]) {
    if (i > x || j > y) blocks.push({ old: { from: x, to: i }, now: { from: y, to: j } })
    ;[x, y] = [i + 1, j + 1]
  }
  return blocks
}

/** The longest list of lines that both have in one order (Myers, 1986), as pairs of places. */
function matchesOf(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const max = Math.min(a.length + b.length, EDITS_MAX)
  const rounds: Int32Array[] = []
  const reached = new Int32Array(2 * max + 3)
  const mid = max + 1
  for (let edits = 0; edits <= max; edits++) {
    rounds.push(reached.slice())
    for (let k = -edits; k <= edits; k += 2) {
      const isDown =
        k === -edits || (k !== edits && (reached[mid + k - 1] ?? 0) < (reached[mid + k + 1] ?? 0))
      let x = isDown ? (reached[mid + k + 1] ?? 0) : (reached[mid + k - 1] ?? 0) + 1
      let y = x - k
      while (x < a.length && y < b.length && a[x] === b[y]) [x, y] = [x + 1, y + 1]
      reached[mid + k] = x
      if (x >= a.length && y >= b.length) return wayBack(a, b, rounds, mid)
    }
  }
  return []
}

function wayBack(
  a: readonly string[],
  b: readonly string[],
  rounds: readonly Int32Array[],
  mid: number,
): (readonly [number, number])[] {
  const matches: (readonly [number, number])[] = []
  let [x, y] = [a.length, b.length]
  for (let edits = rounds.length - 1; edits >= 0; edits--) {
    const reached = rounds[edits] ?? new Int32Array()
    const k = x - y
    const isDown = k === -edits || (k !== edits && (reached[mid + k - 1] ?? 0) < (reached[mid + k + 1] ?? 0))
    const fromK = isDown ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : (reached[mid + fromK] ?? 0)
    const fromY = edits === 0 ? 0 : fromX - fromK
    while (x > fromX && y > fromY) {
      ;[x, y] = [x - 1, y - 1]
      matches.push([x, y])
    }
    ;[x, y] = [fromX, fromY]
  }
  return matches.reverse()
}

/** Both changes in one text; where they meet, a conflict. What both changed alike is agreed. */
export function merge3(baseText: string, theirText: string, myText: string): Piece[] {
  const [base, theirs, mine] = [baseText, theirText, myText].map((text) => text.split('\n')) as [
    string[],
    string[],
    string[],
  ]
  const [a, b] = [blocksOf(base, theirs), blocksOf(base, mine)]
  const pieces: Piece[] = []
  let [at, i, j] = [0, 0, 0]
  // How far lines of each are from those of the base.
  let [shiftA, shiftB] = [0, 0]
  for (;;) {
    const from = Math.min(a[i]?.old.from ?? Infinity, b[j]?.old.from ?? Infinity)
    if (from === Infinity) break
    push(pieces, base.slice(at, from))
    let to = from
    const [firstA, firstB] = [i, j]
    // All that touch one another are one.
    for (let isMore = true; isMore;) {
      isMore = false
      for (; isIn(a[i], to); isMore = true) to = Math.max(to, a[i++]?.old.to ?? to)
      for (; isIn(b[j], to); isMore = true) to = Math.max(to, b[j++]?.old.to ?? to)
    }
    const growA = grown(a.slice(firstA, i))
    const growB = grown(b.slice(firstB, j))
    const theirLines = theirs.slice(from + shiftA, to + shiftA + growA)
    const myLines = mine.slice(from + shiftB, to + shiftB + growB)
    const baseLines = base.slice(from, to)
    if (i === firstA || isEqual(theirLines, myLines)) push(pieces, myLines)
    else if (j === firstB) push(pieces, theirLines)
    else
      pieces.push({
        is: 'conflict',
        base: baseLines,
        theirs: theirLines,
        mine: myLines,
        line: from + shiftA + 1,
      })
    ;[shiftA, shiftB, at] = [shiftA + growA, shiftB + growB, to]
  }
  push(pieces, base.slice(at))
  return pieces
}

/** Whether a change begins within what is taken already, or right behind it: such lines belong together. */
const isIn = (block: Block | undefined, to: number): boolean => block !== undefined && block.old.from <= to

const grown = (blocks: readonly Block[]): number =>
  blocks.reduce((sum, { old, now }) => sum + now.to - now.from - (old.to - old.from), 0)

const isEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, at) => line === b[at])

function push(pieces: Piece[], lines: readonly string[]): void {
  const last = pieces.at(-1)
  if (lines.length === 0) return
  if (last?.is === 'agreed') pieces[pieces.length - 1] = { is: 'agreed', lines: [...last.lines, ...lines] }
  else pieces.push({ is: 'agreed', lines })
}

/** The text of pieces, each conflict as it was decided; undefined: as mine. */
export function textOf(pieces: readonly Piece[], picks: readonly ('mine' | 'theirs' | undefined)[]): string {
  let conflict = 0
  return pieces
    .flatMap((piece) =>
      piece.is === 'agreed' ? piece.lines : picks[conflict++] === 'theirs' ? piece.theirs : piece.mine,
    )
    .join('\n')
}
