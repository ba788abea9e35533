// Where in the body that was sent a problem of the config is.
import { type Path, readPath } from '../../config/tree.ts'
import type { ApplyProblem } from '../../control/problem.ts'
import type { ProblemItem } from '../problem.ts'
import type { KnownConfig } from './known-config.ts'
import type { Operation, Planned } from './operations.ts'

/** A field of the body whose text the gateway put into a file, which a field of the config names. */
export interface SentAs {
  readonly sent: string
  readonly field: string
  /** As the config names it. */
  readonly file: string
}

/** An operation with what it was sent as. */
export interface Wanted {
  readonly operation: Operation
  readonly ifMatch: string | null
  /** Of its value in the body: "" or "/ops/3/value". */
  readonly pointer: string
  /** What was sent in other fields than those that the file has. */
  readonly sentAs?: readonly SentAs[] | undefined
}

interface Asked {
  readonly wanted: readonly Wanted[]
  readonly plans: readonly Planned[]
}

/** A problem of the config with its place in the body that was sent, if it is of that. */
export function itemOf(known: KnownConfig, problem: ApplyProblem, { wanted, plans }: Asked): ProblemItem {
  const { path, text: _, ...more } = problem
  const steps = readPath(path)
  for (const [index, plan] of plans.entries()) {
    const below = belowOf(known, plan, wanted[index], steps)
    if (below === null) continue
    const { pointer = '', sentAs = [] } = wanted[index] ?? {}
    const [field, ...deeper] = below
    const sent = sentAs.find((one) => one.field === field)?.sent ?? field
    const place = (sent === undefined ? [] : [sent, ...deeper]).map(
      (step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    )
    const said = Object.entries(more).map(([key, value]) => [key, inSent(value, sentAs)] as const)
    return { path, pointer: `${pointer}${place.join('')}`, ...Object.fromEntries(said) } as ProblemItem
  }
  return { path, ...more } as ProblemItem
}

/** The steps below an operation's value; null: it is not of that. */
function belowOf(
  known: KnownConfig,
  { path }: Planned,
  wanted: Wanted | undefined,
  steps: Path,
): Path | null {
  if (path === null) return null
  for (const own of [path, known.writtenPath(path)])
    if (own.every((step, at) => step === steps[at])) return steps.slice(own.length)
  // In the short form each field stands somewhere else.
  const value = wanted !== undefined && 'value' in wanted.operation ? wanted.operation.value : null
  for (const field of Object.keys(value ?? {})) {
    const own = known.writtenPath([...path, field])
    if (own.every((step, at) => step === steps[at])) return [field, ...steps.slice(own.length)]
  }
  return null
}

/** Those files are gone again: what is said of them is said of the fields. */
const inSent = (value: unknown, sentAs: readonly SentAs[]): unknown =>
  typeof value === 'string'
    ? sentAs.reduce((text, { file, sent }) => text.replaceAll(file, sent), value)
    : value
