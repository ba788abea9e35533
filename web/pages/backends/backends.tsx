// The list of backends: how each is and why, how busy it is, and how the last hour was.
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { type AllRates, failedShare, useRates } from '../../data/rates.ts'
import { count, ms, number, percent, rate, soFar } from '../../data/say.ts'
import { cellsOf, saidOf } from '../../data/timelines.ts'
import { segment, to } from '../../data/urls.ts'
import { isAllOf } from '../../data/whole-list.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Code } from '../../parts/words.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Timeline } from '../../parts/graphics.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Pips, Status, Tag } from '../../parts/status.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import css from './backends.module.css'
import { type BackendResource, type BackendRow, rowsOf } from './backend-rows.ts'
import { NewBackend } from './new-backend.tsx'

const QUERY = { fields: 'live,place,effective.algorithm,configured.servers' }

export function Backends() {
  const held = useHeld(
    'GET /api/v1/backends',
    {},
    {
      query: QUERY,
      isWhole: true,
      topics: ['health', 'config', 'server'],
      everyMs: 10_000,
    },
  ).value
  const { query, put, go } = useAddress()
  const resources = held.value?.items as unknown as readonly BackendResource[] | undefined
  const rows = useMemo(() => rowsOf(resources ?? [], changes.value), [resources, changes.value])
  const filter = query['filter'] ?? ''
  const isAdding = query['new'] !== undefined
  const add = (): void => put({ new: '1' })
  usePageKeys({ n: add })
  const table = useColumns(rows)
  return (
    <>
      <PageHead
        title="Backends"
        actions={
          <Button icon="plus" kind={isAdding ? 'plain' : 'ink'} needs="editor" onPress={add}>
            Backend
          </Button>
        }
      >
        {isAllOf(held.value) && sentenceOf(rows)}
      </PageHead>
      {held.problem !== null && (
        <Note state="down" title={held.problem.title}>
          {held.problem.detail} {held.problem.hint}
        </Note>
      )}
      <Beside drawer={isAdding && <NewBackend onClose={() => put({ new: undefined })} />}>
        {held.value === null ? (
          held.problem === null && <Loading lines={6} />
        ) : rows.length === 0 ? (
          <Panel>
            <NoBackends onAdd={add} />
          </Panel>
        ) : (
          <Panel
            isFlush
            title="Backends"
            count={soFar(rows.length, held.value.total)}
            end={
              <FilterBox
                value={filter}
                hint="name, server or is:down"
                onInput={(next) => put({ filter: next }, 'replace')}
              />
            }
          >
            <Table
              {...table}
              caption="Backends"
              rows={rows}
              keyOf={(row) => row.name}
              filter={filter}
              rowHeight={48}
              onOpen={(row) => go(to(`/backends/${segment(row.name)}`))}
              isStale={() => held.problem !== null}
            />
          </Panel>
        )}
      </Beside>
    </>
  )
}

/** “1 of 6 backends has no server up” */
function sentenceOf(rows: readonly BackendRow[]): string {
  const running = rows.filter(({ draft }) => draft !== 'new')
  const down = running.filter(({ look }) => look === 'down').length
  const degraded = running.filter(({ look }) => look === 'warn').length
  const all = count(running.length, 'backend')
  if (running.length === 0) return 'No backend is running.'
  if (down > 0)
    return `${number(down)} of ${all} ${down === 1 ? 'has' : 'have'} no server up${degraded > 0 ? `, ${number(degraded)} not all of them` : ''}.`
  if (degraded > 0)
    return `All serve; ${number(degraded)} of ${all} without some of ${degraded === 1 ? 'its' : 'their'} servers.`
  return running.length === 1 ? 'Its servers take requests.' : `All ${all} have all of their servers.`
}

function NoBackends({ onAdd }: { readonly onAdd: () => void }) {
  return (
    <Empty
      title="No backend yet"
      action={
        <Button icon="plus" needs="editor" onPress={onAdd}>
          Add a backend
        </Button>
      }
    >
      A backend is a named group of servers that rules send requests to. Or write it into the file:
      <Code text={'backends:\n  api:\n    servers:\n      - { url: "http://127.0.0.1:3000" }'} isCopied />
    </Empty>
  )
}

/** Columns, and how they are sorted: by the numbers of when that was asked for: rows keep their place. */
function useColumns(rows: readonly BackendRow[]) {
  const rates = useRates()
  const sorted = useSignal(0)
  const frozen = useComputed(() => (void sorted.value, rates.peek()))
  const timelines = useHeld('GET /api/v1/timelines', {}, { topics: ['health', 'server'], everyMs: 60_000 })
  const cells = useComputed(
    () => new Map(timelines.value.value?.backends.map((one) => [one.backend, cellsOf(one.cells)])),
  )
  const columns = useMemo(() => columnsOf(rates, frozen, cells), [rates, frozen, cells, rows.length])
  return { columns, onSort: () => void sorted.value++ }
}

