// The servers of a backend: what is written of them is asked anew when the config changes, how they fare more
// often, and less often the more there are.
import { useMemo, useRef } from 'preact/hooks'
import { changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { isSame } from '../../data/merge.ts'
import type { Problem } from '../../data/problem.ts'
import type { ServerLive, ServerResource } from '../../data/servers.ts'
import { isAllOf } from '../../data/whole-list.ts'
import { type ServerRow, serverRows } from './server-rows.ts'

export interface Servers {
  readonly rows: readonly ServerRow[]
  /** That there are; more than rows until all have come. */
  readonly total: number
  readonly problem: Problem | null
  /** They have come; of very many, the first of them. */
  readonly isKnown: boolean
  readonly isWhole: boolean
}

/** From this many on how they fare is asked for less often. */
const MANY = 100

export function useServers(backend: string): Servers {
  const path = 'GET /api/v1/backends/{backend}/servers'
  const whole = useHeld(path, { backend }, { isWhole: true, topics: ['config'], everyMs: 60_000 }).value
  const total = whole.value?.total ?? 0
  const lives = useHeld(
    path,
    { backend },
    {
      query: { fields: 'live' },
      isWhole: true,
      topics: ['health', 'server'],
      everyMs: total > MANY ? 10_000 : 2000,
    },
  ).value
  const kept = useRef<ReadonlyMap<string, ServerRow>>(new Map())
  const rows = useMemo(() => {
    const live = new Map(lives.value?.items.map((one) => [one.id, one.live as ServerLive | null]))
    const resources = (whole.value?.items ?? []) as unknown as readonly ServerResource[]
    const now = resources.map((one) => ({ ...one, live: live.get(one.id) ?? one.live }))
    // A row of which nothing has changed stays the same object: it is not drawn anew.
    const all = serverRows(backend, now, changes.value).map((row) => {
      const before = kept.current.get(row.id)
      return before !== undefined && isSame(before, row) ? before : row
    })
    kept.current = new Map(all.map((row) => [row.id, row]))
    return all
  }, [backend, whole.value, lives.value, changes.value])
  const isWhole = isAllOf(whole.value)
  return { rows, total, problem: whole.problem ?? lives.problem, isKnown: whole.value !== null, isWhole }
}
