// After a start: what the run before left in the midst, and what holds since then. Nothing goes on by itself.
import { logEvent } from '../telemetry/log.ts'
import type { Served } from './change/apply.ts'
import type { NotedOperation } from './operation-notes.ts'
import type { Operations } from './operations.ts'
import { ROLLOUT } from './rollouts.ts'

export interface CutWorld {
  readonly operations: Pick<Operations, 'cut'>
  readonly served: Served | null
  /** The revision that the start has taken back, as nobody had confirmed it; null: none. */
  readonly takenBack: number | null
}

/** What is to stand beside a revision in the history. */
export interface ToldRevision {
  readonly revision: number
  readonly why: string
}

/** What has become of what a cut operation had served. */
type Holds = 'kept' | 'reverted' | 'superseded'

/** Tells of each; gives what the history is to say. */
export function tellCut(left: readonly NotedOperation[], world: CutWorld): readonly ToldRevision[] {
  return left.flatMap((one) => (one.kind === ROLLOUT ? tellRollout(one, world) : tellWatch(one, world)))
}

function tellRollout(one: NotedOperation, { operations, served }: CutWorld): readonly ToldRevision[] {
  const { id, facts, step, revision } = one
  const backend = String(facts['backend'])
  const stays = served === null ? '' : `: revision ${served.revision} is served`
  const why = `the gateway ended in the midst of it, after "${step}"; what was done stays${stays}`
  operations.cut(one, { what: step, facts: { ...facts, why } })
  logEvent('warn', 'rollout_ended', { operation: id, backend, state: 'aborted', why })
  return revision === null ? [] : [{ revision, why: `the rollout of ${backend} was cut here: ${why}` }]
}

function tellWatch(
  one: NotedOperation,
  { operations, served, takenBack }: CutWorld,
): readonly ToldRevision[] {
  const { facts, step, revision, hash } = one
  const holds: Holds =
    served?.edition.hash === hash ? 'kept' : takenBack === revision ? 'reverted' : 'superseded'
  const why = `the gateway ended while it was watched (${String(facts['window_s'])} s), and nobody took it back for its figures: ${
    {
      kept: `revision ${revision} stays`,
      reverted: `revision ${revision} was taken back at the next start, as it was not confirmed`,
      superseded: `revision ${served?.revision} with another text is served`,
    }[holds]
  }`
  operations.cut(one, { what: step, facts: { ...facts, outcome: 'cut', holds, why } })
  logEvent('warn', 'watched', { revision, outcome: 'cut', holds, why, before: facts['before'] })
  return revision === null ? [] : [{ revision, why }]
}
