// Columns of the table of servers, under three headings: what the file says, what a person has set at run
// time, and what is observed.
import type { ReadonlySignal } from '@preact/signals'
import type { AllRates } from '../../data/rates.ts'
import { clock, ms, number, rate } from '../../data/say.ts'
import {
  type OrderFacts,
  aboutOrder,
  orderOf,
  type ServerLive,
  shownAdmin,
  shownOperation,
} from '../../data/servers.ts'
import { type cellsOf, saidOf } from '../../data/timelines.ts'
import { segment, to } from '../../data/urls.ts'
import { Timeline } from '../../parts/graphics.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import type { Column } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { lastCheckOf } from './guard-words.ts'
import css from './servers.module.css'
import type { ServerRow } from './server-rows.ts'

const FILE = { head: 'In the file', title: 'As the config file has it; edits go into the draft' }
const ORDERED = {
  head: 'Set at run time',
  isDashed: true,
  title: 'Ordered by a person; not in the file, and kept over restarts',
}
const SEEN = { head: 'Observed', title: 'What checks and requests found' }

export interface Shown {
  readonly backend: string
  readonly rates: ReadonlySignal<AllRates>
  /** Those of when the table was sorted last. */
  readonly frozen: ReadonlySignal<AllRates>
  readonly cells: ReadonlySignal<ReadonlyMap<string, ReturnType<typeof cellsOf>>>
}

export function serverColumns(shown: Shown): readonly Column<ServerRow>[] {
  const { backend, rates, frozen, cells } = shown
  const keyOf = ({ id }: ServerRow): string => `${backend} ${id}`
  const then = (row: ServerRow) => frozen.value.servers.get(keyOf(row))
  return [
    {
      ...{ key: 'server', head: 'Server', onCard: 'lead', sort: (row) => row.id },
      text: (row) => `${row.id} ${row.address}`,
      cell: (row) => <Name row={row} backend={backend} />,
    },
    {
      ...{ key: 'weight', head: 'Weight', group: FILE, sort: (row) => row.weight },
      cell: (row) => <Weight row={row} />,
    },
    {
      ...{ key: 'admin', head: 'Admin state', group: ORDERED, onCard: 'text' },
      sort: ({ live }) => live?.admin ?? '',
      text: ({ live }) => (live === null ? '' : `is:${shownAdmin(live.admin).word} ${ordersText(live)}`),
      cell: ({ live }) => (live === null ? <span class="quiet">–</span> : <Ordered live={live} />),
    },
    {
      ...{ key: 'state', head: 'State, reason', group: SEEN, onCard: 'text' },
      sort: ({ live }) => (live === null ? null : RANK.indexOf(shownOperation(live).look)),
      text: ({ live }) => (live === null ? '' : `is:${shownOperation(live).word} ${live.reason ?? ''}`),
      cell: ({ live }) => (live === null ? <NotYet /> : <Observed live={live} />),
    },
    {
      ...{ key: 'active', head: 'In flight', sort: ({ live }) => live?.active_connections ?? null },
      cell: (row) => <Load row={row} />,
    },
    {
      ...{ key: 'rate', head: 'Req/s', isNumber: true, from: 880 },
      sort: (row) => then(row)?.requests_per_s ?? 0,
      cell: (row) => <Rate rates={rates} of={keyOf(row)} column="requests_per_s" />,
    },
    {
      ...{ key: 'p95', head: 'p95 ms', isNumber: true, from: 1040 },
      sort: (row) => then(row)?.p95_ms ?? null,
      cell: (row) => <Rate rates={rates} of={keyOf(row)} column="p95_ms" />,
    },
    {
      ...{ key: 'hour', head: 'Last hour', width: '180px', onCard: 'wide', from: 1040 },
      cell: ({ id }) => <Hour cells={cells} of={id} />,
    },
  ]
}

const RANK = ['down', 'warn', 'unk', 'up']

function Name({ row, backend }: { readonly row: ServerRow; readonly backend: string }) {
  return (
    <div class={css.named}>
      <span class={css.title}>
        {row.resource === null ? (
          <span class="name cut">{row.id}</span>
        ) : (
          <a
            class="name cut"
            href={to(`/backends/${segment(backend)}/servers/${segment(row.id)}`)}
            title={row.id}
          >
            {row.isNamed ? row.id : row.address}
          </a>
        )}
        {row.isBackup && <Tag title="Used only while no other server is usable">backup</Tag>}
        {row.draft !== null && <Tag state="draft">{row.draft}</Tag>}
      </span>
      {row.isNamed && (
        <span class={`${css.second} mono cut`} title={row.fields.url}>
          {row.address}
        </span>
      )}
    </div>
  )
}

