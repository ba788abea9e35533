// An order while it is made up: what is chosen, what would come of it, and what came of it.
import { type Signal, useSignal } from '@preact/signals'
import type { Problem } from '../../data/problem.ts'
import { forEach, order, type Order } from '../../data/server-orders.ts'
import type { AdminState } from '../../data/servers.ts'
import { type Consequence, consequenceOf, type Scene, type Wanted } from './order-words.ts'
import { durationOf, msOf, type Until } from './untils.ts'

export type Choice = AdminState | 'weight'

export interface Ordering {
  readonly choice: Signal<Choice>
  readonly reason: Signal<string>
  readonly until: Signal<Until>
  /** Where `until` is `custom`. */
  readonly lasting: Signal<string>
  readonly weight: Signal<number | null>
  readonly endsConnections: Signal<boolean>
  /** The name of the backend, where the last server is taken out. */
  readonly typed: Signal<string>
  /** How many are through; null: it does not run. */
  readonly done: Signal<number | null>
  readonly problem: Signal<Problem | null>
  readonly warnings: Signal<readonly string[]>
  readonly isOut: boolean
  readonly told: Consequence
  /** Why it cannot be given yet. */
  readonly why: string | null
  act(): Promise<void>
}

export interface OrderingParts {
  readonly scene: Scene
  readonly servers: readonly string[]
  readonly choice: Choice
  readonly onDone: () => void
}

export function useOrdering({ scene, servers, choice: first, onDone }: OrderingParts): Ordering {
  const own = scene.rows.find(({ id }) => id === servers[0])
  const state = {
    choice: useSignal<Choice>(first),
    reason: useSignal(''),
    until: useSignal<Until>(''),
    lasting: useSignal(''),
    weight: useSignal<number | null>(own?.live?.weight ?? null),
    endsConnections: useSignal(false),
    typed: useSignal(''),
    done: useSignal<number | null>(null),
    problem: useSignal<Problem | null>(null),
    warnings: useSignal<readonly string[]>([]),
  }
  const { choice, until, lasting, done, problem, warnings } = state
  const isOut = choice.value === 'drain' || choice.value === 'maintenance'
  const wanted: Wanted =
    choice.value === 'weight'
      ? { weight: state.weight.value }
      : { admin: choice.value, endsConnections: isOut && state.endsConnections.value }
  const told = consequenceOf(scene, new Set(servers), wanted)
  const why =
    told.takesLast && state.typed.value !== scene.backend
      ? `Type ${scene.backend} first`
      : choice.value !== 'ready' && until.value === 'custom' && msOf(lasting.value) === null
        ? 'Say how long first'
        : null
  const act = async (): Promise<void> => {
    if (why !== null || done.value !== null) return
    done.value = 0
    problem.value = null
    const body = bodyOf(wanted, state.reason.value, until.value === 'custom' ? lasting.value : until.value)
    const answers = await forEach(
      servers,
      (server) => order(scene.backend, server, body),
      (n) => (done.value = n),
    )
    done.value = null
    warnings.value = [...new Set(answers.flatMap((one) => (one.ok ? (one.value.warnings ?? []) : [])))]
    const failed = answers.find((answer) => !answer.ok)
    if (failed?.ok === false) problem.value = failed.problem
    else if (warnings.value.length === 0) onDone()
  }
  return { ...state, isOut, told, why, act }
}

function bodyOf(wanted: Wanted, reason: string, lasting: string): Order {
  const isBack = 'admin' in wanted ? wanted.admin === 'ready' : wanted.weight === null
  return {
    ...('weight' in wanted
      ? { weight: wanted.weight }
      : { admin: wanted.admin, ...(wanted.endsConnections && { end_connections: true }) }),
    ...(reason !== '' && { reason }),
    ...(lasting !== '' && !isBack && { for: durationOf(lasting) }),
  }
}
