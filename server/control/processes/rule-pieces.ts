// Rules as text in pieces: what goes from process to process is nearly all rules, and each piece is written
// and read in a turn of its own.
import type { Config } from '../../config/schema.ts'
import { partsOf, type Steps } from '../../lib/slices.ts'

type Rules = Config['rules']

/** What is written or read between two places where the work may pause. */
const RULES_IN_PIECE = 64
/** Those that came as pieces go on as they came. */
const known = new WeakMap<Rules, readonly string[]>()

export function* writeRules(rules: Rules): Steps<readonly string[]> {
  const had = known.get(rules)
  if (had !== undefined) return had
  const pieces: string[] = []
  for (const part of partsOf(rules, RULES_IN_PIECE)) {
    pieces.push(JSON.stringify(part))
    yield
  }
  known.set(rules, pieces)
  return pieces
}

export function* readRules(pieces: readonly string[]): Steps<Rules> {
  const rules: Rules = []
  for (const piece of pieces) {
    rules.push(...(JSON.parse(piece) as Rules))
    yield
  }
  known.set(rules, pieces)
  return rules
}
