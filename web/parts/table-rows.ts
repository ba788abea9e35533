// Which rows of a table are shown, in which order, and which of them are drawn.

/** What a value is sorted by; null stands last in either order. */
export type SortValue = string | number | null

/** How a table is sorted: by the column of this key. */
export interface SortBy {
  readonly key: string
  readonly isDown?: boolean | undefined
}

export interface Sortable<Row> {
  readonly key: string
  readonly sort?: ((row: Row) => SortValue) | undefined
  /** What a filter searches. */
  readonly text?: ((row: Row) => string) | undefined
}

/** Rows that the filter lets through, in order. The filter's words must all be found, in any column. */
export function arranged<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
  sortBy: SortBy | null,
  filter = '',
): readonly Row[] {
  const found = filtered(rows, columns, filter)
  const by = columns.find(({ key }) => key === sortBy?.key)?.sort
  if (by === undefined) return found
  const keyed = found.map((row, at) => ({ row, at, value: by(row) }))
  const sign = sortBy?.isDown === true ? -1 : 1
  // Those that are equal keep the order they came in: nothing moves without a reason.
  return keyed.sort((a, b) => compared(a.value, b.value, sign) || a.at - b.at).map(({ row }) => row)
}

function filtered<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
  filter: string,
): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  const texts = columns.flatMap(({ text }) => (text === undefined ? [] : [text]))
  return rows.filter((row) => {
    const said = texts
      .map((text) => text(row))
      .join('\n')
      .toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

function compared(a: SortValue, b: SortValue, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  return sign * order.compare(String(a), String(b))
}

/** The sort that a press on a column's head leads to: numbers begin with the largest. */
export function nextSort(now: SortBy | null, key: string, isNumber: boolean): SortBy {
  if (now?.key !== key) return { key, isDown: isNumber }
  return { key, isDown: now.isDown !== true }
}

export interface Window {
  /** The first row drawn, and the one behind the last. */
  readonly first: number
  readonly end: number
  /** Height in px of what is not drawn above and below. */
  readonly above: number
  readonly below: number
}

/** Rows drawn beyond the edge, so that a fast scroll does not show a gap. */
const BEYOND = 12

/**
 * Which of `count` rows of one height (px) are drawn in a view of `height` px that was scrolled by `top` px.
 */
export function windowOf(count: number, rowHeight: number, top: number, height: number): Window {
  const visible = Math.ceil(height / rowHeight)
  // A list that became shorter is still scrolled to where it was.
  const from = Math.max(0, Math.min(Math.floor(top / rowHeight), count - visible))
  const first = Math.max(0, from - BEYOND)
  const end = Math.min(count, from + visible + BEYOND)
  return { first, end, above: first * rowHeight, below: (count - end) * rowHeight }
}
