// The databases of a config that nobody serves yet, for its tests and for who explains it: only in a process
// that serves nobody with others.
import { readFileSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { type Database, GEO_KINDS, type GeoKind, openDatabase } from '../../geo/database.ts'
import { serveDatabases } from '../../geo/where.ts'

/** Puts them in place; gives what takes them away. One that cannot be read knows nothing. */
export function serveDatabasesOf({ geo }: Pick<Config, 'geo'>): () => void {
  if (geo === undefined) return () => {}
  const opened: Partial<Record<GeoKind, Database>> = {}
  const files: Partial<Record<GeoKind, string>> = {}
  for (const kind of GEO_KINDS) {
    const path = geo[kind]
    if (path === undefined) continue
    try {
      // In memory: the files are their owner's, who may cut them short at any time.
      opened[kind] = openDatabase(readFileSync(path))
      files[kind] = path
    } catch {
      continue
    }
  }
  serveDatabases({ files, opened })
  return () => serveDatabases({ files: {}, opened: {} })
}
