// Files that a plan brought the texts of say something else.
import { guarded } from '../lib/bug.ts'
import type { FileTexts } from '../backends/tls.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** Tells those that are made of some of them; one that takes them not is as it was. */
export function filesChanged(snapshots: readonly (Snapshot | null | undefined)[], texts: FileTexts): void {
  for (const snapshot of snapshots)
    for (const backend of snapshot?.backends.values() ?? []) guarded(() => backend.filesChanged(texts))
}
