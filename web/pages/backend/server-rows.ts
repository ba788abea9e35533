// Servers of a backend as the page lists them: as written, as ordered, as found, and what the draft makes of
// them.
import type { Change } from '../../data/draft.ts'
import {
  addressOf,
  isOpen,
  type ServerFields,
  type ServerLive,
  type ServerResource,
} from '../../data/servers.ts'
import { segment } from '../../data/urls.ts'

export interface ServerRow {
  /** Its name, or its URL where it has none. */
  readonly id: string
  readonly address: string
  readonly isNamed: boolean
  readonly fields: ServerFields
  /** As the draft has it; null: as it is. */
  readonly drafted: ServerFields | null
  readonly draft: 'new' | 'changed' | 'goes' | null
  /** Of the config. */
  readonly weight: number
  readonly max: number | null
  readonly isBackup: boolean
  readonly live: ServerLive | null
  /** Null: only the draft has it. */
  readonly resource: ServerResource | null
}

/** The list that servers of a backend are in, as a draft names it. */
export const listOf = (backend: string): string => `backends/${segment(backend)}/servers`

export const resourceOf = (backend: string, server: string): string => `${listOf(backend)}/${segment(server)}`

/** In the order of the file; those that the draft adds behind. */
export function serverRows(
  backend: string,
  resources: readonly ServerResource[],
  changes: readonly Change[],
): readonly ServerRow[] {
  const own = new Map(
    changes.flatMap((one) =>
      one.op !== 'move' && one.resource.startsWith(`${listOf(backend)}/`)
        ? [[one.resource, one] as const]
        : [],
    ),
  )
  const written = resources.map((resource) => rowOf(resource, own.get(resourceOf(backend, resource.id))))
  const added = [...own.values()].flatMap((one) => (one.op === 'create' ? [rowOfNew(one.value)] : []))
  return [...written, ...added]
}

function rowOf(resource: ServerResource, change: Change | undefined): ServerRow {
  const { id, effective, configured, live } = resource
  const isChanged = change?.op === 'update'
  return {
    ...factsOf(id, configured, effective),
    ...{ live, resource },
    drafted: isChanged ? ({ ...configured, ...change.patch } as ServerFields) : null,
    draft: change?.op === 'delete' ? 'goes' : isChanged ? 'changed' : null,
  }
}

function rowOfNew(value: Readonly<Record<string, unknown>>): ServerRow {
  const fields = value as unknown as ServerFields
  return {
    ...factsOf(fields.name ?? fields.url, fields, fields),
    ...{ live: null, resource: null, drafted: null, draft: 'new' },
  }
}

function factsOf(id: string, fields: ServerFields, effective: ServerFields) {
  return {
    id,
    fields,
    address: addressOf(fields.url),
    isNamed: fields.name !== undefined,
    weight: effective.weight ?? 1,
    max: effective.max_connections ?? null,
    isBackup: effective.backup === true,
  }
}

/** Those that get new requests now: backups only where no other does. */
export function takingOf(rows: readonly ServerRow[]): readonly ServerRow[] {
  const able = rows.filter(({ live }) => live !== null && isAble(live))
  const main = able.filter(({ isBackup }) => !isBackup)
  return main.length > 0 ? main : able
}

/** One that nobody checks is used though its last requests failed. */
const isAble = (live: ServerLive): boolean =>
  live.admin === 'ready' &&
  (live.operational !== 'down' || live.panic === true) &&
  live.state !== 'starting' &&
  live.weight > 0 &&
  !isOpen(live)

export const runningOf = (rows: readonly ServerRow[]): readonly ServerRow[] =>
  rows.filter(({ resource }) => resource !== null)
