// Courses over time, drawn by uPlot, which is loaded when the first chart is shown. The same numbers are
// there as a table.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Segmented } from './choices.tsx'
import css from './chart.module.css'
import { type ChartProps, drawChart, type Drawn } from './chart-drawn.ts'
import { Loading } from './empty.tsx'
import { clock, number } from '../data/say.ts'

export type { ChartProps, Series } from './chart-drawn.ts'

export function Chart(props: ChartProps) {
  const [shown, setShown] = useState<'chart' | 'table'>('chart')
  return (
    <figure class={css.figure} aria-label={props.label}>
      <figcaption class={css.head}>
        <h3>
          {props.label}
          {props.unit !== '' && <span class={css.unit}>, {props.unit}</span>}
        </h3>
        <span class={css.end}>
          <Segmented
            label={`Show ${props.label} as`}
            value={shown}
            onPick={setShown}
            options={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table', title: 'View as table' },
            ]}
          />
          {props.end}
        </span>
      </figcaption>
      {shown === 'chart' ? <Plot {...props} /> : <Numbers {...props} />}
      <ul class={css.legend}>
        {props.series.map((series, at) => (
          <li key={series.label}>
            <svg class={css[`line${(at % 4) + 1}`]} width="20" height="6" aria-hidden="true">
              <path d="M1 3h18" />
            </svg>
            {series.label}
            <b>{number(lastOf(series.values))}</b>
          </li>
        ))}
      </ul>
    </figure>
  )
}

function Plot(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const drawn = useRef<Drawn | null>(null)
  const [state, setState] = useState<'loading' | 'drawn' | 'failed'>('loading')
  const [at, setAt] = useState<number | null>(null)
  const { height = 200, series, label } = props
  const names = series.map((one) => one.label).join('\n')
  useEffect(() => {
    let isGone = false
    const begin = async (): Promise<void> => {
      const made = await drawChart(() => (isGone ? null : place.current), height, setAt)
      if (isGone) return made?.end()
      drawn.current = made
      setState(made === null ? 'failed' : 'drawn')
    }
    begin().catch(() => setState('failed'))
    return () => {
      isGone = true
      drawn.current?.end()
      drawn.current = null
    }
    // With other lines it is another chart.
  }, [names, height])
  useEffect(() => drawn.current?.show(props))
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const last = props.times.length - 1
    const next = Math.max(0, Math.min(last, (at ?? last) + step))
    drawn.current?.point(next)
    setAt(next)
  }
  const words = at === null ? '' : wordsAt(props, at)
  return (
    <div class={css.plot}>
      {state === 'loading' && <Loading lines={3} label={`Loading ${label}`} />}
      {state === 'failed' && <p>The chart could not be loaded; its table has the same numbers.</p>}
      <div
        ref={place}
        class={css.canvas}
        tabIndex={0}
        role="img"
        aria-label={`${label}; arrow keys read its points. ${words}`}
        onKeyDown={walk}
      />
      <output class={css.point}>{words}</output>
    </div>
  )
}

const wordsAt = ({ times, series, unit }: ChartProps, at: number): string =>
  [
    clock((times[at] ?? 0) * 1000),
    ...series.map(({ label, values }) => `${label} ${number(values[at] ?? null)} ${unit}`.trim()),
  ].join(' · ')

const lastOf = (values: readonly (number | null)[]): number | null => values.at(-1) ?? null

function Numbers({ times, series, unit, label }: ChartProps) {
  return (
    <div class={css.numbers} tabIndex={0} role="region" aria-label={`${label} as a table`}>
      <table>
        <caption class="sr">
          {label}, {unit}
        </caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((one) => (
              <th key={one.label} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times
            .map((time, at) => (
              <tr key={time}>
                <th scope="row">{clock(time * 1000)}</th>
                {series.map((one) => (
                  <td key={one.label}>{number(one.values[at] ?? null)}</td>
                ))}
              </tr>
            ))
            .toReversed()}
        </tbody>
      </table>
    </div>
  )
}