type Cells = ReadonlySignal<ReadonlyMap<string, ReturnType<typeof cellsOf>>>

const RANK = ['down', 'warn', 'draft', 'unk', 'maint', 'drain', 'up']

function columnsOf(
  rates: ReadonlySignal<AllRates>,
  frozen: ReadonlySignal<AllRates>,
  cells: Cells,
): readonly Column<BackendRow>[] {
  const then = (row: BackendRow) => frozen.value.backends.get(row.name)
  return [
    {
      key: 'name',
      head: 'Backend',
      sort: (row) => row.name,
      text: (row) => `${row.name} ${row.algorithm} ${row.found}`,
      cell: (row) => <Name row={row} />,
    },
    {
      key: 'state',
      head: 'State',
      onCard: 'bare',
      sort: (row) => RANK.indexOf(row.look),
      text: (row) => `is:${row.word} ${row.word} ${row.reason ?? ''}`,
      cell: (row) => (
        <div class={css.state}>
          <Status state={row.look} word={row.word} />
          {row.reason !== null && (
            <span class={css.reason} title={row.reason}>
              {row.reason}
            </span>
          )}
        </div>
      ),
    },
    {
      key: 'servers',
      head: 'Servers',
      onCard: 'action',
      sort: (row) => (row.servers === 0 ? 1 : row.serversUp / row.servers),
      cell: (row) => <Servers row={row} />,
    },
    {
      ...{ key: 'rate', head: 'Req/s', isNumber: true, onCard: 'third' },
      sort: (row) => then(row)?.requests_per_s ?? 0,
      cell: ({ name }) => <Live rates={rates} of={name} show={(one) => rate(one?.requests_per_s ?? 0)} />,
    },
    {
      ...{ key: 'failed', head: '5xx %', isNumber: true, from: 880, onCard: 'third' },
      sort: (row) => failedShare(then(row)),
      cell: ({ name }) => <Live rates={rates} of={name} show={(one) => percent(failedShare(one))} />,
    },
    {
      ...{ key: 'p95', head: 'p95 ms', isNumber: true, from: 880, onCard: 'third' },
      sort: (row) => then(row)?.p95_ms ?? null,
      cell: ({ name }) => <Live rates={rates} of={name} show={(one) => ms(one?.p95_ms)} />,
    },
    {
      ...{ key: 'active', head: 'In flight', isNumber: true, onCard: 'none' },
      sort: (row) => row.inFlight,
      cell: (row) => number(row.inFlight),
    },
    {
      key: 'hour',
      head: 'Last hour',
      width: '160px',
      from: 1040,
      onCard: 'bare',
      cell: ({ name }) => <Hour cells={cells} of={name} />,
    },
  ]
}

function Name({ row }: { readonly row: BackendRow }) {
  return (
    <div class={css.named}>
      <span class={css.title}>
        <a class="name cut" href={to(`/backends/${segment(row.name)}`)} title={row.name}>
          {row.name}
        </a>
        {row.draft === 'new' && <Tag state="draft">new</Tag>}
        {row.draft === 'changed' && <Tag state="draft">changed</Tag>}
        {row.draft === 'goes' && <Tag state="draft">goes</Tag>}
      </span>
      <SecondLine>{row.algorithm}</SecondLine>
    </div>
  )
}

function Servers({ row }: { readonly row: BackendRow }) {
  const said =
    row.draft === 'new' ? String(row.servers) : `${number(row.serversUp)}/${number(row.servers)} up`
  return (
    <span class={css.servers}>
      {row.pips.length > 0 && <Pips states={row.pips} label={said} />}
      <span class="quiet small">{said}</span>
    </span>
  )
}

interface LiveProps {
  readonly rates: ReadonlySignal<AllRates>
  readonly of: string
  readonly show: (rates: ReturnType<AllRates['backends']['get']>) => string
}

/** A number that is read each two seconds: nothing but itself is drawn anew. */
function Live({ rates, of, show }: LiveProps) {
  const { isKnown, backends } = rates.value
  return <>{isKnown ? show(backends.get(of)) : '–'}</>
}

function Hour({ cells, of }: { readonly cells: Cells; readonly of: string }) {
  const own = cells.value.get(of)
  return own === undefined ? <span class="quiet">–</span> : <Timeline cells={own} label={saidOf(own)} />
}
