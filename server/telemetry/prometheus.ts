// The text format of Prometheus, version 0.0.4.
import type { Registry } from './registry.ts'
import { Counter, Gauge, Histogram, type Family, type Series } from './series.ts'

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** All metrics as text; a metric of which nothing was counted yet is left out. */
export function renderMetrics(registry: Registry, prefix: string): string {
  registry.read()
  const lines: string[] = []
  for (const family of registry.families.values())
    if (family.series.size > 0) renderFamily(family, prefix, lines)
  return lines.join('\n') + '\n'
}

function renderFamily(family: Family, prefix: string, lines: string[]): void {
  const name = `${prefix}_${family.name}`
  lines.push(`# HELP ${name} ${escapeHelp(family.row.help)}`, `# TYPE ${name} ${family.row.type}`)
  for (const series of family.series.values()) {
    if (series instanceof Histogram) renderHistogram(series, name, lines)
    else if (series instanceof Counter || series instanceof Gauge) {
      const labels = labelText(series)
      lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${numberText(series.value)}`)
    }
  }
}

function renderHistogram(series: Histogram, name: string, lines: string[]): void {
  const labels = labelText(series)
  const first = labels === '' ? '' : `${labels},`
  let count = 0
  for (const [place, counted] of series.counts.entries()) {
    count += counted
    const bound = place < series.bounds.length ? numberText(series.bounds[place]!) : '+Inf'
    lines.push(`${name}_bucket{${first}le="${bound}"} ${count}`)
  }
  const braces = labels === '' ? '' : `{${labels}}`
  lines.push(`${name}_sum${braces} ${numberText(series.sum)}`, `${name}_count${braces} ${count}`)
}

function labelText(series: Series): string {
  return (series.text ??= series.family.row.labels
    .map((label, place) => `${label}="${escapeLabel(series.labels[place] ?? '')}"`)
    .join(','))
}

/** A label value as it stands between double quotes. */
export function escapeLabel(value: string): string {
  return /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
