// How the backends are that rules lead to, in one word each: what a rule's badge and the choice of a backend
// say.
import { useMemo } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import type { BackendState } from './backend-state.ts'

interface Live {
  readonly status?: string
  readonly servers?: number
  readonly servers_up?: number
}

/** Null: not known yet. */
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
  return useMemo(
    () => held && new Map(held.items.map(({ id, live }) => [id, stateOf((live ?? {}) as Live)])),
    [held],
  )
}

function stateOf({ status, servers = 0, servers_up: up = 0 }: Live): BackendState {
  if (status === 'down') return { state: 'down', word: 'no server up', up, servers }
  return { state: status === 'degraded' ? 'warn' : 'up', word: 'degraded', up, servers }
}
