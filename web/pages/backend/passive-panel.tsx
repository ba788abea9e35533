// Passive health of a backend's servers: what failed of late, and who is out until when.
import { useSignal } from '@preact/signals'
import type { PassiveState } from '../../data/api-types.ts'
import { number } from '../../data/say.ts'
import { backInUse } from '../../data/server-orders.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { mostWords, type PassiveFields, passiveWords, shownPassive, takesOutWords } from './guard-words.ts'
import css from './guards.module.css'
import type { ServerRow } from './server-rows.ts'

export interface PassivePanelProps {
  readonly backend: string
  readonly rows: readonly ServerRow[]
  /** With every default. */
  readonly fields: PassiveFields
}

interface Row {
  readonly id: string
  readonly passive: PassiveState
}

export function PassivePanel({ backend, rows, fields }: PassivePanelProps) {
  const known = rows.flatMap(({ id, live }): Row[] =>
    live?.passive === undefined ? [] : [{ id, passive: live.passive }],
  )
  return (
    <Panel
      isFlush
      title="Passive health"
      end={
        <span class={css.rule}>
          {fields.mode === 'shadow' && (
            <Tag title="It decides, counts and tells; servers stay in">shadow</Tag>
          )}
          {takesOutWords(fields)}
        </span>
      }
    >
      <Table
        columns={columnsOf(backend)}
        rows={known}
        keyOf={({ id }) => id}
        caption={`Passive health of ${backend}`}
        isTop
      />
      <p class={css.foot}>{mostWords(fields.max_out)} The last one in use stays.</p>
    </Panel>
  )
}

const columnsOf = (backend: string): readonly Column<Row>[] => [
  {
    ...{ key: 'server', head: 'Server', onCard: 'lead', sort: ({ id }) => id },
    cell: ({ id }) => (
      <a class="name cut" href={to(`/backends/${segment(backend)}/servers/${segment(id)}`)}>
        {id}
      </a>
    ),
  },
  {
    ...{
      key: 'state',
      head: 'State',
      onCard: 'text',
      sort: ({ passive }) => (passive.state === 'out' ? 0 : 1),
    },
    cell: ({ passive }) => {
      const { look, word } = shownPassive(passive)
      return <Status state={look} word={word} isQuiet={passive.state === 'in'} />
    },
  },
  {
    ...{ key: 'failed', head: 'Failed', isNumber: true, sort: ({ passive }) => passive.failures },
    title: 'Attempts of the window that failed',
    cell: ({ passive }) => (
      <>
        {number(passive.failures)}
        <span class="quiet"> of {number(passive.attempts)}</span>
      </>
    ),
  },
  {
    ...{ key: 'why', head: 'Why, and until when', onCard: 'bare' },
    cell: ({ passive }) => <PassiveWhy passive={passive} />,
  },
  {
    ...{ key: 'act', head: '', onCard: 'action', isNumber: true },
    cell: ({ id, passive }) => passive.state === 'out' && <BackInUse backend={backend} server={id} />,
  },
]

export function PassiveWhy({ passive }: { readonly passive: PassiveState }) {
  return (
    <span class={css.why}>
      {passiveWords(passive)}
      {passive.until !== null && (
        <>
          {' '}
          · {passive.mode === 'shadow' ? 'would be back' : 'back'} in <Age at={passive.until} />
        </>
      )}
    </span>
  )
}

interface BackProps {
  readonly backend: string
  readonly server: string
}

/** Ends its time out; a problem stands beside the button. */
export function BackInUse({ backend, server }: BackProps) {
  const isBusy = useSignal(false)
  const problem = useSignal<string | null>(null)
  const act = async (): Promise<void> => {
    isBusy.value = true
    const answer = await backInUse(backend, server)
    isBusy.value = false
    problem.value = answer.ok ? null : answer.problem.detail
  }
  return (
    <>
      <Button
        size="sm"
        needs="operator"
        label={`Use again: ${server}`}
        isBusy={isBusy.value}
        busyWord="Using again"
        onPress={() => void act()}
      >
        Use again
      </Button>
      {problem.value !== null && <small role="alert">{problem.value}</small>}
    </>
  )
}
