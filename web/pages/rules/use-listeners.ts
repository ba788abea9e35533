// The listeners that have rules.
import { useMemo } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import { listenerRow, listenersWithRules, type ListenerRow } from '../../data/rule-words.ts'

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
    () => listenersWithRules((held?.items ?? []).map(({ id, effective }) => listenerRow(id, effective))),
    [held],
  )
}
