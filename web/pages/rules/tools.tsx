// Above the list: which listener, what to look for, and how many that are.
import { changes } from '../../data/draft.ts'
import type { ListenerRow } from '../../data/rule-words.ts'
import type { RuleList } from '../../data/rules.ts'
import { count, number } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { FilterBox, Segmented } from '../../parts/choices.tsx'
import { SelectField } from '../../parts/controls.tsx'
import { Kbd } from '../../parts/words.tsx'
import { FILTER_HINT } from './rule-filter.ts'
import css from './rules.module.css'

interface ToolsProps {
  readonly listeners: readonly ListenerRow[]
  readonly listener: ListenerRow | null
  readonly onFilter: (text: string) => void
  readonly onListener: (name: string) => void
  readonly filter: string
  readonly list: RuleList
  /** Of those of the listener, how many the filter lets through. */
  readonly shown: number
  readonly count: number
}

export function Tools({ listeners, listener, filter, list, onFilter, onListener, ...counts }: ToolsProps) {
  return (
    <div class={css.tools}>
      {listeners.length > 1 && listener !== null && (
        <ListenerChoice {...{ listeners, onListener }} name={listener.name} />
      )}
      <FilterBox value={filter} onInput={onFilter} hint={FILTER_HINT} />
      <span class={css.told}>
        <span role="status">{countWords({ list, filter, ...counts })}</span>
        {can('edit') && counts.count > 1 && (
          <span class={css.move}>
            {' · '}move: drag, or <Kbd>Alt</Kbd> <Kbd>↑</Kbd>
          </span>
        )}
      </span>
    </div>
  )
}

/** More than so many do not stand side by side. */
const BESIDE_MAX = 6

interface ChoiceProps extends Pick<ToolsProps, 'listeners' | 'onListener'> {
  readonly name: string
}

function ListenerChoice({ listeners, name: chosen, onListener }: ChoiceProps) {
  if (listeners.length > BESIDE_MAX)
    return (
      <div class={css.listeners}>
        <SelectField
          label="Listener"
          value={chosen}
          options={listeners.map(({ name, port }) => ({ value: name, label: `${name} ${port}` }))}
          onInput={onListener}
        />
      </div>
    )
  return (
    <Segmented
      label="Listener"
      value={chosen}
      options={listeners.map(({ name, port, protocol }) => ({
        value: name,
        title: protocol,
        label: (
          <>
            {name} <span class="quiet">{port}</span>
          </>
        ),
      }))}
      onPick={onListener}
    />
  )
}

function countWords({
  list,
  filter,
  shown,
  count: all,
}: Pick<ToolsProps, 'list' | 'filter' | 'shown' | 'count'>): string {
  const moves = changes.value.filter(({ op }) => op === 'move').length
  const coming =
    list.isWhole || list.at === 0 ? '' : `, ${number(list.items.length)} of ${number(list.total)} read`
  const ordered = moves > 0 ? ' in the drafted order' : ''
  return `${filter === '' ? count(all, 'rule') : `${number(shown)} of ${count(all, 'rule')}`}${coming}${ordered}`
}
