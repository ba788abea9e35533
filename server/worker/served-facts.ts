// What this process knows beside its snapshot: where clients are, and by which keys tokens are checked.
import { openDatabases, serveDatabases } from '../geo/where.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import type { GeoChanged, KeysChanged } from './messages.ts'

/** What was brought by the plan that is served from here on. */
export function serveFacts({ geo, keys }: Pick<Snapshot, 'geo' | 'keys'>): void {
  serveDatabases(geo)
  tokenKeys.serve(keys)
}

export function factsChanged(told: GeoChanged | KeysChanged): void {
  if (told.type === 'geo') serveDatabases(openDatabases(told.files))
  else tokenKeys.serve(told.texts)
}
