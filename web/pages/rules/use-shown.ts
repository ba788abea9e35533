// What the page shows: the rules of one listener in the drafted order, those of them that the filter lets
// through, and what is known beside them.
import { useMemo } from 'preact/hooks'
import { changes } from '../../data/draft.ts'
import { isOn } from '../../data/rule-words.ts'
import { useRules } from '../../data/rules.ts'
import type { Address } from './address.ts'
import { useBackends } from './backend-states.ts'
import { rowsOf, shadowedWords } from './rows.ts'
import { filterOf } from './rule-filter.ts'
import { shownRules } from './shown-rules.ts'
import { useFilter } from './use-filter.ts'
import { useListeners } from './use-listeners.ts'

const NO_BACKENDS = new Map<string, never>()

export function useShown(address: Address) {
  const list = useRules().value
  const listeners = useListeners()
  const known = useBackends()
  const backends = known ?? NO_BACKENDS
  const isReady = known !== null && list.at > 0 && listeners.length > 0
  const drafted = changes.value
  const shown = useMemo(() => shownRules(list.items, drafted), [list.items, drafted])
  const chosen = listeners.find(({ name }) => name === address.query.get('listener')) ?? listeners[0] ?? null
  const own = useMemo(
    () => (chosen === null ? shown : shown.filter(({ rule }) => isOn(rule, chosen, listeners))),
    [shown, chosen, listeners],
  )
  const [filter, setFilter] = useFilter(address)
  const all = useMemo(() => rowsOf(own, backends), [own, backends])
  const rows = useMemo(() => {
    const isWanted = filterOf(filter)
    return isWanted === null ? all : all.filter(({ one }) => isWanted(one))
  }, [all, filter])
  const shadowed = useMemo(() => shadowedWords(all), [all])
  return { list, listeners, backends, isReady, chosen, shown, own, rows, filter, setFilter, shadowed }
}
