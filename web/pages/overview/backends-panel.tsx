// The backends: who is up, how busy, and how the last hour was.
import { useComputed, type ReadonlySignal } from '@preact/signals'
import { useHeld } from '../../data/held.ts'
import { type AllRates, failedShare, type Rates, useRates } from '../../data/rates.ts'
import { ms, number, percent, rate as rateOf } from '../../data/say.ts'
import { cellsOf, saidOf } from '../../data/timelines.ts'
import { segment, to } from '../../data/urls.ts'
import { Loading } from '../../parts/empty.tsx'
import { Timeline } from '../../parts/graphics.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Pips, Status } from '../../parts/status.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { type BackendRow, rowsOf } from './backend-rows.ts'
import css from './overview.module.css'
import { useStill } from './paused.ts'

/** The others are behind “All backends”. */
const SHOWN = 12

type Hours = ReadonlyMap<string, string>

export function BackendsPanel() {
  const query = { fields: 'live' }
  const held = useHeld(
    'GET /api/v1/backends',
    {},
    { query, isWhole: true, topics: ['health', 'server', 'config'], everyMs: 10_000 },
  )
  const { value } = held.value
  const list = useStill(value)
  const rates = useRates()
  const hours = useHours()
  if (list === null)
    return (
      <Panel title="Backends">
        <Loading />
      </Panel>
    )
  const rows = rowsOf(list)
  if (rows.length === 0) return null
  return (
    <Panel
      title="Backends"
      count={number(list.total)}
      end={
        <a class="link" href={to('/backends')}>
          All backends
        </a>
      }
      isFlush
    >
      <Table
        caption="Backends, those that are not well first"
        columns={columnsOf(rates, hours)}
        rows={rows.slice(0, SHOWN)}
        keyOf={({ name }) => name}
      />
    </Panel>
  )
}

function useHours(): ReadonlySignal<Hours> {
  const held = useHeld('GET /api/v1/timelines', {}, { topics: ['health', 'server'], everyMs: 30_000 })
  return useComputed(() => new Map(held.value.value?.backends.map(({ backend, cells }) => [backend, cells])))
}

function columnsOf(
  rates: ReadonlySignal<AllRates>,
  hours: ReadonlySignal<Hours>,
): readonly Column<BackendRow>[] {
  const rate = (key: string, head: string, of: (now: Rates) => string): Column<BackendRow> => ({
    key,
    head,
    isNumber: true,
    onCard: 'third',
    cell: ({ name }) => <Rate rates={rates} name={name} of={of} />,
  })
  return [
    {
      key: 'name',
      head: 'Backend',
      cell: ({ name }) => (
        <a class="name cut" href={to(`/backends/${segment(name)}`)} title={name}>
          {name}
        </a>
      ),
    },
    {
      key: 'state',
      head: 'State',
      onCard: 'bare',
      cell: ({ state, word, reason }) => (
        <span class={state === 'up' ? css.well : css.ill}>
          <Status state={state} word={word} />
          {reason !== '' && <SecondLine>{reason}</SecondLine>}
        </span>
      ),
    },
    {
      key: 'servers',
      head: 'Servers',
      onCard: 'action',
      cell: ({ pips, up, servers }) => (
        <span class={css.servers}>
          {pips.length > 0 && <Pips states={pips} label={`${up} of ${servers} up`} />}
          <span class={css.count}>{`${up}/${servers} up`}</span>
        </span>
      ),
    },
    rate('requests', 'Req/s', (now) => rateOf(now.requests_per_s)),
    rate('errors', '5xx %', (now) => percent(failedShare(now))),
    rate('p95', 'p95 ms', (now) => ms(now.p95_ms)),
    {
      key: 'hour',
      head: 'Last hour',
      width: '204px',
      onCard: 'bare',
      cell: ({ name, state }) => (
        <span class={state === 'up' ? css.wellHour : css.hour}>
          <Hour hours={hours} name={name} />
        </span>
      ),
    },
  ]
}

interface RateProps {
  readonly rates: ReadonlySignal<AllRates>
  readonly name: string
  readonly of: (now: Rates) => string
}

function Rate({ rates, name, of }: RateProps) {
  const now = useStill(rates.value).backends.get(name)
  return <>{now === undefined ? '–' : of(now)}</>
}

function Hour({ hours, name }: { readonly hours: ReadonlySignal<Hours>; readonly name: string }) {
  const letters = useStill(hours.value).get(name)
  if (letters === undefined) return <>–</>
  const cells = cellsOf(letters)
  return <Timeline cells={cells} label={`${name}. ${saidOf(cells)}`} />
}
