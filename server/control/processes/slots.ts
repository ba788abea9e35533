// Which record of the scoreboard each backend and server has: a pure diff from one plan to the next. The same
// server keeps its record, and so its counters and what is in flight there; also one that only got another
// name. The record of one that left is given away again when nothing can touch it any more.
import type { BackendConfig } from '../../backends/backend.options.ts'
import type { ServerConfig } from '../../backends/server.options.ts'
import type { BackendSlots, Slot } from '../../scoreboard/slot.ts'

/** Record 0 is the gateway itself. */
const FIRST_RECORD = 1

export interface SlotTable {
  /** By identity of a backend or server. */
  readonly tenants: ReadonlyMap<string, Slot>
  readonly vacant: readonly VacantSlot[]
  /** Records that must exist. */
  readonly records: number
}

/** A record whose tenant was left out for the first time in `sincePlan`. */
export interface VacantSlot extends Slot {
  readonly sincePlan: number
}

/** Before the first plan. */
export const NO_SLOTS: SlotTable = { tenants: new Map(), vacant: [], records: FIRST_RECORD }

type Backends = Readonly<Record<string, BackendConfig>>

/**
 * The table for a new plan. `isReusable`: nothing is in flight on that record and no plan that named it lives
 * in a worker.
 */
export function assignSlots(
  previous: SlotTable,
  backends: Backends,
  number: number,
  isReusable: (vacant: VacantSlot) => boolean,
): SlotTable {
  const identities = identitiesOf(backends)
  const renamed = renamedTenants(previous.tenants, identities)
  const moved = new Set(renamed.values())
  const named = new Set(identities)
  const vacant: VacantSlot[] = [...previous.vacant]
  for (const [identity, slot] of previous.tenants)
    if (!named.has(identity) && !moved.has(slot)) vacant.push({ ...slot, sincePlan: number })
  const reusable = vacant.filter((slot) => slot.sincePlan < number && isReusable(slot)).toReversed()

  const tenants = new Map<string, Slot>()
  const taken = new Set<VacantSlot>()
  let { records } = previous
  for (const identity of identities) {
    const kept = previous.tenants.get(identity) ?? renamed.get(identity)
    const again = kept ? undefined : reusable.pop()
    if (again) taken.add(again)
    tenants.set(identity, kept ?? (again ? nextUseOf(again) : { index: records++, generation: 0 }))
  }
  return { tenants, vacant: taken.size === 0 ? vacant : vacant.filter((slot) => !taken.has(slot)), records }
}

/** Slots of servers whose names are new, while one of the same backend and URL is no longer named. */
function renamedTenants(
  tenants: SlotTable['tenants'],
  identities: readonly string[],
): ReadonlyMap<string, Slot> {
  const named = new Set(identities)
  const left = new Map<string, Slot[]>()
  for (const [identity, slot] of tenants) {
    if (named.has(identity) || !isServer(identity)) continue
    const place = placeOf(identity)
    const slots = left.get(place)
    if (slots) slots.push(slot)
    else left.set(place, [slot])
  }
  const renamed = new Map<string, Slot>()
  if (left.size === 0) return renamed
  for (const identity of identities) {
    const slot =
      tenants.has(identity) || !isServer(identity) ? undefined : left.get(placeOf(identity))?.shift()
    if (slot) renamed.set(identity, slot)
  }
  return renamed
}

/** The slots as a plan carries them: by name of backend and of server. */
export function planSlots(table: SlotTable, backends: Backends): Record<string, BackendSlots> {
  const slots: Record<string, BackendSlots> = {}
  for (const [name, { servers }] of Object.entries(backends)) {
    const byServer: Record<string, Slot> = {}
    for (const server of servers) byServer[serverName(server)] = slotOf(table, serverIdentity(name, server))
    slots[name] = { slot: slotOf(table, backendIdentity(name)), servers: byServer }
  }
  return slots
}

/** A server's name: its URL when it was given none. */
export const serverName = ({ name, url }: ServerConfig): string => name ?? url

/**
 * A backend is its name; a server is its backend, name and URL: another address is another server. No name
 * holds a line break.
 */
const backendIdentity = (backend: string): string => backend
const serverIdentity = (backend: string, server: ServerConfig): string =>
  `${backend}\n${serverName(server)}\n${server.url}`

const isServer = (identity: string): boolean => identity.includes('\n')
/** The identity of a server without its name. */
const placeOf = (identity: string): string => identity.replace(/\n.*\n/, '\n')

function identitiesOf(backends: Backends): string[] {
  return Object.entries(backends).flatMap(([name, { servers }]) => [
    backendIdentity(name),
    ...servers.map((server) => serverIdentity(name, server)),
  ])
}

const nextUseOf = ({ index, generation }: Slot): Slot => ({ index, generation: generation + 1 })

function slotOf(table: SlotTable, identity: string): Slot {
  const slot = table.tenants.get(identity)
  if (!slot) throw new Error(`no slot for ${JSON.stringify(identity)}`)
  return slot
}
