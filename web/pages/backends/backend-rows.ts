// Rows of the list of backends: what is configured, how it fares, and what the draft makes of it.
import type { Change } from '../../data/draft.ts'
import { count, list } from '../../data/say.ts'
import {
  type BackendLive,
  type Look,
  type ResourceOf,
  type ServerFields,
  type ServerState,
  shownBackend,
  shownState,
} from '../../data/servers.ts'

export interface BackendFields {
  readonly servers?: readonly ServerFields[]
  readonly algorithm?: string
  readonly [field: string]: unknown
}

export type BackendResource = ResourceOf<BackendFields, BackendLive>

export interface BackendRow {
  readonly name: string
  readonly algorithm: string
  readonly look: Look | 'draft'
  readonly word: string
  /** Why it is as it is, in words; null: it is well. */
  readonly reason: string | null
  readonly pips: readonly Look[]
  readonly servers: number
  readonly serversUp: number
  readonly inFlight: number | null
  /** What a filter finds it by, besides what is seen: names and addresses of its servers. */
  readonly found: string
  readonly draft: 'new' | 'changed' | 'goes' | null
}

/** More pips than this say less than their count. */
const PIPS_MAX = 12

const PIPS: readonly (ServerState | 'held')[] = [
  'up',
  'unchecked',
  'starting',
  'draining',
  'maintenance',
  'held',
  'down',
]

export function rowsOf(
  resources: readonly BackendResource[],
  changes: readonly Change[],
): readonly BackendRow[] {
  const made = changes.flatMap((one) =>
    one.op === 'create' && one.resource.startsWith('backends/') && one.resource.split('/').length === 2
      ? [rowOfNew(decodeURIComponent(one.resource.slice('backends/'.length)), one.value)]
      : [],
  )
  return [...made, ...resources.map((one) => rowOf(one, draftedAs(one.id, changes)))]
}

function rowOf({ id, configured, effective, live }: BackendResource, draft: BackendRow['draft']): BackendRow {
  const { look, word } = live === null ? { look: 'unk' as const, word: 'Unknown' } : shownBackend(live.status)
  const servers = live?.servers ?? 0
  return {
    ...{ name: id, algorithm: effective.algorithm ?? '', look, word, draft, servers },
    reason: live === null ? null : reasonOf(live),
    pips: live === null || servers > PIPS_MAX ? [] : pipsOf(live),
    serversUp: live?.servers_up ?? 0,
    inFlight: live?.active_connections ?? null,
    found: (configured.servers ?? []).map(({ name, url }) => `${name ?? ''} ${url}`).join(' '),
  }
}

function rowOfNew(name: string, { servers, algorithm }: BackendFields): BackendRow {
  return {
    ...{
      name,
      algorithm: algorithm ?? 'round_robin',
      look: 'draft',
      word: 'Draft',
      reason: 'not running yet',
    },
    ...{ pips: [], servers: servers?.length ?? 0, serversUp: 0, inFlight: null, draft: 'new' },
    found: (servers ?? []).map(({ url }) => url).join(' '),
  }
}

function draftedAs(name: string, changes: readonly Change[]): BackendRow['draft'] {
  const own = `backends/${encodeURIComponent(name)}`
  if (changes.some(({ op, resource }) => op === 'delete' && resource === own)) return 'goes'
  return changes.some(({ resource }) => resource === own || resource.startsWith(`${own}/`)) ? 'changed' : null
}

const pipsOf = ({ states }: BackendLive): Look[] =>
  PIPS.flatMap((state) =>
    Array.from({ length: states[state] ?? 0 }, () => (state === 'held' ? 'maint' : shownState(state).look)),
  )

/** “api-2: status 503, wanted 200-399 · 1 drains, 1 in maintenance” */
export function reasonOf({ worst, states }: BackendLive): string | null {
  const down = states.down ?? 0
  const more = down > 1 && worst?.state === 'down' ? ` and ${count(down - 1, 'more', 'more')} down` : ''
  const out = [
    ...(states.draining === undefined
      ? []
      : [`${states.draining} ${states.draining === 1 ? 'drains' : 'drain'}`]),
    ...(states.maintenance === undefined ? [] : [`${states.maintenance} in maintenance`]),
    ...(states.held === undefined ? [] : [`${states.held} held open`]),
  ]
  const parts = [
    ...(worst === undefined ? [] : [`${worst.server}: ${worst.reason}${more}`]),
    ...(out.length === 0 ? [] : [list(out)]),
  ]
  return parts.length === 0 ? null : parts.join(' · ')
}
