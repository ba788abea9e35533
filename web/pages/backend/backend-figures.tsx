// The large numbers of a backend, with the course of the last fifteen minutes.
import type { ReadonlySignal } from '@preact/signals'
import { useHeld } from '../../data/held.ts'
import { type AllRates, failedShare } from '../../data/rates.ts'
import { latency, number, percent, rate, took } from '../../data/say.ts'
import { Figure, Figures } from '../../parts/figures.tsx'
import { Spark } from '../../parts/graphics.tsx'

const WINDOW_S = 900

type Series = Readonly<Record<string, readonly (number | null)[] | undefined>>

export interface BackendFiguresProps {
  readonly backend: string
  readonly algorithm: string
  readonly rates: ReadonlySignal<AllRates>
  readonly inFlight: number | null
  /** The most that its servers take together; null: no limit. */
  readonly most: number | null
}

export function BackendFigures({ backend, algorithm, rates, inFlight, most }: BackendFiguresProps) {
  const held = useHeld(
    'GET /api/v1/stats',
    {},
    {
      query: { by: 'backend', name: backend, window: '15m', step: '10s' },
      everyMs: 10_000,
    },
  ).value.value
  const series = held?.series[0] as Series | undefined
  const step = held?.step_s ?? 10
  const steps = Math.round(WINDOW_S / step)
  // What never happened has no column: it was none as long as there were requests to count.
  const zeros =
    series?.['requests']?.map((value) => (value === null ? null : 0)) ?? nothing(steps, held === null)
  const column = (name: string): readonly (number | null)[] => series?.[name] ?? zeros
  const requests = perSecond(column('requests'), step)
  const failed = shares(column('server_errors'), column('requests'))
  const own = rates.value.backends.get(backend)
  const [p95, unit] = latency(own?.p95_ms)
  const isKnown = rates.value.isKnown
  const hasFailed = failed.some((value) => value !== null && value > 0)
  return (
    <Figures label={`${backend}, last 15 minutes`}>
      <Figure
        label="Requests"
        context={algorithm}
        value={isKnown ? rate(own?.requests_per_s ?? 0) : '–'}
        unit="/s"
        spark={<Spark values={requests} label="Requests a second, last 15 minutes" />}
      />
      <Figure
        label="5xx answers"
        context="of requests"
        value={isKnown ? percent(failedShare(own) ?? 0) : '–'}
        unit="%"
        spark={
          <Spark
            values={failed}
            label="Share of 5xx answers, last 15 minutes"
            {...(hasFailed && { tone: 'warn' as const })}
          />
        }
      />
      <Figure
        label="Latency p95"
        context={`p99 ${took(own?.p99_ms)}`}
        value={p95}
        unit={unit}
        spark={<Spark values={series?.['p95_ms'] ?? []} label="Latency p95, last 15 minutes" />}
      />
      <Figure
        label="In flight"
        context={most === null ? 'no limit' : `of ${number(most)}`}
        value={number(inFlight)}
        spark={<Spark values={column('active')} label="In flight, last 15 minutes" />}
      />
      <Figure
        label="Failed tries"
        context="refused, broken off"
        value={isKnown ? rate(own?.faults_per_s ?? 0) : '–'}
        unit="/s"
        spark={
          <Spark values={perSecond(column('faults'), step)} label="Failed tries a second, last 15 minutes" />
        }
      />
    </Figures>
  )
}

const nothing = (steps: number, isUnknown: boolean): (number | null)[] =>
  Array.from({ length: steps }, () => (isUnknown ? null : 0))

const perSecond = (counts: readonly (number | null)[], stepS: number): (number | null)[] =>
  counts.map((value) => (value === null ? null : value / stepS))

const shares = (parts: readonly (number | null)[], wholes: readonly (number | null)[]): (number | null)[] =>
  wholes.map((whole, at) => (whole === null ? null : whole === 0 ? 0 : (parts?.[at] ?? 0) / whole))
