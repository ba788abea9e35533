// The table. Sorts, filters, opens rows by keyboard; draws only the rows in view where there are many, and
// shows each row as a card where it is narrow.
import { Component, type ComponentChildren } from 'preact'
import { useMemo, useRef, useState } from 'preact/hooks'
import { classes } from './classes.ts'
import { Empty } from './empty.tsx'
import { Icon } from './icon.tsx'
import { css } from './table-look.ts'
import { arranged, nextSort, type Sortable, type SortBy, windowOf } from './table-rows.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useView } from './use-view.ts'

export interface Column<Row> extends Sortable<Row> {
  /** The head; also the label of the value on a card. */
  readonly head: string
  readonly cell: (row: Row) => ComponentChildren
  /** At the right, and sorted with the largest first. */
  readonly isNumber?: boolean | undefined
  /** Takes the room that others leave; what is longer is cut off. */
  readonly isCut?: boolean | undefined
  /** A CSS width, such as `120px` or `30%`. */
  readonly width?: string | undefined
  /**
   * On a card: lead is its title (the first column unless told), half takes a half of a line (the others),
   * wide one of its own, text one with its words at the left, bare one without a label, third stands with two
   * others on a line, action beside the title, none is left out.
   */
  readonly onCard?: 'lead' | 'half' | 'wide' | 'text' | 'bare' | 'third' | 'action' | 'none' | undefined
  /**
   * Left out where the table is narrower (px), beside a drawer or on a tablet, so that what is at its right
   * stays in view; cards have all.
   */
  readonly from?: 640 | 880 | 1040 | undefined
  /** In place of the head's words: a checkbox for all rows. */
  readonly headCell?: ComponentChildren
  /** Stands above the heads of this column and those beside it that have the same. */
  readonly group?: ColumnGroup | undefined
  /** Says what the column means, as a tooltip of its head. */
  readonly title?: string | undefined
}

export interface ColumnGroup {
  readonly head: string
  /** What is in it is gone with the next write: its head is dashed. */
  readonly isDashed?: boolean | undefined
  readonly title?: string | undefined
}

export interface TableProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** What the table is of, for screen readers. */
  readonly caption: string
  /** How it is sorted at first; rows stay as they come without. */
  readonly sortBy?: SortBy | undefined
  /** Told of each new sort, to keep it in the address. */
  readonly onSort?: ((by: SortBy) => void) | undefined
  /** Words to look for in the columns' `text`. */
  readonly filter?: string | undefined
  readonly onOpen?: ((row: Row) => void) | undefined
  /** Key of the row that is open beside it. */
  readonly openKey?: string | null | undefined
  /** Rows of what is no longer known for sure: grey and italic. */
  readonly isStale?: ((row: Row) => boolean) | undefined
  readonly empty?: ComponentChildren
  /** Cells begin at the top: rows differ in how many lines they have. */
  readonly isTop?: boolean | undefined
  /** Height of a row in px: 36, or 48 where rows have a second line. All have the same. */
  readonly rowHeight?: 36 | 48 | undefined
}

/** From this many rows on it scrolls within itself, below a head that stays. */
const TALL = 40
/** From this many on only the rows in view are drawn. */
const MANY = 100

export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows, filter = '', rowHeight = 36 } = props
  const [sortBy, setSortBy] = useState<SortBy | null>(props.sortBy ?? null)
  const shown = useMemo(() => arranged(rows, columns, sortBy, filter), [rows, columns, sortBy, filter])
  const scroller = useRef<HTMLDivElement>(null)
  const isWindowed = shown.length > MANY
  const view = useView(scroller, isWindowed, rowHeight)
  const drawn = isWindowed
    ? windowOf(shown.length, view.rowHeight, view.top, view.height)
    : { first: 0, end: shown.length, above: 0, below: 0 }
  const keys = useRowKeys({ scroller, rows: shown, onOpen: props.onOpen, rowHeight: view.rowHeight })
  const sort = (column: Column<Row>): void => {
    const next = nextSort(sortBy, column.key, column.isNumber === true)
    setSortBy(next)
    props.onSort?.(next)
  }
  if (shown.length === 0)
    return (
      <>{props.empty ?? <Empty title={filter === '' ? 'Nothing here yet' : `Nothing has “${filter}”`} />}</>
    )
  return (
    <div
      ref={scroller}
      class={classes(css.scroller, shown.length > TALL && css.tall)}
      tabIndex={shown.length > TALL ? 0 : undefined}
      role={shown.length > TALL ? 'region' : undefined}
      aria-label={shown.length > TALL ? props.caption : undefined}
      onKeyDown={keys.onKeyDown}
    >
      <table
        class={classes(
          css.table,
          rowHeight === 48 && css.twoLines,
          props.isTop === true && !isWindowed && css.top,
          isWindowed && css.windowed,
        )}
        aria-rowcount={isWindowed ? shown.length + 1 : undefined}
      >
        <caption class="sr">{props.caption}</caption>
        <Head columns={columns} sortBy={sortBy} onSort={sort} />
        <tbody>
          {drawn.above > 0 && <Space height={drawn.above} columns={columns.length} />}
          {shown.slice(drawn.first, drawn.end).map((row, at) => (
            <KeptRow
              key={props.keyOf(row)}
              row={row}
              at={drawn.first + at}
              isCurrent={keys.current === drawn.first + at}
              isIndexed={isWindowed}
              table={props}
            />
          ))}
          {drawn.below > 0 && <Space height={drawn.below} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  )
}

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sortBy: SortBy | null
  readonly onSort: (column: Column<Row>) => void
}

