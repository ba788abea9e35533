// Tables for people.
import type { Case } from './cases.ts'
import type { Result, Round } from './compare.ts'

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** One case: a line for each contender, the ratio to ours and its spread over the rounds. */
export function tableOf(what: Case, results: readonly Result[], ours: string): string {
  const own = results.find(({ contender }) => contender === ours)
  const rows = results.map(({ contender, rounds }) => {
    const cpu = rounds.map(({ cpuUs }) => cpuUs)
    return [
      contender,
      spread(cpu, 1),
      median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
      median(rounds.map(({ p99Ms }) => p99Ms)).toFixed(2),
      contender === ours || own === undefined ? '' : ratio(own.rounds, rounds),
      goal(what, contender, own?.rounds, rounds),
    ]
  })
  const head = ['contender', 'CPU µs/request', 'requests/s', 'p99 ms', 'ours ÷ it', 'goal']
  return `\n${what.name}: ${what.kind} ${what.target}, ${what.connections} connections\n\n${table([head, ...rows])}`
}

const hasErrors = (rounds: readonly Round[]): boolean => rounds.some(({ errors }) => errors > 0)

// By round: what drifts between rounds then cancels out.
const ratiosOf = (own: readonly Round[], rival: readonly Round[]): number[] =>
  own.map(({ cpuUs }, index) => cpuUs / (rival[index]?.cpuUs ?? Number.NaN))

function ratio(own: readonly Round[], rival: readonly Round[]): string {
  if (hasErrors(own)) return 'none: ours had errors'
  if (hasErrors(rival)) return 'none: it had errors'
  return spread(ratiosOf(own, rival), 2)
}

function goal(
  what: Case,
  contender: string,
  own: readonly Round[] | undefined,
  rival: readonly Round[],
): string {
  const most = what.goals[contender]
  if (most === undefined || own === undefined) return ''
  if (hasErrors(own) || hasErrors(rival)) return `≤ ${most}: unknown`
  return `≤ ${most}: ${median(ratiosOf(own, rival)) <= most ? 'reached' : 'missed'}`
}

/** The median, and the smallest and largest beside it. */
export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
}

/** Columns of equal width, the first row as the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join(
    '\n',
  )
}
