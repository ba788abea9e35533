// Who changed what, from where, and who tried to.
import { gatewayNow, minutesAhead } from '../../data/clock.ts'
import { useMemo, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { ask } from '../../data/api.ts'
import type { AuditEntry } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { clock, whole } from '../../data/say.ts'
import { can, me } from '../../data/session.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { TokenBox } from '../../parts/token-box.tsx'
import css from './activity.module.css'
import cells from './cells.module.css'
import { AuditDrawer } from './audit-drawer.tsx'
import { actionWords } from './audit-words.ts'
import { ExportMenu } from './export-menu.tsx'
import { ActivityHead } from './head.tsx'
import { AUDIT_TOKENS, type Filters, filtersOf, readTokens, timeOf } from './tokens.ts'

const PAGE = 100

const hrefOf = (filters: Filters, id?: string): string =>
  to(`/activity/audit${id === undefined ? '' : `/${id}`}${queryOf(filters)}`)

export function Audit({ entry: openId }: { readonly entry?: string }) {
  return (
    <div class={css.page}>
      <ActivityHead tab="audit" />
      {can('administer') ? <Entries openId={openId} /> : <ForAdmins />}
    </div>
  )
}

/** The others see why not. */
function ForAdmins() {
  return (
    <Panel>
      <Empty title="The audit is for admins">
        It has who changed what, who signed in and from where. {me.value?.name} is {me.value?.role}: ask an
        admin of this gateway to look, or for the role. What happened to the gateway itself is under{' '}
        <a href={to('/activity')}>Events</a>.
      </Empty>
    </Panel>
  )
}

interface Older {
  readonly items: readonly AuditEntry[]
  readonly cursor: string | null
  readonly problem: Problem | null
  readonly isBusy: boolean
}

const NONE: Older = { items: [], cursor: null, problem: null, isBusy: false }

function useEntries(filters: Filters) {
  const key = JSON.stringify(filters)
  const query = useMemo(() => {
    const { since, until, ...words } = filters
    const now = gatewayNow()
    return { ...words, since: timeOf(since, now), until: timeOf(until, now), limit: PAGE }
  }, [key, minutesAhead()])
  const first = useHeld('GET /api/v1/audit', {}, { query, topics: ['config', 'server', 'auth'] }).value
  const [older, setOlder] = useState<Older & { readonly of: string }>({ ...NONE, of: key })
  const own = older.of === key ? older : { ...NONE, of: key }
  const known = new Set((first.value?.items ?? []).map(({ id }) => id))
  const items = [...(first.value?.items ?? []), ...own.items.filter(({ id }) => !known.has(id))]
  const cursor = own.items.length > 0 ? own.cursor : (first.value?.next_cursor ?? null)
  const readOlder = async (): Promise<void> => {
    if (cursor === null) return
    setOlder({ ...own, isBusy: true })
    const answer = await ask('GET /api/v1/audit', {}, { query: { ...query, cursor } })
    setOlder(
      answer.ok
        ? {
            items: [...own.items, ...answer.value.items],
            cursor: answer.value.next_cursor,
            ...{ problem: null, isBusy: false, of: key },
          }
        : { ...own, problem: answer.problem, isBusy: false },
    )
  }
  return { first, items, cursor, older: own, readOlder }
}

const SPANS = [
  { value: 'all', label: 'All' },
  { value: '1h', label: '1 h' },
  { value: '24h', label: '24 h' },
  { value: '7d', label: '7 d' },
] as const

function Entries({ openId }: { readonly openId: string | undefined }) {
  const { query, route } = useLocation()
  const filters = filtersOf(query, AUDIT_TOKENS)
  const { first, items, cursor, older, readOlder } = useEntries(filters)
  const change = (next: Filters): void => route(hrefOf(next, openId), true)
  const without = (key: string): Filters =>
    Object.fromEntries(Object.entries(filters).filter(([k]) => k !== key))
  const problem = first.problem ?? older.problem
  const open = openId === undefined ? null : (items.find(({ id }) => String(id) === openId) ?? null)
  return (
    <>
      <div class={css.bar}>
        <TokenBox
          label="Filter the audit"
          hint="actor:mira, action:users, resource:backends/api"
          tokens={Object.entries(filters).map(([k, v]) => ({ k, v }))}
          suggestions={suggestionsOf(items)}
          onRemove={(key) => change(without(key))}
          onWrite={(text) => {
            const read = readTokens(text, AUDIT_TOKENS)
            if ('odd' in read) return read.odd
            change({ ...filters, ...read.filters })
            return null
          }}
        />
        <Segmented
          label="Since when"
          value={filters['since'] ?? 'all'}
          onPick={(since) => change(since === 'all' ? without('since') : { ...filters, since })}
          options={SPANS}
        />
        <ExportMenu name="audit" rows={items} fields={FIELDS} />
      </div>
      {problem !== null && (
        <Note state="warn" title={problem.title}>
          {problem.detail}
        </Note>
      )}
      <Beside
        drawer={
          openId !== undefined &&
          first.value !== null && (
            <AuditDrawer
              key={openId}
              id={openId}
              entry={open}
              onClose={() => route(hrefOf(filters))}
              onFilter={(more) => change({ ...filters, ...more })}
            />
          )
        }
      >
        <Panel isFlush>
          {first.value === null ? (
            first.problem === null && <Loading lines={8} label="The audit is asked for" />
          ) : (
            <Table
              caption="The audit, the newest first"
              columns={COLUMNS}
              rows={items}
              keyOf={({ id }) => String(id)}
              openKey={openId ?? null}
              onOpen={({ id }) => route(hrefOf(filters, String(id)))}
              empty={<Empty title="Nothing in the audit passes this filter" />}
            />
          )}
          {cursor !== null && (
            <div class={css.older}>
              <Button isBusy={older.isBusy} busyWord="Asking" onPress={() => void readOlder()}>
                Show older
              </Button>
            </div>
          )}
          <footer class={css.foot}>
            Entries are never changed; the oldest go when there are more than 32 MiB of them. Secrets are not
            in it.
          </footer>
        </Panel>
      </Beside>
    </>
  )
}

const TIME: Column<AuditEntry> = {
  key: 'time',
  head: 'Time',
  onCard: 'half',
  cell: ({ time }) => (
    <time class={cells.clock} dateTime={time} title={whole(time)}>
      {clock(time)}
    </time>
  ),
}
const WHO: Column<AuditEntry> = {
  key: 'who',
  head: 'Who',
  onCard: 'half',
  cell: ({ who }) => (
    <span class={cells.who}>
      {who === null ? <span class="quiet">nobody known</span> : <span class={cells.thing}>{who.name}</span>}
      {who !== null && who.kind !== 'user' && <span class="quiet small">{who.kind}</span>}
    </span>
  ),
}
const ACTION: Column<AuditEntry> = {
  key: 'action',
  head: 'What',
  onCard: 'lead',
  cell: ({ action, result }) => (
    <span class={cells.action}>
      <span title={action}>{actionWords(action)}</span>
      {result === 'refused' && <Tag state="down">refused</Tag>}
    </span>
  ),
}
const RESOURCE: Column<AuditEntry> = {
  key: 'resource',
  head: 'Resource',
  isCut: true,
  onCard: 'bare',
  cell: ({ resource }) => (
    <span class={cells.resource} title={resource}>
      {resource}
    </span>
  ),
}
const FROM: Column<AuditEntry> = {
  key: 'from',
  head: 'From',
  from: 880,
  onCard: 'half',
  cell: ({ from }) => (
    <span class={cells.client}>{from === 'unix' || from === 'local' ? 'this machine' : from}</span>
  ),
}
const COLUMNS = [TIME, WHO, ACTION, RESOURCE, FROM]

const FIELDS: readonly (readonly [string, (entry: AuditEntry) => unknown])[] = [
  ['time', ({ time }) => time],
  ['who', ({ who }) => who?.name],
  ['kind', ({ who }) => who?.kind],
  ['from', ({ from }) => from],
  ['action', ({ action }) => action],
  ['resource', ({ resource }) => resource],
  ['result', ({ result }) => result],
  ['request_id', (entry) => entry.request_id],
  ['message', ({ message }) => message],
]

function suggestionsOf(items: readonly AuditEntry[]): string[] {
  const words = new Set(AUDIT_TOKENS.map(({ key, example }) => `${key}:${example}`))
  for (const { who, action, resource } of items.slice(0, 100)) {
    if (who !== null) words.add(`actor:${who.name}`)
    words.add(`action:${action}`).add(`resource:${resource}`)
  }
  return [...words].slice(0, 60)
}
