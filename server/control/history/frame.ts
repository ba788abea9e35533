// One second's figures for all who watch, in a frame that is made once: the gateway, and of listeners and
// backends those that had anything to do. Numbers stand in the order of COLUMNS.
import { ACTIVE, COUNTED } from '../../tables/figures.ts'
import { COLUMNS } from './columns.ts'
import { cellsSample, type Remembered } from './remembered.ts'

/** Of each kind; the busiest. A frame goes to each who watches, each second. */
const EACH_MAX = 100

type Rows = Record<string, readonly number[]>

export function frameText(timeMs: number, counted: readonly Remembered[]): string {
  const gateway = counted.find(({ kind }) => kind === 'gateway')
  const listeners = rowsOf(counted.filter(({ kind }) => kind === 'listener'))
  const backends = rowsOf(counted.filter(({ kind }) => kind === 'backend'))
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    gateway: gateway === undefined ? COLUMNS.map(() => 0) : rowOf(gateway),
    listeners: listeners.rows,
    backends: backends.rows,
    left_out: listeners.left + backends.left,
  })
}

function rowsOf(all: readonly Remembered[]): { readonly rows: Rows; readonly left: number } {
  const shown =
    all.length <= EACH_MAX ? all : all.toSorted((a, b) => weight(b) - weight(a)).slice(0, EACH_MAX)
  return {
    rows: Object.fromEntries(shown.map((one) => [one.name, rowOf(one)])),
    left: all.length - shown.length,
  }
}

const weight = (one: Remembered): number => {
  const cells = one.cells(0)
  return cells[COUNTED.indexOf('requests')]! + cells[COUNTED.indexOf('connections')]! + cells[ACTIVE]!
}

/** Latencies in milliseconds, with two decimals. */
function rowOf(one: Remembered): number[] {
  const sample = new Float64Array(COLUMNS.length)
  cellsSample(one.cells(0), sample)
  return Array.from(sample, (value, i) => (i < COUNTED.length ? value : Math.round(value / 10) / 100))
}
