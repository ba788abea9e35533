// Tables for people.
import { type Case, GROWTH_GOAL, type Goal, goalFor } from './cases.ts'
import type { Result, Round } from './compare.ts'

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** One case: a line for each contender, and for each of ours its ratio to it with its spread. */
export function tableOf(what: Case, results: readonly Result[], ours: readonly string[]): string {
  const own = results.filter(({ contender }) => ours.includes(contender))
  const rows = results.map(({ contender, rounds }) => [
    contender,
    spread(
      rounds.map(({ cpuUs }) => cpuUs),
      1,
    ),
    median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
    spread(
      rounds.map(({ p99Ms }) => p99Ms),
      2,
    ),
    ...own.map((one) => (one.contender === contender ? '' : against(what, one, { contender, rounds }))),
  ])
  const head = [
    'contender',
    'CPU µs/request',
    'requests/s',
    'p99 ms',
    ...own.map((one) => `${one.contender} ÷ it`),
  ]
  return `\n${what.name}: ${what.kind} ${what.target}, ${what.connections} connections\n\n${table([head, ...rows])}`
}

/** The lines of one case in a table of goals: each goal of each of ours. */
export function goalRows(what: Case, results: readonly Result[], ours: readonly string[]): string[][] {
  const rows: string[][] = []
  for (const own of results.filter(({ contender }) => ours.includes(contender))) {
    for (const rival of results.filter((one) => !ours.includes(one.contender))) {
      const sides = [
        { of: 'CPU', goals: what.goals, ratios: ratiosOf(own, rival, ({ cpuUs }) => cpuUs) },
        { of: 'p99', goals: what.p99Goals ?? {}, ratios: ratiosOf(own, rival, ({ p99Ms }) => p99Ms) },
      ]
      for (const { of, goals, ratios } of sides) {
        const most = goalFor(goals[rival.contender], own.contender)
        const isShown = of === 'CPU' || most !== undefined
        if (isShown)
          rows.push([
            `${what.work}: ${of}`,
            own.contender,
            rival.contender,
            ratios.text,
            verdict(most, ratios.middle),
          ])
      }
    }
  }
  return rows
}

/**
 * What a request costs with many connections ÷ with few, of each contender. Both were measured one after the
 * other, and not in alternation: of the medians.
 */
export function growthRows(
  what: Case,
  many: readonly Result[],
  few: readonly Result[],
  ours: readonly string[],
): string[][] {
  const cpuOf = (results: readonly Result[], name: string): number =>
    median(results.find(({ contender }) => contender === name)?.rounds.map(({ cpuUs }) => cpuUs) ?? [])
  return many
    .filter(({ contender }) => few.some((one) => one.contender === contender))
    .map(({ contender }) => {
      const growth = cpuOf(many, contender) / cpuOf(few, contender)
      const told = ours.includes(contender) ? verdict(GROWTH_GOAL, growth) : ''
      return [`${what.work} ÷ the same with few: CPU`, contender, '', growth.toFixed(2), told]
    })
}

export const GOAL_HEAD = ['work', 'ours', 'rival', 'ours ÷ it', 'goal']

interface Ratios {
  /** NaN: none, as there were errors. */
  readonly middle: number
  readonly text: string
}

// By round: what drifts between rounds then cancels out.
function ratiosOf(own: Result, rival: Result, figure: (round: Round) => number): Ratios {
  const none = (why: string): Ratios => ({ middle: Number.NaN, text: `none: ${why} had errors` })
  if (hasErrors(own.rounds)) return none('ours')
  if (hasErrors(rival.rounds)) return none('it')
  const values = own.rounds.map((round, index) => {
    const other = rival.rounds[index]
    return other === undefined ? Number.NaN : figure(round) / figure(other)
  })
  return { middle: median(values), text: spread(values, 2) }
}

const hasErrors = (rounds: readonly Round[]): boolean => rounds.some(({ errors }) => errors > 0)

function against(what: Case, own: Result, rival: Result): string {
  const ratios = ratiosOf(own, rival, ({ cpuUs }) => cpuUs)
  const goal: Goal | undefined = what.goals[rival.contender]
  return `${ratios.text} ${verdict(goalFor(goal, own.contender), ratios.middle)}`.trim()
}

/** Whether a figure is within its goal; empty where there is none. */
export function verdict(most: number | undefined, value: number): string {
  if (most === undefined) return ''
  return `≤ ${most}: ${Number.isNaN(value) ? 'unknown' : value <= most ? 'reached' : 'missed'}`
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
