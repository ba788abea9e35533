// Files that a plan brought the texts of say something else.
import { guarded } from '../lib/bug.ts'
import type { FileTexts } from '../backends/tls.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { clientsOf } from '../tls/listener-tls.ts'
import { PLAIN_SETTINGS } from '../tls/tls-settings.ts'

/** Tells those that are made of some of them; one that takes them not is as it was. */
export function filesChanged(snapshots: readonly (Snapshot | null | undefined)[], texts: FileTexts): void {
  for (const snapshot of snapshots) {
    for (const backend of snapshot?.backends.values() ?? []) guarded(() => backend.filesChanged(texts))
    for (const listener of snapshot?.listeners.values() ?? [])
      guarded(() => clientsOf(listener)?.filesChanged(texts))
  }
}

/**
 * Where clients are asked for certificates, what handshakes are made with changes with the issuers: what no
 * listener of these makes any more is let go.
 */
export function keepContexts(snapshots: readonly (Snapshot | null | undefined)[]): void {
  const spoken = new Set([PLAIN_SETTINGS.key])
  for (const snapshot of snapshots)
    for (const listener of snapshot?.listeners.values() ?? []) {
      if ('tls' in listener && listener.tls !== null) spoken.add(listener.tls.settings.key)
      for (const key of clientsOf(listener)?.settingsKeys ?? []) spoken.add(key)
    }
  for (const snapshot of snapshots)
    for (const certificate of snapshot?.certificates.values() ?? []) certificate.keepContexts(spoken)
}
