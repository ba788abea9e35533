// Exceptions are bugs: nothing throws on the data path on purpose. One that does is told and contained to its
// connection. What a client can bring about it can bring about thousands of times a second: a few of each
// kind are told, the rest are counted.

/** `leftOut`: how many of the same kind were not told since the last one that was. */
type Report = (error: unknown, leftOut: number) => void

const TOLD_A_SECOND = 3
const SECOND_MS = 1000
/** Beyond so many kinds within a second, the rest are one kind. */
const KINDS_MAX = 32
const KIND_LENGTH_MAX = 300
const OTHERS = 'others'

interface Kind {
  told: number
  leftOut: number
  /** The latest that was left out. */
  last: unknown
}

/** Of the second that runs. */
const kinds = new Map<string, Kind>()
let second: Timer | null = null

let report: Report = (error) =>
  process.stderr.write(`bug: ${error instanceof Error ? error.stack : String(error)}\n`)

/** Says where bugs are told; standard error until then. */
export function tellBugsTo(next: Report): void {
  report = next
  kinds.clear()
}

/** Tells of an exception that nobody expected. */
export function tellBug(error: unknown): void {
  const kind = kindOf(error)
  if (kind.told < TOLD_A_SECOND) {
    kind.told++
    report(error, 0)
  } else {
    kind.leftOut++
    kind.last = error
  }
  if (second !== null) return
  second = setTimeout(tellLeftOut, SECOND_MS)
  second.unref()
}

/** Tells how many were left out in the second that ends here. */
export function tellLeftOut(): void {
  if (second !== null) clearTimeout(second)
  second = null
  const ended = [...kinds.values()]
  kinds.clear()
  for (const { leftOut, last } of ended) if (leftOut > 0) report(last, leftOut)
}

/** Exceptions of the same message from the same place are of one kind. */
function kindOf(error: unknown): Kind {
  const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
  const name = text.slice(0, KIND_LENGTH_MAX)
  const known = kinds.get(name) ?? (kinds.size >= KINDS_MAX ? kinds.get(OTHERS) : undefined)
  if (known) return known
  const made: Kind = { told: 0, leftOut: 0, last: null }
  kinds.set(kinds.size >= KINDS_MAX ? OTHERS : name, made)
  return made
}

/** Runs something that has nobody above it to catch what it throws: a timer's work. */
export function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    tellBug(error)
  }
}
