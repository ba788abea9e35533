// A snapshot's listeners by what they speak.
import type { AnyListener, Listener, Snapshot } from '../../server/snapshot/snapshot.ts'

type OfKind<K extends AnyListener['kind']> = Extract<AnyListener, { kind: K }>

/** The listener of this name, which speaks that. */
export function listenerOf<K extends AnyListener['kind']>(
  { listeners }: Pick<Snapshot, 'listeners'>,
  kind: K,
  name: string,
): OfKind<K> {
  const listener = listeners.get(name)
  if (listener?.kind !== kind) throw new Error(`no listener of ${kind} is called ${name}`)
  return listener as OfKind<K>
}

export const httpListener = (snapshot: Pick<Snapshot, 'listeners'>, name = 'web'): Listener =>
  listenerOf(snapshot, 'http', name)
