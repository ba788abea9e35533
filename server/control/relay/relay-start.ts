// What runs the TURN relay: a process of its own, or (`workers: 0`) a thread of this one.
import { linkedProcess, linkedThread, type ChildExit, type StartLinked } from '../children/child-start.ts'
import { mainCommand } from '../children/own-command.ts'

/** How it ended. */
export interface RelayExit extends ChildExit {
  /** Allocations that ended with it, as of a second before. */
  readonly lost?: number
}

/** Starts a relay, which owns the descriptors from here on; `onExit` is called once, later. */
export type StartRelay = StartLinked

/** A process of its own. */
export const relayProcess = (env: Readonly<Record<string, string>>): StartRelay =>
  linkedProcess(mainCommand('relay'), env)

/** A thread of this process. */
export const relayThread: StartRelay = linkedThread('relay')
