// The servers of a backend, and what is ordered of one or of several.
import { useComputed, useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import { useRates } from '../../data/rates.ts'
import { number, soFar } from '../../data/say.ts'
import { cellsOf } from '../../data/timelines.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { arranged } from '../../parts/table-rows.ts'
import { useAddress } from '../../parts/use-address.ts'
import { OrderPopover } from './order-popover.tsx'
import type { Scene } from './order-words.ts'
import { serverColumns } from './server-columns.tsx'
import { runningOf, type ServerRow } from './server-rows.ts'
import css from './servers.module.css'

export interface ServersTabProps {
  readonly scene: Scene
  /** Servers that there are; more than are listed where there are very many. */
  readonly total: number
  readonly openServer: string | null
  readonly isStale: boolean
}

export function ServersTab({ scene, total, openServer, isStale }: ServersTabProps) {
  const { backend, rows } = scene
  const { query, put, go } = useAddress()
  const picked = useSignal<ReadonlySet<string>>(new Set())
  const filter = query['filter'] ?? ''
  const { columns, onSort } = useColumns(scene)
  const pick = (id: string): void => {
    const next = new Set(picked.value)
    if (!next.delete(id)) next.add(id)
    picked.value = next
  }
  // Only those that are seen: nobody orders something of what a filter hides.
  const running = runningOf(arranged(rows, columns, null, filter)).map(({ id }) => id)
  const chosen = running.filter((id) => picked.value.has(id))
  const all: readonly Column<ServerRow>[] = [
    {
      key: 'pick',
      head: 'Select',
      width: '36px',
      onCard: 'none',
      headCell: (
        <Pick
          label={filter === '' ? 'Select all servers' : 'Select all that are shown'}
          isPicked={chosen.length > 0 && chosen.length === running.length}
          onPick={() => (picked.value = new Set(chosen.length === running.length ? [] : running))}
        />
      ),
      cell: (row) =>
        row.resource !== null && (
          <Pick label={`Select ${row.id}`} isPicked={picked.value.has(row.id)} onPick={() => pick(row.id)} />
        ),
    },
    ...columns,
    {
      ...{ key: 'act', head: '', onCard: 'action', isNumber: true },
      cell: (row) => row.resource !== null && <Act scene={scene} row={row} />,
    },
  ]
  return (
    <>
      {isStale && total > rows.length && (
        <Note state="warn" title={`The first ${number(rows.length)} of ${number(total)} servers are shown`}>
          The others did not come; they are asked for again.
        </Note>
      )}
      <Panel
        isFlush
        title="Servers"
        count={soFar(rows.length, total)}
        end={
          <FilterBox
            value={filter}
            hint="name, address or is:down"
            onInput={(next) => put({ filter: next }, 'replace')}
          />
        }
      >
        {chosen.length > 0 && (
          <Bulk scene={scene} chosen={chosen} onNone={() => (picked.value = new Set())} />
        )}
        <Table
          columns={all}
          rows={rows}
          keyOf={(row) => row.id}
          caption={`Servers of ${backend}`}
          filter={filter}
          rowHeight={48}
          isTop
          onSort={onSort}
          openKey={openServer}
          isStale={() => isStale}
          onOpen={(row) =>
            row.resource !== null && go(to(`/backends/${segment(backend)}/servers/${segment(row.id)}`))
          }
          empty={
            filter === '' ? (
              <Empty title="No server">Every request to {backend} is answered 503.</Empty>
            ) : undefined
          }
        />
      </Panel>
    </>
  )
}

function useColumns({ backend, rows }: Scene) {
  const rates = useRates()
  const sorted = useSignal(0)
  const frozen = useComputed(() => (void sorted.value, rates.peek()))
  const timelines = useHeld(
    'GET /api/v1/timelines',
    {},
    {
      query: { backend },
      topics: ['health', 'server'],
      everyMs: 60_000,
    },
  )
  const cells = useComputed(
    () => new Map(timelines.value.value?.servers.map((one) => [one.server, cellsOf(one.cells)])),
  )
  const columns = useMemo(
    () => serverColumns({ backend, rates, frozen, cells }),
    [backend, rates, frozen, cells, rows.length],
  )
  return { columns, onSort: () => void sorted.value++ }
}

interface BulkProps {
  readonly scene: Scene
  readonly chosen: readonly string[]
  readonly onNone: () => void
}

/** What is done with those that are selected. */
function Bulk({ scene, chosen, onNone }: BulkProps) {
  return (
    <div class={css.bulk} role="group" aria-label="What to do with those selected">
      <b>{number(chosen.length)} selected</b>
      <OrderPopover
        scene={scene}
        servers={chosen}
        choice="drain"
        button={{ words: 'Drain or more' }}
        onDone={onNone}
      />
      <span class={css.push} />
      <Button size="sm" kind="quiet" onPress={onNone}>
        Select none
      </Button>
    </div>
  )
}

interface PickProps {
  readonly label: string
  readonly isPicked: boolean
  readonly onPick: () => void
}

function Pick({ label, isPicked, onPick }: PickProps) {
  return (
    <label class={css.pick}>
      <input type="checkbox" aria-label={label} checked={isPicked} onChange={onPick} />
    </label>
  )
}

function Act({ scene, row }: { readonly scene: Scene; readonly row: ServerRow }) {
  const isReady = row.live?.admin === 'ready'
  return (
    <OrderPopover
      scene={scene}
      servers={[row.id]}
      choice={isReady ? 'drain' : 'ready'}
      button={{ words: isReady ? 'Drain' : 'Ready', label: `${isReady ? 'Drain' : 'Make ready'}: ${row.id}` }}
    />
  )
}
