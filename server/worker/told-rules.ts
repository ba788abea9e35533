// Rules on their way to a worker, in pieces: one that was told with the plan before is only named, as most
// changes leave nearly all rules as they are. What the worker has read of such a piece stays the same
// objects.
import type { Config } from '../config/schema.ts'
import type { Steps } from '../lib/slices.ts'

type Rules = Config['rules']

/** What goes with a plan: pieces as JSON, or their places among those of the plan that was told before. */
export type RuleNews = readonly (string | number)[]

/** The end that tells. It counts as told from here on, also where the plan is dropped then. */
export class RulesTold {
  #told: readonly string[] = []

  newsOf(pieces: readonly string[]): RuleNews {
    const told = this.#told
    this.#told = pieces
    let places: ReadonlyMap<string, number> | null = null
    return pieces.map((piece, place) => {
      if (told[place] === piece) return place
      places ??= new Map(told.map((one, at) => [one, at]))
      return places.get(piece) ?? piece
    })
  }
}

interface Piece {
  /** Null: it has been read. */
  text: string | null
  rules: Rules
}

/** The end that is told. */
export class RulesHeard {
  #heard: readonly Piece[] = []

  /** Taken at once, in the order of the plans; read in turns of its own. Throws on a piece never told. */
  take(news: RuleNews): Steps<Rules> {
    const heard = news.map((piece) => {
      if (typeof piece === 'string') return { text: piece, rules: [] }
      const known = this.#heard[piece]
      if (known === undefined) throw new Error(`the rules of piece ${piece} were not told`)
      return known
    })
    this.#heard = heard
    return read(heard)
  }
}

function* read(pieces: readonly Piece[]): Steps<Rules> {
  const rules: Rules = []
  for (const piece of pieces) {
    const { text } = piece
    if (text !== null) {
      piece.rules = JSON.parse(text) as Rules
      piece.text = null
    }
    for (const rule of piece.rules) rules.push(rule)
    if (text !== null) yield
  }
  return rules
}
