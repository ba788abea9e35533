// Where clients are, by the databases that this process serves with. One for the process: whoever matches,
// fills in or explains asks here, and files that change are changed here alone.
import { readBounded } from '../lib/read-bounded.ts'
import {
  type Database,
  GEO_KINDS,
  type GeoFacts,
  type GeoKind,
  networkIn,
  NOWHERE,
  openDatabase,
  placeIn,
} from './database.ts'

/** Paths of the databases, copies that nobody changes; of what is left out nothing is known. */
export type GeoFiles = Readonly<Partial<Record<GeoKind, string>>>

/** Opened, with where each is. */
export interface Databases {
  readonly files: GeoFiles
  readonly opened: Readonly<Partial<Record<GeoKind, Database>>>
}

/** So many addresses are remembered twice: those of now, and those before. */
const KNOWN_MAX = 8192

let served: Databases = { files: {}, opened: {} }
let known = new Map<string, GeoFacts>()
let before = new Map<string, GeoFacts>()

/** Opens them; throws when one cannot be. They are mapped, and shared by all processes that do so. */
export function openDatabases(files: GeoFiles): Databases {
  const opened: Partial<Record<GeoKind, Database>> = {}
  for (const kind of GEO_KINDS) {
    const path = files[kind]
    const same = path === served.files[kind] ? served.opened[kind] : undefined
    if (path !== undefined) opened[kind] = same ?? openDatabase(mapped(path))
  }
  return { files, opened }
}

export function mapped(path: string): Buffer {
  const { buffer, byteOffset, byteLength } = Bun.mmap(path)
  return Buffer.from(buffer, byteOffset, byteLength)
}

/**
 * Where nothing is served yet, as where a config is only looked at: what it names, read and not mapped, as
 * far as that can be.
 */
export function readWhereNone(files: GeoFiles): void {
  if (Object.keys(served.files).length > 0 || GEO_KINDS.every((kind) => files[kind] === undefined)) return
  const opened: Partial<Record<GeoKind, Database>> = {}
  for (const kind of GEO_KINDS) {
    const path = files[kind]
    try {
      if (path !== undefined) opened[kind] = openDatabase(Buffer.from(readBounded(path, FILE_BYTES_MAX)))
    } catch {
      // Who checks the config tells it.
    }
  }
  served = { files: {}, opened }
  known = new Map()
  before = new Map()
}

const FILE_BYTES_MAX = 1024 * 1024 * 1024

/** What is asked from here on. */
export function serveDatabases(databases: Databases): void {
  if (GEO_KINDS.every((kind) => databases.files[kind] === served.files[kind])) return
  served = databases
  known = new Map()
  before = new Map()
}

/** What is known of an address in canonical text. */
export function whereIs(address: string): GeoFacts {
  const facts = known.get(address)
  if (facts !== undefined) return facts
  if (known.size >= KNOWN_MAX) {
    before = known
    known = new Map()
  }
  const found = before.get(address) ?? lookedUp(address)
  known.set(address, found)
  return found
}

function lookedUp(address: string): GeoFacts {
  const { country, asn, city } = served.opened
  const [first, second] = [find(city, address), find(country, address)]
  if (first === null && second === null && asn === undefined) return NOWHERE
  const place = placeIn(first)
  const land = placeIn(second)
  return {
    ...place,
    country: land.country ?? place.country,
    continent: land.continent ?? place.continent,
    ...networkIn(find(asn, address)),
  }
}

/** A file that is broken within knows nothing there. */
function find(database: Database | undefined, address: string): unknown {
  try {
    return database?.find(address) ?? null
  } catch {
    return null
  }
}
