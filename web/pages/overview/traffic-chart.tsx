// A figure that was opened: its course as a chart with axes, and as a table.
import { Button } from '../../parts/button.tsx'
import { Chart, type Series } from '../../parts/chart.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Courses, type Incident, SPANS, type Span, type Values } from './courses.ts'

interface Charted {
  readonly label: string
  readonly unit: string
  readonly series: (of: Courses) => readonly Series[]
}

const asMbit = (values: Values): Values => values.map((value) => (value === null ? null : (value * 8) / 1e6))

const CHARTS = {
  requests: {
    label: 'Requests',
    unit: '/s',
    series: ({ requests }) => [{ label: 'requests', values: requests }],
  },
  errors: {
    label: 'Answers with an error',
    unit: '% of requests',
    series: ({ serverErrors, clientErrors }) => [
      { label: '5xx', values: serverErrors },
      { label: '4xx', values: clientErrors },
    ],
  },
  latency: {
    label: 'Latency',
    unit: 'ms',
    series: ({ p50, p95, p99 }) => [
      { label: 'p50', values: p50 },
      { label: 'p95', values: p95 },
      { label: 'p99', values: p99 },
    ],
  },
  active: {
    label: 'In flight',
    unit: '',
    series: ({ active, connections }) => [
      { label: 'in flight', values: active },
      { label: 'new connections /s', values: connections },
    ],
  },
  bandwidth: {
    label: 'Bandwidth',
    unit: 'Mbit/s',
    series: ({ bytesOut, bytesIn }) => [
      { label: 'out', values: asMbit(bytesOut) },
      { label: 'in', values: asMbit(bytesIn) },
    ],
  },
} as const satisfies Readonly<Record<string, Charted>>

export type FigureName = keyof typeof CHARTS

export const figureOf = (text: string | undefined): FigureName | null =>
  text !== undefined && Object.hasOwn(CHARTS, text) ? (text as FigureName) : null

export interface TrafficChartProps {
  readonly figure: FigureName
  readonly span: Span
  readonly courses: Courses
  readonly incident: Incident | null
  readonly onClose: () => void
}

export function TrafficChart({ figure, span, courses, incident, onClose }: TrafficChartProps) {
  const { label, unit, series }: Charted = CHARTS[figure]
  const marks = incident === null ? [] : [{ at: incident.atMs / 1000, label: incident.title }]
  return (
    <Panel>
      <Chart
        key={figure}
        label={`${label}, ${SPANS[span].words}`}
        unit={unit}
        times={courses.times}
        series={series(courses)}
        marks={marks}
        end={<Button kind="quiet" icon="cross" label="Close the chart" onPress={onClose} />}
      />
    </Panel>
  )
}
