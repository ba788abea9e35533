// How busy a listener is. Small parts of their own, drawn each second and nothing around them.
import { useComputed } from '@preact/signals'
import { useHeld } from '../../data/held.ts'
import { type Figures, frame } from '../../data/live.ts'
import { bitRate, count, number } from '../../data/say.ts'
import { Spark } from '../../parts/graphics.tsx'
import type { ListenerRow } from './listener-rows.ts'
import css from './listeners.module.css'

export interface NowProps {
  readonly name: string
  readonly of: (now: Figures) => string
}

/** Of the last second; who is not in it was not busy. */
export function Now({ name, of }: NowProps) {
  const now = frame.value
  return <>{now === null ? '–' : of(now.listeners[name] ?? {})}</>
}

const STEP_S = 10

/** The facts at the head of a listener's drawer. */
export function Facts({ row, limit }: { readonly row: ListenerRow; readonly limit: number | null }) {
  const isHttp = row.protocol === 'http' || row.protocol === 'https'
  return (
    <>
      <dl class={css.facts}>
        <Fact label={`Open ${row.counts}`}>
          {number(row.open)}
          {limit !== null && <small title="At most so many in each worker">{` of ${number(limit)}`}</small>}
        </Fact>
        <Fact label="Since the start">{number(row.total)}</Fact>
        <Fact label="Faults">{number(row.faults)}</Fact>
        <Fact label={isHttp ? 'Requests' : `New ${row.counts}`}>
          <Now name={row.name} of={(now) => number(now[isHttp ? 'requests' : 'connections'] ?? 0)} />
          <small>/s</small>
        </Fact>
        <Fact label="In">
          <Now name={row.name} of={({ bytes_in: bytes }) => bitRate(bytes ?? 0).join(' ')} />
        </Fact>
        <Fact label="Out">
          <Now name={row.name} of={({ bytes_out: bytes }) => bitRate(bytes ?? 0).join(' ')} />
        </Fact>
      </dl>
      <Course name={row.name} column={isHttp ? 'requests' : 'connections'} />
    </>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Course({ name, column }: { readonly name: string; readonly column: 'requests' | 'connections' }) {
  const query = { by: 'listener', name, window: '15m', step: `${STEP_S}s` }
  const held = useHeld('GET /api/v1/stats', {}, { query, everyMs: 10_000 })
  // The last step is under way: it would seem as if the traffic fell.
  const values = useComputed(() => held.value.value?.series[0]?.[column]?.slice(0, -1) ?? []).value
  const rates = values.map((value) => (value === null ? null : value / STEP_S))
  const most = Math.max(0, ...rates.map((value) => value ?? 0))
  const words = `${column === 'requests' ? 'Requests' : 'Connections'} a second, last 15 minutes`
  return (
    <div>
      <Spark values={rates} label={words} height={36} />
      <p class="small quiet">
        {words}
        {most > 0 && `, at most ${number(most)}`}
      </p>
    </div>
  )
}

/** “Closing it ends nothing that is open: 12 connections go on in their own time.” */
export const openWords = ({ open, counts }: ListenerRow): string =>
  open === null || open === 0
    ? `No ${counts} are open on it now.`
    : `${count(open, counts.replace(/s$/, ''))} ${open === 1 ? 'is' : 'are'} open on it: what is in flight ends in its own time.`
