// How the backends are that rules lead to, in one word each: what a rule's badge and the choice of a backend
// say.
import { useMemo } from 'preact/hooks'
import type { Change } from '../../data/change.ts'
import { changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import type { BackendState } from './backend-state.ts'

interface Live {
  readonly status?: string
  readonly servers?: number
  readonly servers_up?: number
}

/** Those that run, and behind them those that the draft adds. Null: not known yet. */
export function useBackends(): ReadonlyMap<string, BackendState> | null {
  const held = useHeld(
    'GET /api/v1/backends',
    {},
    {
      query: { fields: 'live' },
      isWhole: true,
      topics: ['health', 'config'],
      everyMs: 10_000,
    },
  ).value.value
  const drafted = changes.value
  return useMemo(
    () =>
      held &&
      new Map([
        ...held.items.map(({ id, live }): Named => [id, stateOf((live ?? {}) as Live)]),
        ...drafted.flatMap(draftedIn),
      ]),
    [held, drafted],
  )
}

type Named = readonly [string, BackendState]

function draftedIn(one: Change): readonly Named[] {
  if (one.op !== 'create' || !/^backends\/[^/]+$/.test(one.resource)) return []
  const { name, servers = [] } = one.value
  const count = Array.isArray(servers) ? servers.length : 0
  return [[String(name), { state: 'draft', word: 'in the draft', up: 0, servers: count }]]
}

function stateOf({ status, servers = 0, servers_up: up = 0 }: Live): BackendState {
  if (status === 'down') return { state: 'down', word: 'no server up', up, servers }
  return { state: status === 'degraded' ? 'warn' : 'up', word: 'degraded', up, servers }
}
