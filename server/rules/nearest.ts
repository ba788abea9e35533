// Which region is nearest to a client, and which come after it.
import type { GeoFacts } from '../geo/database.ts'
import type { RegionConfig } from './nearest.options.ts'

/** Why a region has its place. rest: it says not where it is. order: it is elsewhere, or nobody knows. */
export type Nearness = 'country' | 'continent' | 'distance' | 'rest' | 'order'

export interface Placed {
  /** Its place in the config. */
  readonly region: number
  readonly by: Nearness
  /** Along the surface of the earth; null: it is not known of both. */
  readonly km: number | null
}

/** So many orders are kept: there are as many as countries, and with coordinates as places. */
const KNOWN_MAX = 4096

/** Orders regions for a client: all of them, the nearest first. */
export class Nearest {
  readonly #regions: readonly RegionConfig[]
  #known = new Map<string, readonly Placed[]>()
  readonly #hasPlaces: boolean

  constructor(regions: readonly RegionConfig[]) {
    this.#regions = regions
    this.#hasPlaces = regions.some((region) => region.latitude !== undefined)
  }

  orderFor(facts: GeoFacts): readonly Placed[] {
    const key = `${facts.country} ${facts.continent}${this.#hasPlaces ? ` ${facts.latitude} ${facts.longitude}` : ''}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= KNOWN_MAX) this.#known = new Map()
    const order = this.#order(facts)
    this.#known.set(key, order)
    return order
  }

  /** By rank, then by distance, then as they are written. */
  #order(facts: GeoFacts): readonly Placed[] {
    const all = this.#regions.map((region, place): Placed => ({
      region: place,
      ...nearnessOf(region, facts),
    }))
    return all.toSorted(
      (a, b) => RANKS[a.by] - RANKS[b.by] || (a.km ?? Infinity) - (b.km ?? Infinity) || a.region - b.region,
    )
  }
}

const RANKS: Readonly<Record<Nearness, number>> = { country: 0, continent: 1, distance: 2, rest: 3, order: 4 }

function nearnessOf(region: RegionConfig, facts: GeoFacts): Omit<Placed, 'region'> {
  const { country, continent, latitude, longitude } = region
  const isPlaced = latitude !== undefined && longitude !== undefined
  const km =
    isPlaced && facts.latitude !== null && facts.longitude !== null
      ? distanceKm([latitude, longitude], [facts.latitude, facts.longitude])
      : null
  if (country.includes(facts.country ?? 'unknown')) return { by: 'country', km }
  if (continent.includes(facts.continent ?? 'unknown')) return { by: 'continent', km }
  if (km !== null) return { by: 'distance', km }
  return { by: country.length + continent.length === 0 && !isPlaced ? 'rest' : 'order', km }
}

const EARTH_KM = 6371

type Point = readonly [latitude: number, longitude: number]

/** Along a great circle, by the haversine formula. */
export function distanceKm([lat1, lon1]: Point, [lat2, lon2]: Point): number {
  const rad = Math.PI / 180
  const a =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(a)))
}
