// Reads a unified diff: its lines with their numbers, and which characters of a changed line are changed.

export interface DiffPiece {
  readonly text: string
  readonly isChanged: boolean
}

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'hunk'
  /** Number of the line in the old text (removed) or the new one; null for a hunk's head. */
  readonly number: number | null
  readonly pieces: readonly DiffPiece[]
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/

/** Lines of a unified diff, without the heads that name the files. */
export function linesOf(text: string): DiffLine[] {
  const lines: DiffLine[] = []
  let [before, after] = [0, 0]
  let isIn = false
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const hunk = HUNK.exec(line)
    if (hunk !== null) {
      isIn = true
      before = Number(hunk[1])
      after = Number(hunk[2])
      lines.push({ kind: 'hunk', number: null, pieces: whole(line) })
    } else if (!isIn || line.startsWith('\\')) continue
    else if (line.startsWith('+'))
      lines.push({ kind: 'added', number: after++, pieces: whole(line.slice(1)) })
    else if (line.startsWith('-'))
      lines.push({ kind: 'removed', number: before++, pieces: whole(line.slice(1)) })
    else {
      before++
      lines.push({ kind: 'same', number: after++, pieces: whole(line.slice(1)) })
    }
  }
  return marked(lines)
}

/** Lines in two columns: what was taken out beside what came in its place; null: there is none. */
export function pairsOf(lines: readonly DiffLine[]): (readonly [DiffLine | null, DiffLine | null])[] {
  const pairs: (readonly [DiffLine | null, DiffLine | null])[] = []
  // How far the numbers of the new text are ahead of those of the old one.
  let ahead = 0
  for (let at = 0; at < lines.length;) {
    const removed = runFrom(lines, at, 'removed')
    const added = runFrom(lines, at + removed, 'added')
    for (let n = 0; n < Math.max(removed, added); n++)
      pairs.push([
        n < removed ? (lines[at + n] ?? null) : null,
        n < added ? (lines[at + removed + n] ?? null) : null,
      ])
    ahead += added - removed
    at += removed + added
    const line = lines[at]
    if (removed + added > 0 || line === undefined) continue
    const { number } = line
    if (line.kind === 'hunk') {
      const [, before = 0, after = 0] = (HUNK.exec(line.pieces[0]?.text ?? '') ?? []).map(Number)
      ahead = after - before
    }
    pairs.push([{ ...line, number: number === null ? null : number - ahead }, line])
    at++
  }
  return pairs
}

const whole = (text: string): DiffPiece[] => [{ text, isChanged: false }]

/** Where as many lines were added as removed just before, they are taken for the same lines, changed. */
function marked(lines: DiffLine[]): DiffLine[] {
  for (let at = 0; at < lines.length;) {
    const removed = runFrom(lines, at, 'removed')
    const added = runFrom(lines, at + removed, 'added')
    if (removed === added) for (let n = 0; n < removed; n++) markPair(lines, at + n, at + removed + n)
    at += Math.max(1, removed + added)
  }
  return lines
}

function runFrom(lines: readonly DiffLine[], from: number, kind: DiffLine['kind']): number {
  let at = from
  while (lines[at]?.kind === kind) at++
  return at - from
}

function markPair(lines: DiffLine[], oldAt: number, newAt: number): void {
  const [before, after] = [lines[oldAt], lines[newAt]]
  if (before === undefined || after === undefined) return
  const [a, b] = [before.pieces[0]?.text ?? '', after.pieces[0]?.text ?? '']
  const { head, tail } = sharedEnds(a, b)
  // Lines that share next to nothing are told by their colour alone.
  if (head + tail < 0.2 * Math.max(a.length, b.length)) return
  lines[oldAt] = { ...before, pieces: cut(a, head, tail) }
  lines[newAt] = { ...after, pieces: cut(b, head, tail) }
}

/** How many characters both begin and end with. */
function sharedEnds(a: string, b: string): { head: number; tail: number } {
  const least = Math.min(a.length, b.length)
  let head = 0
  while (head < least && a[head] === b[head]) head++
  let tail = 0
  while (tail < least - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  return { head, tail }
}

const cut = (text: string, head: number, tail: number): DiffPiece[] =>
  [
    { text: text.slice(0, head), isChanged: false },
    { text: text.slice(head, text.length - tail), isChanged: true },
    { text: text.slice(text.length - tail), isChanged: false },
  ].filter((piece) => piece.text !== '')
