// What a metric is. Data only.

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, rising; +Inf is understood. */
  readonly buckets: readonly number[]
}

export const counter = (help: string, ...labels: string[]): MetricRow => ({
  type: 'counter',
  help,
  labels,
  buckets: [],
})
export const gauge = (help: string, ...labels: string[]): MetricRow => ({
  type: 'gauge',
  help,
  labels,
  buckets: [],
})
export const histogram = (
  help: string,
  buckets: readonly number[],
  ...labels: readonly string[]
): MetricRow => ({
  type: 'histogram',
  help,
  labels,
  buckets,
})
