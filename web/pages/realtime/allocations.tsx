// Who relays what to whom, and ending one of them.
import { useSignal } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { type Held, refreshHeld, useHeld } from '../../data/held.ts'
import type { Allocation } from '../../data/api-types.ts'
import { count, longAge, number } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Popover } from '../../parts/popover.tsx'
import { Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { useMedia } from '../../parts/use-media.ts'
import { type AllocationRow, megabits, rowsOf, type Snapshot } from './allocation-rows.ts'
import css from './realtime.module.css'
import { remaining } from './turn-words.ts'

/** More are not drawn: the busiest are told then. */
const MOST = 2000

export function Allocations({ listener, open }: { readonly listener: string; readonly open: number }) {
  const { query, put } = useAddress()
  const filter = query['filter'] ?? ''
  const held = useHeld(
    'GET /api/v1/turn/allocations',
    {},
    { query: { listener, limit: MOST }, everyMs: open > 500 ? 5000 : 2000 },
  ).value
  const rows = useRows(held)
  const isMiddling = useMedia('(640px <= width < 1180px)')
  const left = open - rows.length
  return (
    <Panel
      isFlush
      title="Allocations"
      count={number(open)}
      end={
        (rows.length > 5 || filter !== '') && (
          <FilterBox
            value={filter}
            hint="user, address or peer"
            onInput={(next) => put({ filter: next }, 'replace')}
          />
        )
      }
    >
      {held.problem !== null && (
        <Note state="warn" title={held.problem.title}>
          {held.problem.detail}
        </Note>
      )}
      {held.value === null ? (
        held.problem === null && <Loading />
      ) : (
        <Table
          caption="Allocations"
          columns={isMiddling ? MIDDLING : COLUMNS}
          rows={rows}
          keyOf={({ id }) => id}
          filter={filter}
          rowHeight={48}
          isStale={() => held.problem !== null}
          empty={
            filter === '' ? (
              <Empty title="Nobody is relayed for now">
                Each call that needs the relay has one or two here. The test below makes some for a moment.
              </Empty>
            ) : undefined
          }
        />
      )}
      {left > 10 && rows.length >= MOST && (
        <p class={css.foot}>
          The busiest {number(rows.length)} of {number(open)}.
        </p>
      )}
    </Panel>
  )
}

function useRows(held: Held<Allocation[]>): readonly AllocationRow[] {
  const seen = useRef<{ now: Snapshot; before: Snapshot | null } | null>(null)
  return useMemo(() => {
    if (held.value === null) return []
    const now = { atMs: held.at, list: held.value }
    const before = seen.current?.now ?? null
    seen.current = { now, before }
    return rowsOf(now, before)
  }, [held.value])
}

/** Three digits: what a call takes is below one of them. */
const mbit = (bytesPerS: number | null): string => {
  const value = megabits(bytesPerS)
  return value !== null && value > 0 && value < 0.1 ? value.toFixed(3) : number(value)
}

const rate = (
  key: string,
  head: string,
  of: (row: AllocationRow) => number | null,
): Column<AllocationRow> => ({
  key,
  head,
  isNumber: true,
  sort: of,
  cell: (row) => mbit(of(row)),
})

const COLUMNS: readonly Column<AllocationRow>[] = [
  {
    key: 'user',
    head: 'User',
    sort: ({ user }) => user,
    text: ({ user }) => user ?? 'anybody',
    cell: ({ user, age_s: age }) => (
      <span class={css.two}>
        <span class="name cut" title={user ?? undefined}>
          {user ?? 'anybody'}
        </span>
        <small>for {longAge(age)}</small>
      </span>
    ),
  },
  {
    key: 'client',
    head: 'Client',
    onCard: 'wide',
    text: ({ client, transport }) => `${client} ${transport}`,
    cell: ({ client, transport }) => (
      <span class={css.client}>
        <Tag>{transport.toUpperCase()}</Tag>
        <span class="mono">{client}</span>
      </span>
    ),
  },
  {
    key: 'relayed',
    head: 'Relayed address',
    onCard: 'wide',
    text: ({ relayed }) => relayed.join(' '),
    cell: ({ relayed }) => (
      <span class={css.two}>
        {relayed.map((one) => (
          <span key={one} class="mono">
            {one}
          </span>
        ))}
      </span>
    ),
  },
  {
    key: 'peers',
    head: 'Peers',
    onCard: 'wide',
    text: ({ peers }) => peers.map(({ address }) => address).join(' '),
    cell: ({ peers }) => <Peers peers={peers} />,
  },
  rate('in', 'Mbit/s in', ({ inPerS }) => inPerS),
  rate('out', 'out', ({ outPerS }) => outPerS),
  {
    key: 'ends',
    head: 'Ends in',
    isNumber: true,
    title: 'Unless its client asks for more time.',
    sort: ({ expires_s: s }) => s,
    cell: ({ expires_s: s }) => remaining(s),
  },
  { key: 'end', head: '', onCard: 'action', cell: (row) => <End row={row} /> },
]

/** Where there is no room for all. */
const MIDDLING = COLUMNS.filter(({ key }) => key !== 'peers' && key !== 'ends')

function Peers({ peers }: Pick<AllocationRow, 'peers'>) {
  const [first] = peers
  if (first === undefined) return <span class="quiet">none yet</span>
  return (
    <span class={css.two} title={peers.map(({ address }) => address).join('\n')}>
      <span class="mono supporting">{first.address}</span>
      {peers.length > 1 && <small>and {count(peers.length - 1, 'other')}</small>}
    </span>
  )
}

function End({ row }: { readonly row: AllocationRow }) {
  const problem = useSignal('')
  const isBusy = useSignal(false)
  const who = row.user ?? 'anybody'
  const end = async (close: () => void): Promise<void> => {
    isBusy.value = true
    const answer = await ask('DELETE /api/v1/turn/allocations/{allocation}', { allocation: row.id })
    isBusy.value = false
    if (!answer.ok && answer.problem.status !== 404) {
      problem.value = answer.problem.detail
      return
    }
    close()
    refreshHeld((url) => url.includes('/turn'))
  }
  const peers =
    row.peers.length === 0
      ? 'It has reached nobody yet.'
      : `What ${who} has with ${count(row.peers.length, 'peer')} through it breaks off at once.`
  return (
    <span class={css.end}>
      <Popover
        label={`End the allocation of ${who}`}
        anchor={(opener) => (
          <Button
            size="sm"
            kind="danger"
            needs="operator"
            isWhyHidden
            label={`End the allocation of ${who} at ${row.client}`}
            {...opener}
          >
            End…
          </Button>
        )}
        actions={(close) => (
          <>
            <Button onPress={close}>Cancel</Button>
            <Button kind="danger" isBusy={isBusy.value} busyWord="Ending it" onPress={() => void end(close)}>
              End that of {who}
            </Button>
          </>
        )}
      >
        <p>{peers}</p>
        <p class="quiet">Its client may ask for another one: to keep it out, take its credentials away.</p>
        {problem.value !== '' && <p role="alert">{problem.value}</p>}
      </Popover>
    </span>
  )
}
