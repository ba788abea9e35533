// Where the servers of a plan are: their names, and their slots on the scoreboard.
import type { PlanBody } from '../processes/worker.ts'
import { identityOf, type ServerPlace } from './order.ts'

/** A record of the scoreboard, and which of its servers in a row. */
export interface Slot {
  readonly index: number
  readonly generation: number
}

export const slotKey = ({ index, generation }: Slot): string => `${index}.${generation}`

/** All servers that have a slot, by identity. */
export function placesOf({ config, slots }: PlanBody): Map<string, { place: ServerPlace; slot: Slot }> {
  const places = new Map<string, { place: ServerPlace; slot: Slot }>()
  for (const [backend, { servers }] of Object.entries(config.backends))
    for (const { name, url } of servers) {
      const place = { backend, server: name ?? url, url }
      const slot = slots[backend]?.servers[place.server]
      if (slot) places.set(identityOf(place), { place, slot })
    }
  return places
}

/** By a name that somebody asked with, which may be that of something that every object has. */
export const backendIn = (
  plan: Pick<PlanBody, 'config'> | null,
  name: string,
): PlanBody['config']['backends'][string] | undefined =>
  plan !== null && Object.hasOwn(plan.config.backends, name) ? plan.config.backends[name] : undefined
