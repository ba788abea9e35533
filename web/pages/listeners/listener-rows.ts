// The listeners as the list shows them: as they are written, how they fare, what the draft makes of them.
import type { AnswerOf } from '../../data/api.ts'
import type { Overview } from '../../data/api-types.ts'
import type { Change } from '../../data/change.ts'
import { merged } from '../../data/merge.ts'
import { type ListenerFields, listOf, type Protocol, protocolOf } from './listener-fields.ts'

export type ListenerResource = Omit<
  AnswerOf<'GET /api/v1/listeners/{listener}'>,
  'configured' | 'effective' | 'live'
> & {
  readonly configured: ListenerFields
  readonly effective: ListenerFields
  readonly live?: { readonly address: string | readonly string[] | null }
}

type Counted = AnswerOf<'GET /api/v1/status'>['listeners'][number]

export interface ListenerRow {
  readonly name: string
  readonly protocol: Protocol
  /** Where it is open; where it is not, where it should be. */
  readonly addresses: readonly string[]
  readonly certificates: readonly string[]
  readonly backend: string | null
  /** What is open on it now, of how many each worker takes at most. */
  readonly open: number | null
  readonly total: number | null
  readonly faults: number | null
  /** connections, flows or allocations. */
  readonly counts: string
  /** Null: it is open. */
  readonly problem: Overview['problems'][number] | null
  readonly draft: 'new' | 'changed' | 'removed' | null
}

export interface RowsOf {
  readonly resources: readonly ListenerResource[]
  readonly counted: readonly Counted[]
  readonly problems: Overview['problems']
  readonly changes: readonly Change[]
}

export const resourceOf = (name: string): string => `listeners/${encodeURIComponent(name)}`

export function rowsOf({ resources, counted, problems, changes }: RowsOf): ListenerRow[] {
  const counts = new Map(counted.map((one) => [one.name, one]))
  const drafted = new Map(changes.map((one) => [one.resource, one]))
  const rows = resources.map((resource) => {
    const change = drafted.get(resourceOf(resource.id))
    const problem =
      problems.find(({ about: { kind, name } }) => kind === 'listener' && name === resource.id) ?? null
    return rowOf(resource, { counted: counts.get(resource.id), problem, change })
  })
  return [...rows, ...changes.flatMap((one) => draftedRow(one))]
}

interface Beside {
  readonly counted: Counted | undefined
  readonly problem: ListenerRow['problem']
  readonly change: Change | undefined
}

function rowOf(
  { id, configured, effective, live }: ListenerResource,
  { counted, problem, change }: Beside,
): ListenerRow {
  const fields = change?.op === 'update' ? (merged(configured, change.patch) as ListenerFields) : configured
  const isMoved = JSON.stringify(fields.bind) !== JSON.stringify(configured.bind)
  const open = live?.address ?? effective.bind
  return {
    name: id,
    protocol: protocolOf(fields),
    addresses: listOf(isMoved ? fields.bind : (open ?? undefined)),
    certificates: listOf(fields.certificates),
    backend: fields.backend ?? null,
    open: counted?.open ?? null,
    total: counted?.total ?? null,
    faults: counted?.faults ?? null,
    counts: counted?.counts ?? 'connections',
    problem,
    draft: change === undefined ? null : change.op === 'delete' ? 'removed' : 'changed',
  }
}

function draftedRow(change: Change): ListenerRow[] {
  if (change.op !== 'create' || !change.resource.startsWith('listeners/')) return []
  const fields = change.value as ListenerFields
  return [
    {
      ...{ name: String(fields['name'] ?? ''), protocol: protocolOf(fields), addresses: listOf(fields.bind) },
      ...{ certificates: listOf(fields.certificates), backend: fields.backend ?? null },
      ...{
        open: null,
        total: null,
        faults: null,
        counts: 'connections',
        problem: null,
        draft: 'new' as const,
      },
    },
  ]
}

/** Whether the page came through this listener: whoever closes it closes their own door. */
export function isOwnDoor(
  addresses: readonly string[],
  here: { hostname: string; port: string; protocol: string },
): boolean {
  const port = here.port === '' ? (here.protocol === 'https:' ? '443' : '80') : here.port
  return addresses.some((address) => {
    const [, host = '', at = ''] = /^(.*):(\d+)$/.exec(address) ?? []
    const isAll = host === '0.0.0.0' || host === '[::]' || host === ''
    return at === port && (isAll || host === here.hostname || host === `[${here.hostname}]`)
  })
}
