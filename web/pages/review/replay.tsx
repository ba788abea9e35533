// What the new rules would have done to the last requests.
import type { Replayed } from '../../data/reviewing.ts'
import { count, number } from '../../data/say.ts'
import { Icon } from '../../parts/icon.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import css from './review.module.css'

type Row = Replayed['differences'][number]

export function ReplayPanel({ replay }: { readonly replay: Replayed }) {
  const { requests, changed, skipped, differences, left_out: leftOut } = replay
  if (requests === 0)
    return (
      <Panel title="Replayed requests">
        <p class="quiet">
          No request of the last minutes is kept to try it on. Rules can be tried with a request of your own
          on the page of rules.
        </p>
      </Panel>
    )
  const looked = requests - skipped
  const refused = sumOf(differences.filter(({ after }) => isRefusal(after.to)))
  const same = looked - changed
  return (
    <Panel title="Replayed requests" end={`last ${number(requests)} that were served`} isFlush>
      <div class={css.sum}>
        <b>{changed === 0 ? 'All go where they went' : `${number(changed)} go elsewhere`}</b>
        <div
          class={css.bar}
          role="img"
          aria-label={`${number(same)} the same, ${number(changed)} elsewhere, ${number(refused)} of them refused`}
        >
          {same > 0 && <i style={{ flexGrow: same }} />}
          {changed - refused > 0 && <i class={css.moved} style={{ flexGrow: changed - refused }} />}
          {refused > 0 && <i class={css.refused} style={{ flexGrow: refused }} />}
        </div>
        <div class={css.legend}>
          <span>{number(same)} the same</span>
          <span>{number(changed - refused)} elsewhere</span>
          <span>{number(refused)} newly refused</span>
          {skipped > 0 && (
            <span title="Their listener has gone, or their head was not kept whole">
              {number(skipped)} could not be tried
            </span>
          )}
        </div>
      </div>
      {differences.length > 0 && (
        <Table
          caption="Requests that would go elsewhere"
          columns={COLUMNS}
          rows={differences}
          keyOf={(row) => JSON.stringify([row.method, row.host, row.path, row.listener, row.after])}
        />
      )}
      {leftOut > 0 && <p class={css.foot}>{count(leftOut, 'kind')} of request more are not listed.</p>}
    </Panel>
  )
}

const sumOf = (rows: readonly Row[]): number => rows.reduce((sum, { requests }) => sum + requests, 0)

/** `404 no_rule` is the gateway's own answer; `respond 403` is a rule's. */
const isRefusal = (to: string): boolean => /^(?:respond )?[45]\d\d\b/.test(to)

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'request',
    head: 'Request',
    cell: ({ method, host, path }) => (
      <span class="mono cut" title={`${method} ${host}${path}`}>
        <span class="supporting">{method}</span> {host}
        {path}
      </span>
    ),
    width: '44%',
  },
  { key: 'client', head: 'Last client', cell: ({ client }) => <span class="mono">{client ?? '–'}</span> },
  { key: 'requests', head: 'Requests', cell: ({ requests }) => number(requests), isNumber: true },
  { key: 'way', head: 'Goes to', cell: (row) => <Ways row={row} />, onCard: 'wide' },
]

function Ways({ row: { before, after, changes } }: { readonly row: Row }) {
  const [from, into] = changes.includes('destination')
    ? [before.to, after.to]
    : changes.includes('rule')
      ? [`rule ${before.rule}`, `rule ${after.rule}`]
      : [before.middleware.join(', ') || 'no middleware', after.middleware.join(', ') || 'no middleware']
  return (
    <span class={css.way}>
      <span class={css.from}>{from}</span>
      <Icon name="arrow" size={12} />
      <span class="sr">becomes</span>
      <b class={css.new}>{into}</b>
    </span>
  )
}
