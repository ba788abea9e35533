// A stop in order: nothing new is taken, what is in flight is finished. Where another gateway has taken over
// nothing is refused either: clients are only told to come back by another connection.
import type { DrainTimes } from '../lib/drain.ts'
import { logEvent } from '../telemetry/log.ts'
import type { DataFolder } from './data-folder.ts'
import type { Crew } from './processes/crew.ts'
import type { TurnKeeper } from './relay/turn-keeper.ts'
import type { ServiceManager } from './service-manager.ts'

/**
 * Connections that wait for their client's next request are told with its answer that they end; those that
 * bring none in this time are closed.
 */
const LAST_REQUEST_MS = 5000

export interface DrainParts {
  readonly times: DrainTimes
  /** Another gateway serves in this one's place. */
  readonly isHandedOver: boolean
  /** What goes on by itself. */
  readonly stops: readonly ({ stop(): void } | undefined)[]
  readonly folder: Pick<DataFolder, 'endsWithin' | 'release'> | null
  readonly manager: Pick<ServiceManager, 'stopping'>
  readonly crew: Pick<Crew, 'announceDrain' | 'drain'>
  readonly turn: Pick<TurnKeeper, 'drain'> | null
}

/** Settles when all is finished, or was cut off. */
export async function drainInOrder(
  signal: string,
  { times, isHandedOver, stops, folder, manager, crew, turn }: DrainParts,
): Promise<void> {
  const { finish: withinMs } = times
  for (const one of stops) one?.stop()
  // At once: the other gateway looks whether it is still its own.
  if (isHandedOver) folder?.release(true)
  const accept = isHandedOver ? Math.min(LAST_REQUEST_MS, withinMs / 2) : times.accept
  if (!isHandedOver) {
    folder?.endsWithin(accept + withinMs)
    manager.stopping('finishes what is in flight', accept + withinMs)
  }
  logEvent('info', 'draining', { signal, accept_ms: accept, within_ms: withinMs })
  if (accept > 0) {
    crew.announceDrain(isHandedOver)
    await Bun.sleep(accept)
  }
  await Promise.all([crew.drain(withinMs), turn?.drain(withinMs)])
}