function Head<Row>({ columns, sortBy, onSort }: HeadProps<Row>) {
  return (
    <thead>
      <Groups columns={columns} />
      <tr>
        {columns.map((column, place) => {
          const isSorted = sortBy?.key === column.key
          const order = sortBy?.isDown === true ? 'descending' : 'ascending'
          return (
            <th
              key={column.key}
              scope="col"
              class={classes(
                column.isNumber === true && css.number,
                column.isCut === true && css.cut,
                isEdge(columns, place) && css.edge,
                fromOf(column),
              )}
              style={column.width === undefined ? undefined : { width: column.width }}
              title={column.title}
              aria-sort={isSorted ? order : undefined}
            >
              {column.headCell !== undefined ? (
                column.headCell
              ) : column.sort === undefined ? (
                column.head === '' ? (
                  <span class="sr">Actions</span>
                ) : (
                  column.head
                )
              ) : (
                <button type="button" class={css.sort} onClick={() => onSort(column)}>
                  {column.head}
                  <Icon name={isSorted && order === 'ascending' ? 'up' : 'down'} size={12} />
                </button>
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

const fromOf = <Row,>({ from }: Column<Row>): string | undefined =>
  from === undefined ? undefined : css[`from${from}`]

/** Whether a line divides this column from the one before: groups begin and end there. */
const isEdge = <Row,>(columns: readonly Column<Row>[], place: number): boolean =>
  place > 0 && columns[place]?.group !== columns[place - 1]?.group

/** The heads above the heads; none where no column is in a group. */
function Groups<Row>({ columns }: { readonly columns: readonly Column<Row>[] }) {
  if (columns.every(({ group }) => group === undefined)) return null
  const spans: { readonly group: ColumnGroup | undefined; readonly first: number; count: number }[] = []
  for (const [first, { group }] of columns.entries()) {
    const last = spans.at(-1)
    if (last !== undefined && last.group === group) last.count++
    else spans.push({ group, first, count: 1 })
  }
  return (
    <tr class={css.groups}>
      {spans.map(({ group, first, count }) =>
        group === undefined ? (
          <td key={first} colSpan={count} class={isEdge(columns, first) ? css.edge : undefined} />
        ) : (
          <th key={first} colSpan={count} scope="colgroup" class={css.edge} title={group.title}>
            <span class={group.isDashed === true ? css.dashed : undefined}>{group.head}</span>
          </th>
        ),
      )}
    </tr>
  )
}

interface RowProps<Row> {
  readonly row: Row
  readonly at: number
  readonly isCurrent: boolean
  readonly isIndexed: boolean
  readonly table: TableProps<Row>
}

/** A row that stays as it is while others are scrolled into view beside it. */
class KeptRow<Row> extends Component<RowProps<Row>> {
  override shouldComponentUpdate(next: RowProps<Row>): boolean {
    const { row, at, isCurrent, isIndexed, table } = this.props
    return (
      next.row !== row ||
      next.table !== table ||
      next.at !== at ||
      next.isCurrent !== isCurrent ||
      next.isIndexed !== isIndexed
    )
  }

  override render() {
    return <Row {...this.props} />
  }
}

const INNER = 'a, button, input, select, textarea, label, [popover], dialog'

function Row<Row>({ row, at, isCurrent, isIndexed, table }: RowProps<Row>) {
  const { onOpen } = table
  const isOpen = table.openKey === table.keyOf(row)
  const press = (event: MouseEvent): void => {
    // What can be pressed in a row is not the row; nor is text that is being selected.
    if ((event.target as Element).closest(INNER) !== null || getSelection()?.isCollapsed === false) return
    onOpen?.(row)
  }
  return (
    <tr
      class={classes(
        onOpen !== undefined && css.opens,
        isOpen && css.open,
        table.isStale?.(row) === true && css.stale,
      )}
      data-at={at}
      tabIndex={onOpen === undefined ? undefined : isCurrent ? 0 : -1}
      aria-current={isOpen ? 'true' : undefined}
      aria-rowindex={isIndexed ? at + 2 : undefined}
      onClick={onOpen === undefined ? undefined : press}
    >
      {table.columns.map((column, place) => (
        <td
          key={column.key}
          class={classes(
            column.isNumber === true && css.number,
            isEdge(table.columns, place) && css.edge,
            fromOf(column),
            column.isCut === true && css.cut,
            css[column.onCard ?? (place === 0 ? 'lead' : 'half')],
          )}
          data-label={column.head}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

/** Stands for the rows that are not drawn. */
function Space({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr class={css.space} aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  )
}

/** The second line of a cell: the reason, the address. */
export function SecondLine({ children, isMono = false }: { children: ComponentChildren; isMono?: boolean }) {
  return <span class={classes(css.second, isMono && 'mono')}>{children}</span>
}