/** That of the file, that in force where it is another, and that of the draft. */
function Weight({ row }: { readonly row: ServerRow }) {
  const inForce = row.live?.weight ?? row.weight
  const drafted = row.drafted?.weight ?? (row.drafted === null ? undefined : 1)
  return (
    <div>
      {number(row.weight)}
      {drafted !== undefined && drafted !== row.weight && <Tag state="draft">{number(drafted)}</Tag>}
      {inForce !== row.weight && <span class={css.second}>now {number(inForce)}</span>}
      {row.live?.dynamic_weight !== undefined && (
        <span class={css.second} title="By its answers and their times (dynamic_weights)">
          {row.live.dynamic_weight_shadow === true && 'shadow: '}
          dynamic {number(row.live.dynamic_weight)}
        </span>
      )}
      {row.live?.slow_start !== undefined && (
        <span class={css.second} title="It came up lately: its share grows (slow_start)">
          {Math.round(row.live.slow_start * 100)} % of it
        </span>
      )}
    </div>
  )
}

function Ordered({ live }: { readonly live: ServerLive }) {
  const { look, word } = shownAdmin(live.admin)
  return (
    <div class={css.why}>
      <Status state={look} word={word} isQuiet={live.admin === 'ready'} />
      {(live.orders ?? []).map((order) => (
        <span key={order.kind} class={css.second}>
          <AboutOrder order={order} />
          <OrderWords order={order} />
        </span>
      ))}
    </div>
  )
}

export function AboutOrder({ order }: { readonly order: OrderFacts }) {
  const about = aboutOrder(order)
  return <>{about === '' ? '' : `${about}: `}</>
}

/** “mira · until 03:30 · “kernel update”” */
export function OrderWords({ order }: { readonly order: OrderFacts }) {
  return <>{wordsOf(order)}</>
}

export const wordsOf = ({ by, until, reason }: OrderFacts): string =>
  [by, until === null ? 'no end' : `until ${clock(until)}`, ...(reason === null ? [] : [`“${reason}”`])].join(
    ' · ',
  )

const ordersText = ({ orders = [] }: ServerLive): string => orders.map(wordsOf).join(' ')

function Observed({ live }: { readonly live: ServerLive }) {
  const { look, word } = shownOperation(live)
  return (
    <div class={`${css.why} ${css.seen}`}>
      <Status state={look} word={word} isQuiet={look === 'up' || look === 'unk'} />
      <span class={css.second}>
        <ObservedWords live={live} />
      </span>
    </div>
  )
}

/** Why, and since when: “status 503, wanted 200-399, for 14 min”. */
export function ObservedWords({ live }: { readonly live: ServerLive }) {
  const { since, operational, operational_reason: why, admin, reason } = live
  const check = lastCheckOf(live)
  const forced = orderOf(live, 'health')
  if (forced !== null)
    return (
      <>
        said to be {forced.value} by {forced.by}
      </>
    )
  if (operational === 'down')
    return (
      <>
        {check?.result === 'fail' ? check.reason : reason?.replace(/^passive: /, '')}
        {since !== null && since !== undefined && (
          <>
            , for <Age at={since} />
          </>
        )}
      </>
    )
  if (admin === 'ready' && reason !== null) return <>{reason.replace(/^circuit [a-z-]+: /, '')}</>
  if (admin === 'maintenance') return <>not checked in maintenance</>
  if (check === undefined) return <>{why ?? 'no health check'}</>
  return (
    <>
      {live.slow_start !== undefined && `${why}; `}
      check passed{check.ms === null ? '' : ` in ${ms(check.ms)} ms`}, <Age at={check.time} /> ago
    </>
  )
}

function NotYet() {
  return <span class="quiet">not running yet</span>
}

function Load({ row }: { readonly row: ServerRow }) {
  const active = row.live?.active_connections ?? null
  const { max } = row
  if (active === null) return <span class="quiet">–</span>
  return (
    <div>
      <span>
        {number(active)}
        {max !== null && <span class="quiet"> / {number(max)}</span>}
      </span>
      {max !== null && (
        <span class={css.bar}>
          <i style={{ width: `${Math.min(100, (active / max) * 100)}%` }} />
        </span>
      )}
    </div>
  )
}

interface RateProps {
  readonly rates: ReadonlySignal<AllRates>
  readonly of: string
  readonly column: 'requests_per_s' | 'p95_ms'
}

function Rate({ rates, of, column }: RateProps) {
  const { isKnown, servers } = rates.value
  const own = servers.get(of)
  if (!isKnown) return <>–</>
  return <>{column === 'p95_ms' ? ms(own?.p95_ms) : rate(own?.requests_per_s ?? 0)}</>
}

function Hour({ cells, of }: { readonly cells: Shown['cells']; readonly of: string }) {
  const own = cells.value.get(of)
  return own === undefined ? <span class="quiet">–</span> : <Timeline cells={own} label={saidOf(own)} />
}
