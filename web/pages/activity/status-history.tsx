// How many requests there were in the last 15 minutes, by the class of their status.
import { useHeld } from '../../data/held.ts'
import { clock, count, number } from '../../data/say.ts'
import css from './status-history.module.css'
import type { Filters } from './tokens.ts'

export interface StatusColumns {
  readonly bars: readonly { readonly all: number; readonly client: number; readonly server: number }[]
  readonly most: number
  readonly requests: number
  readonly clientErrors: number
  readonly serverErrors: number
  readonly from: string
  readonly to: string
  /** Of what: `backend api`; '': of all. */
  readonly of: string
}

const STEP = '10s'

/** Of what figures are kept that comes nearest to the filter. */
function subjectOf({ backend, server, rule, listener }: Filters): { by: string; name?: string } {
  if (backend !== undefined && server !== undefined) return { by: 'server', name: `${backend}/${server}` }
  if (backend !== undefined) return { by: 'backend', name: backend }
  if (rule !== undefined) return { by: 'rule', name: rule }
  return listener === undefined ? { by: 'gateway' } : { by: 'listener', name: listener }
}

export function useStatusHistory(filters: Filters): StatusColumns | null {
  const subject = subjectOf(filters)
  const query = { window: '15m', step: STEP, ...subject }
  const { value } = useHeld('GET /api/v1/stats', {}, { query, everyMs: 10_000 }).value
  if (value === null) return null
  const series = (value.series[0] ?? {}) as Readonly<Record<string, readonly (number | null)[]>>
  const requests = series['requests'] ?? []
  const at = (name: string, place: number): number => series[name]?.[place] ?? 0
  const bars = requests.map((all, place) => ({
    all: all ?? 0,
    client: at('client_errors', place),
    server: at('server_errors', place),
  }))
  const sum = (of: (bar: (typeof bars)[number]) => number): number =>
    bars.reduce((total, bar) => total + of(bar), 0)
  return {
    bars,
    most: Math.max(1, ...bars.map(({ all }) => all)),
    requests: sum(({ all }) => all),
    clientErrors: sum(({ client }) => client),
    serverErrors: sum(({ server }) => server),
    ...{ from: value.from, to: value.to },
    of: subject.name === undefined ? '' : `${subject.by} ${subject.name}`,
  }
}

export function StatusHistory({ history }: { readonly history: StatusColumns | null }) {
  if (history === null) return <div class={css.history} aria-hidden="true" />
  const { bars, most, requests, clientErrors, serverErrors, from, to, of } = history
  const whose = of === '' ? '' : ` of ${of}`
  const words = `${count(requests, 'request')}${whose} in the last 15 minutes, ${number(serverErrors)} of them 5xx and ${number(clientErrors)} 4xx`
  const middle = new Date((Date.parse(from) + Date.parse(to)) / 2)
  return (
    <figure class={css.history}>
      <svg viewBox={`0 0 ${bars.length * 10} 100`} preserveAspectRatio="none" role="img" aria-label={words}>
        {bars.map((bar, place) => (
          <Bar key={place} x={place * 10} {...bar} most={most} />
        ))}
      </svg>
      <figcaption>
        <span>{clock(from)}</span>
        <span>{clock(middle)}</span>
        <span>{clock(to)}</span>
      </figcaption>
    </figure>
  )
}

interface BarProps {
  readonly x: number
  readonly all: number
  readonly client: number
  readonly server: number
  readonly most: number
}

/** An error is seen, however few there were among many. */
const LEAST = 3

function Bar({ x, all, client, server, most }: BarProps) {
  const heightOf = (n: number): number => (n === 0 ? 0 : Math.max(LEAST, (n / most) * 97))
  const [low, mid, top] = [heightOf(Math.max(0, all - client - server)), heightOf(client), heightOf(server)]
  return (
    <>
      <rect class={css.barPlain} x={x} width={8} y={100 - low} height={low} />
      <rect class={css.barWarn} x={x} width={8} y={100 - low - mid} height={mid} />
      <rect class={css.barDown} x={x} width={8} y={100 - low - mid - top} height={top} />
    </>
  )
}
