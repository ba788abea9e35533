// The figures of all traffic: now, and over the time that was chosen. One that is opened shows its chart.
import { useComputed } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useHeld } from '../../data/held.ts'
import { type Figures as Counted, frame } from '../../data/live.ts'
import { bitRate, clock, ms, number, percent } from '../../data/say.ts'
import { Figure, Figures } from '../../parts/figures.tsx'
import { Spark } from '../../parts/graphics.tsx'
import { Shape } from '../../parts/status.tsx'
import {
  aboveSince,
  isAbove,
  type Courses,
  coursesOf,
  type Incident,
  lastOf,
  placeOf,
  saidPeak,
  smoothed,
  type Span,
  SPANS,
} from './courses.ts'
import css from './overview.module.css'
import { useStill } from './paused.ts'
import type { FigureName } from './traffic-chart.tsx'

/** Share of answers with 5xx, in percent, from which on it is said since when. */
const MANY_ERRORS = 1
/** Steps. */
const SMOOTHED_OVER = 6

export function useCourses(span: Span): Courses | null {
  const { step, everyMs } = SPANS[span]
  const query = { by: 'gateway', window: span, step }
  const held = useHeld('GET /api/v1/stats', {}, { query, everyMs })
  const courses = useComputed(() => (held.value.value === null ? null : coursesOf(held.value.value)))
  return useStill(courses.value)
}

export interface TrafficProps {
  readonly span: Span
  readonly courses: Courses | null
  readonly incident: Incident | null
  readonly opened: FigureName | null
  readonly onOpen: (figure: FigureName | null) => void
}

export function Traffic({ span, courses, incident, opened, onOpen }: TrafficProps) {
  const { words } = SPANS[span]
  const mark = courses === null || incident === null ? undefined : placeOf(incident.atMs, courses.times)
  const spark = (of: keyof Omit<Courses, 'times'>, label: string, tone?: 'down') => (
    <Spark values={courses?.[of] ?? []} label={`${label}, ${words}`} mark={mark} tone={tone} height={36} />
  )
  const open = (name: FigureName) => ({
    isOpen: opened === name,
    onOpen: () => onOpen(opened === name ? null : name),
  })
  const over =
    courses === null
      ? null
      : aboveSince(smoothed(courses.serverErrors, SMOOTHED_OVER), courses.times, MANY_ERRORS)
  const peak = (of: keyof Omit<Courses, 'times'>, unit?: string): ComponentChildren =>
    (courses !== null && saidPeak(courses[of], courses.times, { unit })) || <>&nbsp;</>
  const besideNow = (of: 'requests' | 'active'): ComponentChildren =>
    courses === null ? <>&nbsp;</> : <PeakBesideNow courses={courses} of={of} />
  return (
    <Figures label={`Traffic, ${words}`}>
      <Figure
        label="Requests"
        value={<Now of={({ requests }) => number(requests)} />}
        unit="/s"
        spark={spark('requests', 'Requests a second')}
        meaning={besideNow('requests')}
        {...open('requests')}
      />
      <Figure
        label="5xx answers"
        value={<Lately of={({ serverErrors }) => shareWords(lastOf(serverErrors))} />}
        unit="%"
        spark={spark('serverErrors', 'Share of answers with 5xx', over === null ? undefined : 'down')}
        meaning={over === null ? peak('serverErrors', '%') : <Over since={over} />}
        {...open('errors')}
      />
      <Figure
        label="Latency p95"
        context={<Lately of={({ p50, p99 }) => `p50 ${ms(lastOf(p50))} · p99 ${ms(lastOf(p99))}`} />}
        value={<Lately of={({ p95 }) => ms(lastOf(p95))} />}
        unit="ms"
        spark={spark('p95', 'Latency, 95th percentile')}
        meaning={peak('p95', 'ms')}
        {...open('latency')}
      />
      <Figure
        label="In flight"
        context={<Now of={({ connections }) => `${number(connections)} new/s`} />}
        value={<Now of={({ active }) => number(active)} />}
        spark={spark('active', 'Requests, connections and flows in flight')}
        meaning={besideNow('active')}
        {...open('active')}
      />
      <Figure
        label="Bandwidth out"
        context={<Now of={({ bytes_in: bytes }) => `in ${bitRate(bytes).join(' ')}`} />}
        value={<Now of={({ bytes_out: bytes }) => bitRate(bytes)[0]} />}
        unit={<Now of={({ bytes_out: bytes }) => bitRate(bytes)[1]} />}
        spark={spark('bytesOut', 'Bytes a second to clients')}
        meaning={courses === null ? <>&nbsp;</> : <PeakOfBits courses={courses} />}
        {...open('bandwidth')}
      />
    </Figures>
  )
}

/** Drawn each second, and nothing around it. */
function Now({ of }: { readonly of: (now: Counted) => string }) {
  const now = useStill(frame.value)
  return now === null ? <Unknown /> : <>{of(now.gateway)}</>
}

/** Shares and latencies would jump from second to second: they are of the last ten. */
function Lately({ of }: { readonly of: (courses: Courses) => string }) {
  const courses = useCourses('15m')
  const words = courses === null ? '–' : of(courses)
  return words === '–' ? <Unknown /> : <>{words}</>
}

const Unknown = () => <span data-unknown>–</span>

const shareWords = (inPercent: number | null): string => percent(inPercent === null ? null : inPercent / 100)

function Over({ since }: { readonly since: number }) {
  return (
    <span class={css.over}>
      <Shape state="down" size={9} /> over {MANY_ERRORS} % since {clock(since * 1000)}
    </span>
  )
}

/** Drawn each second, as the number above it: that is never more than its peak. */
function PeakBesideNow({ courses, of }: { readonly courses: Courses; readonly of: 'requests' | 'active' }) {
  const now = useStill(frame.value)?.gateway[of] ?? null
  return <>{saidPeak(courses[of], courses.times, { now }) || <>&nbsp;</>}</>
}

function PeakOfBits({ courses }: { readonly courses: Courses }) {
  const now = useStill(frame.value)?.gateway.bytes_out ?? null
  const most = Math.max(0, ...courses.bytesOut.map((value) => value ?? 0))
  if (most === 0) return <>&nbsp;</>
  if (isAbove(now, most)) return <>at its peak now</>
  const at = courses.times[courses.bytesOut.indexOf(most)] ?? 0
  return <>{`peak ${bitRate(most).join(' ')} at ${clock(at * 1000)}`}</>
}
