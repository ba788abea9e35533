// The listeners that have rules.
import { useMemo } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import { isMap } from '../../data/merge.ts'
import { listenersWithRules, type ListenerRow, listOf } from '../../data/rule-words.ts'

export function useListeners(): readonly ListenerRow[] {
  const held = useHeld(
    'GET /api/v1/listeners',
    {},
    {
      query: { fields: 'effective' },
      isWhole: true,
      topics: ['config'],
    },
  ).value.value
  return useMemo(
    () => listenersWithRules((held?.items ?? []).map(({ id, effective }) => rowOf(id, effective))),
    [held],
  )
}

function rowOf(name: string, effective: unknown): ListenerRow {
  const { protocol = 'http', bind } = isMap(effective) ? effective : {}
  const [first = ''] = listOf(bind)
  return { name, protocol: String(protocol), port: /:\d+$/.exec(first)?.[0] ?? '' }
}
