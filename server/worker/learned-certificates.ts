// Certificates that came on demand while a plan is served: listeners learn of them, and who is held for one
// goes on.
import { readLearned } from '../lib/demanded-name.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { Certificate, type CertificateText } from '../tls/certificate.ts'
import { onDemand } from '../tls/on-demand.ts'

/** Null: it is forgotten. */
export function learn(
  snapshots: readonly (Snapshot | null | undefined)[],
  learned: string,
  text: CertificateText | null,
): void {
  const read = readLearned(learned)
  if (read === null) return
  const made = text === null ? null : new Certificate(text)
  for (const snapshot of snapshots)
    for (const listener of snapshot?.listeners.values() ?? [])
      if ('tls' in listener) listener.tls?.certificates.learn?.(read.certificate, read.name, made)
  onDemand.settled(learned, made)
}

/** There is none for now: who is held goes on without. Takes away nothing that is served. */
export const refuseName = (learned: string): void => onDemand.settled(learned, null)
