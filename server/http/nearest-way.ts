// Which region an exchange goes to: the nearest to its client that has a server in use.
import { NOWHERE } from '../geo/database.ts'
import { whereIs } from '../geo/where.ts'
import type { ToBackend, ToRegions } from '../snapshot/snapshot.ts'

/** Where no region has one it is the nearest, which says so. `address` null: nobody knows it. */
export function nearestWay({ nearest, ways }: ToRegions, address: string | null): ToBackend {
  const order = nearest.orderFor(address === null ? NOWHERE : whereIs(address))
  for (const { region } of order) {
    const way = ways[region] as ToBackend
    if (way.backend.takesWork) return way
  }
  return ways[order[0]?.region ?? 0] as ToBackend
}
