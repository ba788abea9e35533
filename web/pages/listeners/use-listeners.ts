// What the list of listeners is made of, asked together.
import { useMemo } from 'preact/hooks'
import type { AnswerOf } from '../../data/api.ts'
import { changes } from '../../data/draft.ts'
import { type Held, useHeld } from '../../data/held.ts'
import { OVERVIEW } from '../../data/overview.ts'
import { type ListenerResource, type ListenerRow, rowsOf } from './listener-rows.ts'

export interface Listeners {
  readonly list: Held<AnswerOf<'GET /api/v1/listeners'>>
  readonly resources: readonly ListenerResource[]
  readonly rows: readonly ListenerRow[]
  /** Where the admin listener is; null: not known, or it is off. */
  readonly admin: string | null
}

export function useListeners(): Listeners {
  const list = useHeld('GET /api/v1/listeners', {}, { isWhole: true, topics: ['config', 'listener'] }).value
  const often = { topics: ['worker', 'config'], everyMs: 5000 }
  const status = useHeld('GET /api/v1/status', {}, often).value.value
  const overview = useHeld('GET /api/v1/overview', {}, OVERVIEW).value.value
  const resources = (list.value?.items ?? []) as readonly ListenerResource[]
  const rows = useMemo(
    () =>
      rowsOf({
        resources,
        counted: status?.listeners ?? [],
        problems: overview?.problems ?? [],
        changes: changes.value,
      }),
    [list.value, status, overview, changes.value],
  )
  return { list, resources, rows, admin: status?.admin ?? null }
}
