// What the admin listener shows of TURN, from what the supervisor knows.
import type { Totals } from '../telemetry/registry.ts'
import type { TurnFacts } from '../telemetry/documents.ts'
import { makeCredentials, TEST_TTL_S, TEST_USER } from '../turn/state/rest-names.ts'
import type { Question } from '../turn/messages.ts'
import type { Served } from './change/apply.ts'
import { turnListeners } from './relay/relay-plan.ts'
import { type TurnFigures, turnFigures } from './relay/turn-figures.ts'
import type { TurnKeeper } from './relay/turn-keeper.ts'

export interface TurnDesk {
  /** Whether the relay runs; one that died is about to be replaced. */
  readonly isServing: () => boolean
  /** By listener. */
  readonly figures: () => Readonly<Record<string, TurnFigures>>
  /** Good for a minute on each listener that asks for credentials; null: there is no relay. */
  readonly testCredentials: () => {
    readonly username: string
    readonly password: string
    readonly ttl_s: number
  } | null
}

interface KnownRelay {
  readonly totals: Totals
  readonly running: Served | null
  /** Null: there was no turn listener yet. */
  readonly turn: Pick<TurnKeeper, 'relay' | 'allocationsOf' | 'testSecret'> | null
}

export const turnDeskOf = (known: KnownRelay): TurnDesk => ({
  isServing: () => known.turn?.relay.isServing ?? false,
  figures: () => turnFigures(known.totals, turnNames(known)),
  testCredentials: () =>
    known.turn && {
      ...makeCredentials(known.turn.testSecret, TEST_USER, TEST_TTL_S, Date.now() / 1000),
      ttl_s: TEST_TTL_S,
    },
})

/** Names of turn listeners that are served. */
export const turnNames = ({ running }: Pick<KnownRelay, 'running'>): readonly string[] =>
  running ? Object.keys(turnListeners(running.edition.config)) : []

export function askRelay({ running, turn }: KnownRelay, question: Question): Promise<unknown> {
  if (running === null) return Promise.reject(new Error('there is no TURN relay now'))
  return turn?.relay.ask(question) ?? Promise.resolve([])
}

/** Of `/_health`; null: there is no turn listener. */
export function turnFacts({ running, turn }: Omit<KnownRelay, 'totals'>): TurnFacts | null {
  if (!running) return null
  const listeners = turnListeners(running.edition.config)
  if (Object.keys(listeners).length === 0) return null
  const allocations = turn?.allocationsOf(running.edition.config) ?? {}
  return {
    serving: turn?.relay.isServing ?? false,
    listeners: Object.entries(listeners).map(([listener, { realm }]) => {
      return { listener, realm, allocations: allocations[listener] ?? 0 }
    }),
  }
}
