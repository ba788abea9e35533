// The columns of the list of listeners.
import { bitRate, number } from '../../data/say.ts'
import { segment, to } from '../../data/urls.ts'
import { Status } from '../../parts/status.tsx'
import { type Column, SecondLine } from '../../parts/table.tsx'
import { DraftTag } from './listener-drawer.tsx'
import { PROTOCOLS } from './listener-fields.ts'
import { Now } from './listener-figures.tsx'
import type { ListenerRow } from './listener-rows.ts'
import css from './listeners.module.css'

/** Beside a drawer there is room for the first of them. */
export function columnsOf(
  isNarrow: boolean,
  pageOf: (name: string) => string,
): readonly Column<ListenerRow>[] {
  return isNarrow
    ? [nameColumn(pageOf), ADDRESS, LEADS, OPEN, RATE]
    : [nameColumn(pageOf), ADDRESS, CERTIFICATES, LEADS, OPEN, TOTAL, FAULTS, RATE, OUT]
}

const nameColumn = (pageOf: (name: string) => string): Column<ListenerRow> => ({
  key: 'name',
  head: 'Name',
  sort: ({ name }) => name,
  text: ({ name, protocol }) => `${name} ${protocol}`,
  cell: (row) => (
    <>
      <span class={css.name}>
        <a class="name cut" href={pageOf(row.name)} title={row.name}>
          {row.name}
        </a>
        <DraftTag row={row} />
      </span>
      <SecondLine>
        {row.problem === null ? PROTOCOLS[row.protocol].label : <Status state="down" word="Not open" />}
      </SecondLine>
    </>
  ),
})

const ADDRESS: Column<ListenerRow> = {
  key: 'address',
  head: 'Address',
  onCard: 'wide',
  sort: ({ addresses }) => addresses[0] ?? null,
  text: ({ addresses }) => addresses.join(' '),
  cell: ({ addresses, problem }) => (
    <>
      <span class="mono cut" title={addresses.join('\n')}>
        {addresses[0] ?? '–'}
      </span>
      {problem !== null ? (
        <SecondLine>{problem.cause}</SecondLine>
      ) : (
        addresses.length > 1 && <SecondLine>{`and ${addresses.length - 1} more`}</SecondLine>
      )}
    </>
  ),
}

const CERTIFICATES: Column<ListenerRow> = {
  key: 'certificates',
  head: 'Certificates',
  text: ({ certificates }) => certificates.join(' '),
  cell: ({ certificates, protocol }) => {
    const [first] = certificates
    if (first === undefined)
      return (
        <span class="quiet">{protocol === 'turn' ? '–' : protocol === 'tls' ? 'not opened' : 'no TLS'}</span>
      )
    return (
      <a class="cut" href={to(`/certificates/${segment(first)}`)} title={certificates.join(', ')}>
        {certificates.join(', ')}
      </a>
    )
  },
}

const LEADS: Column<ListenerRow> = {
  key: 'leads',
  head: 'Leads to',
  text: ({ backend }) => backend ?? '',
  sort: ({ backend }) => backend,
  cell: ({ backend, protocol }) => {
    if (backend !== null)
      return (
        <a class="cut" href={to(`/backends/${segment(backend)}`)} title={backend}>
          {backend}
        </a>
      )
    if (protocol === 'turn') return <a href={to('/realtime')}>relay</a>
    return <a href={to('/rules')}>rules</a>
  },
}

const numbered = (key: 'open' | 'total' | 'faults', head: string, title: string): Column<ListenerRow> => ({
  ...{ key, head, title, isNumber: true, onCard: 'third' as const },
  sort: (row) => row[key],
  cell: (row) => number(row[key]),
})

const OPEN = numbered('open', 'Open', 'Connections, flows or allocations that are open now')
const TOTAL: Column<ListenerRow> = {
  ...numbered('total', 'Total', 'All since the start of the gateway'),
  onCard: 'none',
}
const FAULTS = numbered('faults', 'Faults', 'Exchanges, connections and flows that ended with a fault')

const RATE: Column<ListenerRow> = {
  ...{
    key: 'rate',
    head: 'New/s',
    isNumber: true,
    onCard: 'third',
    title: 'Requests, connections or flows in the last second',
  },
  cell: ({ name, draft }) =>
    draft === 'new' ? (
      '–'
    ) : (
      <Now name={name} of={(now) => number((now['requests'] || now['connections']) ?? 0)} />
    ),
}

const OUT: Column<ListenerRow> = {
  ...{ key: 'out', head: 'Out', isNumber: true, onCard: 'none', title: 'To clients, in the last second' },
  cell: ({ name, draft }) =>
    draft === 'new' ? '–' : <Now name={name} of={({ bytes_out: bytes }) => bitRate(bytes ?? 0).join(' ')} />,
}
