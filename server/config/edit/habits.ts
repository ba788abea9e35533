// How whoever wrote a file writes: indents, quotes, brackets. What is added is written in the same hand.
import { columnOf, type Member, type Piece } from './piece.ts'

export interface Habits {
  readonly isJson: boolean
  readonly newline: string
  /** How much further a map stands than the key that holds it. */
  readonly step: number
  /** The same of the dashes of a list; 0: below the key itself. */
  readonly dashStep: number
  /** From a dash to what stands behind it. */
  readonly dashWidth: number
  /** For texts that need quotes. */
  readonly quote: '"' | "'"
  /** Between the brackets of a map and what is in it. */
  readonly pad: string
  /** A colon of a key in brackets, and a comma, with what stands behind them. */
  readonly colon: string
  readonly comma: string
  /** Keys stand in quotes. */
  readonly hasQuotedKeys: boolean
  /** In JSON: whether maps and lists go over several lines where there is nothing to copy. */
  readonly isSpread: boolean
}

/** Looked at are the first pieces of a file only: people keep their habits, and files may be large. */
const LOOKED_AT = 400
const LOOKED_AT_CHARS = 64 * 1024

export function habitsOf(text: string, root: Piece, isJson: boolean): Habits {
  const seen = new Seen(text)
  for (const [holder, member] of membersIn(root)) seen.look(holder, member)
  const begin = text.slice(0, LOOKED_AT_CHARS)
  const hasMore = (begin.match(/: '/g)?.length ?? 0) > (begin.match(/: "/g)?.length ?? 0)
  return {
    isJson,
    newline: begin.includes('\r\n') ? '\r\n' : '\n',
    step: seen.most('step') ?? 2,
    dashStep: seen.most('dashStep') ?? 2,
    dashWidth: seen.most('dashWidth') ?? 2,
    quote: hasMore && !isJson ? "'" : '"',
    pad: /\{[^\s}]/.test(begin) && !/\{ \S/.test(begin) ? '' : ' ',
    colon: isJson && /":\S/.test(begin) && !/": /.test(begin) ? ':' : ': ',
    comma: isJson && /,\S/.test(begin) && !/, /.test(begin) ? ',' : ', ',
    hasQuotedKeys: isJson || seen.quotedKeys > seen.bareKeys,
    isSpread: isJson && /^\s*[{[]\s*\n/.test(begin),
  }
}

/** The first members below a piece with what holds each, those near the root first. */
function* membersIn(root: Piece): Generator<readonly [Member | null, Member]> {
  const queue: (readonly [Member | null, Piece])[] = [[null, root]]
  let left = LOOKED_AT
  for (let next = queue.shift(); next !== undefined && left > 0; next = queue.shift()) {
    const [holder, piece] = next
    for (const member of piece.members.slice(0, 20)) {
      left--
      yield [holder, member]
      queue.push([member, member.value])
    }
  }
}

type Counted = 'step' | 'dashStep' | 'dashWidth'

class Seen {
  quotedKeys = 0
  bareKeys = 0
  readonly #text: string
  readonly #counts: Record<Counted, Map<number, number>> = {
    step: new Map(),
    dashStep: new Map(),
    dashWidth: new Map(),
  }

  constructor(text: string) {
    this.#text = text
  }

  look(holder: Member | null, member: Member): void {
    const isDash = member.key === null && member.end > member.at
    if (this.#text[member.at] === '"') this.quotedKeys++
    else if (member.key !== null) this.bareKeys++
    const width = this.#text.slice(member.at, member.value.from)
    if (isDash && width.length > 1 && !width.includes('\n')) this.#count('dashWidth', width.length)
    if (holder === null || holder.key === null) return
    const isOwnLine = this.#text.slice(holder.end, member.at).includes('\n')
    const deeper = columnOf(this.#text, member.at) - columnOf(this.#text, holder.at)
    if (isOwnLine && deeper >= 0) this.#count(isDash ? 'dashStep' : 'step', deeper)
  }

  most(what: Counted): number | null {
    let best: readonly [number, number] | null = null
    for (const [value, count] of this.#counts[what])
      if ((best === null || count > best[1]) && value < 20) best = [value, count]
    return best === null ? null : best[0]
  }

  #count(what: Counted, value: number): void {
    const counts = this.#counts[what]
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
}
