// Requests as they end: filtered, held still while one reads, and one of them opened.
import { useLocation } from 'preact-iso/router'
import type { ServedRequest } from '../../data/api-types.ts'
import { number } from '../../data/say.ts'
import { queryOf, segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Table } from '../../parts/table.tsx'
import { TokenBox } from '../../parts/token-box.tsx'
import { Kbd } from '../../parts/words.tsx'
import css from './activity.module.css'
import { ExportMenu } from './export-menu.tsx'
import { ActivityHead } from './head.tsx'
import { RequestDrawer } from './request-drawer.tsx'
import { REQUEST_COLUMNS, REQUEST_FIELDS } from './request-columns.tsx'
import { StatusHistory, useStatusHistory } from './status-history.tsx'
import { TailNote } from './tail-note.tsx'
import { type Filters, filtersOf, readTokens, REQUEST_TOKENS } from './tokens.ts'
import { pauseWords, useHold } from './use-hold.ts'
import { type LiveRequests, useLiveRequests } from './use-live-requests.ts'

const hrefOf = (filters: Filters, id?: string): string =>
  to(`/activity/requests${id === undefined ? '' : `/${segment(id)}`}${queryOf(filters)}`)

/** Parts of a filter that are chosen often. */
const QUICK: Readonly<Record<string, Filters>> = {
  all: {},
  '5xx': { status: '5xx' },
  '4xx': { status: '4xx' },
  retried: { retried: 'true' },
}
const quickOf = ({ status, retried }: Filters): string =>
  Object.keys(QUICK).find(
    (name) => QUICK[name]?.['status'] === status && QUICK[name]?.['retried'] === retried,
  ) ?? ''

export function Requests({ request }: { readonly request?: string }) {
  const { query, route } = useLocation()
  const filters = filtersOf(query, REQUEST_TOKENS)
  const hold = useHold(request !== undefined)
  const live = useLiveRequests(filters, hold.isHeld)
  const history = useStatusHistory(filters)
  const change = (next: Filters): void => route(hrefOf(next, request), true)
  const close = (): void => route(hrefOf(filters))
  const names = suggestionsOf(live.rows)
  return (
    <div class={css.page}>
      <ActivityHead tab="requests" />
      <div class={css.bar}>
        <TokenBox
          label="Filter requests"
          hint="status:5xx, path:/shop, rule:api, min_ms:250"
          tokens={Object.entries(filters).map(([k, v]) => ({ k, v }))}
          suggestions={names}
          onRemove={(key) => change(Object.fromEntries(Object.entries(filters).filter(([k]) => k !== key)))}
          onWrite={(text) => {
            const read = readTokens(text, REQUEST_TOKENS)
            if ('odd' in read) return read.odd
            change({ ...filters, ...read.filters })
            return null
          }}
        />
        <Segmented
          label="Which of them"
          value={quickOf(filters)}
          onPick={(name) => {
            const { status: _, retried: __, ...rest } = filters
            change({ ...rest, ...QUICK[name] })
          }}
          options={[
            { value: 'all', label: 'All' },
            { value: '5xx', label: <Counted word="5xx" n={history?.serverErrors} isBad /> },
            { value: '4xx', label: <Counted word="4xx" n={history?.clientErrors} /> },
            { value: 'retried', label: 'Retried' },
          ]}
        />
        <Button icon={hold.isHeld ? 'play' : 'pause'} isPressed={hold.isHeld} onPress={hold.toggle}>
          {pauseWords(hold.isHeld, live.waiting)}
        </Button>
        <ExportMenu name="requests" rows={live.rows} fields={REQUEST_FIELDS} />
      </div>
      <TailNote live={live} />
      <Beside
        drawer={
          request !== undefined && (
            <RequestDrawer
              key={request}
              id={request}
              known={live.rows.find(({ id }) => id === request) ?? null}
              onClose={close}
              onFilter={(more) => change({ ...filters, ...more })}
            />
          )
        }
      >
        <Panel isFlush>
          <StatusHistory history={history} />
          <div {...hold.watch}>
            <Rows
              live={live}
              filters={filters}
              openId={request}
              onOpen={(id) => route(hrefOf(filters, id))}
            />
          </div>
          <Foot live={live} />
        </Panel>
      </Beside>
    </div>
  )
}

function Counted({ word, n, isBad = false }: { word: string; n: number | undefined; isBad?: boolean }) {
  return (
    <>
      {word}
      {n !== undefined && n > 0 && <span class={isBad ? css.bad : css.faint}>{number(n)}</span>}
    </>
  )
}

interface RowsProps {
  readonly live: LiveRequests
  readonly filters: Filters
  readonly openId: string | undefined
  readonly onOpen: (id: string) => void
}

function Rows({ live, filters, openId, onOpen }: RowsProps) {
  if (live.isLoading && live.problem === null) return <Loading lines={8} label="Requests are asked for" />
  return (
    <Table
      caption="Requests, the newest first"
      columns={REQUEST_COLUMNS}
      rows={live.rows}
      keyOf={idOf}
      openKey={openId ?? null}
      onOpen={(row) => onOpen(row.id)}
      empty={<Nothing isFiltered={Object.keys(filters).length > 0} />}
    />
  )
}

const idOf = ({ id }: ServedRequest): string => id

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No request that is kept passes this filter">
      Those to come are shown here as they end. Take words out of the filter to see more.
    </Empty>
  ) : (
    <Empty title="No request was served yet">
      They are shown here as they end. <code>logs.inspector</code> says how many are kept; 0 keeps none.
    </Empty>
  )
}

function Foot({ live }: { readonly live: LiveRequests }) {
  return (
    <footer class={css.foot}>
      <span>
        Each worker keeps its last requests, without bodies; secrets are hidden.
        {live.leftOut > 0 && ` ${number(live.leftOut)} came too fast to be shown.`}
        {live.hasGap && ' What came for a while is not known: the stream broke off.'}
      </span>
      <span class={css.keys}>
        <Kbd>j</Kbd> <Kbd>k</Kbd> move <Kbd>Space</Kbd> pause
      </span>
    </footer>
  )
}

/** Words that would find something. */
function suggestionsOf(rows: readonly ServedRequest[]): string[] {
  const words = new Set(REQUEST_TOKENS.map(({ key, example }) => `${key}:${example}`))
  for (const { backend, rule, server, host, listener } of rows.slice(0, 200)) {
    words.add(`host:${host}`).add(`listener:${listener}`)
    if (backend !== null) words.add(`backend:${backend}`)
    if (rule !== null) words.add(`rule:${rule}`)
    if (server !== null) words.add(`server:${server}`)
  }
  return [...words].slice(0, 60)
}
