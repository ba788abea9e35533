// How a request is shown in a row.
import type { ServedRequest } from '../../data/api-types.ts'
import { exactClock, took, whole } from '../../data/say.ts'
import { Icon } from '../../parts/icon.tsx'
import { Shape } from '../../parts/status.tsx'
import type { Column } from '../../parts/table.tsx'
import css from './cells.module.css'

const TIME: Column<ServedRequest> = {
  key: 'time',
  head: 'Time',
  cell: (row) => (
    <span class={css.server}>
      <time class={css.clock} dateTime={row.time} title={whole(row.time)}>
        {exactClock(row.time)}
      </time>
      <span class={css.onCard}>
        <StatusCode of={row} />
      </span>
    </span>
  ),
}
const STATUS: Column<ServedRequest> = {
  key: 'status',
  head: 'Status',
  cell: (row) => <StatusCode of={row} />,
  onCard: 'none',
}
const REQUEST: Column<ServedRequest> = {
  key: 'request',
  head: 'Request',
  isCut: true,
  onCard: 'bare',
  cell: ({ method, host, path }) => (
    <span class={css.request} title={`${method} ${host}${path}`}>
      <i>{method}</i> <i>{host}</i>
      <b>{path}</b>
    </span>
  ),
}
const CLIENT: Column<ServedRequest> = {
  key: 'client',
  head: 'Client',
  from: 880,
  onCard: 'none',
  cell: ({ client, user }) => (
    <span class={css.client}>{[client ?? '–', user].filter(Boolean).join(' · ')}</span>
  ),
}
const RULE: Column<ServedRequest> = {
  key: 'rule',
  head: 'Rule',
  from: 880,
  onCard: 'none',
  cell: ({ rule }) => (rule === null ? <span class="quiet">no rule</span> : <Name of={rule} />),
}
const SERVER: Column<ServedRequest> = {
  key: 'server',
  head: 'Server',
  onCard: 'bare',
  cell: (row) => (
    <span class={css.server}>
      <span class={css.onCard}>
        {row.client} · {row.rule ?? 'no rule'} <span aria-label="to">→</span>
      </span>
      {row.server === null ? <span class="quiet">{withoutServer(row)}</span> : <Name of={row.server} />}
      {row.attempts.length > 1 && (
        <span class={css.tries} title={`${row.attempts.length} tries`}>
          <Icon name="refresh" size={10} />
          {row.attempts.length}
          <span class="sr"> tries</span>
        </span>
      )}
    </span>
  ),
}
const TOOK: Column<ServedRequest> = {
  key: 'took',
  head: 'Took',
  isNumber: true,
  onCard: 'action',
  cell: ({ total_ms: ms }) => (
    <span class={css.took}>
      <i>
        <i style={{ width: `${barOf(ms)}px` }} />
      </i>
      <span>{ms < 0.05 ? '< 0.1 ms' : took(ms)}</span>
    </span>
  ),
}

export const REQUEST_COLUMNS = [TIME, STATUS, REQUEST, CLIENT, RULE, SERVER, TOOK]

/** What is exported as CSV. */
export const REQUEST_FIELDS: readonly (readonly [string, (row: ServedRequest) => unknown])[] = [
  ['time', ({ time }) => time],
  ['id', ({ id }) => id],
  ['client', ({ client }) => client],
  ['user', ({ user }) => user],
  ['listener', ({ listener }) => listener],
  ['method', ({ method }) => method],
  ['host', ({ host }) => host],
  ['path', ({ path }) => path],
  ['rule', ({ rule }) => rule],
  ['backend', ({ backend }) => backend],
  ['server', ({ server }) => server],
  ['status', ({ status }) => status],
  ['total_ms', (row) => row.total_ms],
  ['tries', ({ attempts }) => attempts.length],
  ['bytes_in', (row) => row.bytes_in],
  ['bytes_out', (row) => row.bytes_out],
  ['fault', ({ fault }) => fault],
]

export function StatusCode({ of: { status } }: { readonly of: Pick<ServedRequest, 'status'> }) {
  const state = status === null || status >= 500 ? 'down' : status >= 400 ? 'warn' : null
  return (
    <span class={state === null ? css.code : `${css.code} ${css[state]}`}>
      {state !== null && <Shape state={state} size={9} />}
      {status ?? 'none'}
    </span>
  )
}

function Name({ of }: { readonly of: string }) {
  return (
    <span class={css.thing} title={of}>
      {of}
    </span>
  )
}

/** Who answered where no server did. */
export function withoutServer({ fault }: Pick<ServedRequest, 'fault'>): string {
  if (fault === null) return 'answered here'
  return fault === 'no_server' ? 'none up' : fault.replaceAll('_', ' ')
}

const BAR_PX = 56
/** From 1 ms to 10 s, each tenfold one step longer: what is quick is seen as well. */
const barOf = (ms: number): number =>
  Math.round(Math.max(4, Math.min(BAR_PX, (BAR_PX / 4) * Math.log10(Math.max(1, ms)))))
