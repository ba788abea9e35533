// Starts what runs the TURN relay: a process of its own, or (`workers: 0`) a thread of this one. Both are
// given two descriptors: the channel that descriptors come through, and the control connection.
import { tellBug } from '../../lib/bug.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { withSignalsHeld } from '../../lib/signals.ts'
import { isOwnChild } from '../processes/reap.ts'
import { mainCommand, mainModule } from '../processes/worker-command.ts'

/** How it ended. */
export interface RelayExit {
  readonly code: number | null
  readonly signal: string | null
  /** Why it was killed, where the signal does not tell it. */
  readonly why?: string
  /** Allocations that ended with it, as of a second before. */
  readonly lost?: number
}

export interface RelayFds {
  readonly channel: number
  readonly control: number
}

/** What runs it. */
export interface StartedRelay {
  readonly pid: number
  kill(): void
}

/** Starts a relay, which owns the descriptors from here on; `onExit` is called once, later. */
export type StartRelay = (fds: RelayFds, onExit: (how: RelayExit) => void) => StartedRelay

/** A process of its own. */
export const relayProcess =
  (env: Readonly<Record<string, string>>): StartRelay =>
  ({ channel, control }, onExit) => {
    try {
      const child = withSignalsHeld(() =>
        Bun.spawn({
          cmd: mainCommand('relay'),
          env: { ...env },
          stdio: ['ignore', 'inherit', 'inherit', channel, control],
          onExit: (_child, code, signal) => onExit({ code, signal: signal === null ? null : String(signal) }),
        }),
      )
      isOwnChild(child.pid, child.exited)
      return { pid: child.pid, kill: () => child.kill('SIGKILL') }
    } finally {
      closeFds([channel, control])
    }
  }

/** A thread of this process; it works on copies of the descriptors. */
export const relayThread: StartRelay = ({ channel, control }, onExit) => {
  // The public types do not know `argv`.
  const options = { argv: ['relay', String(channel), String(control)] } as WorkerOptions
  const thread = makeThread(options, () => closeFds([channel, control]))
  thread.addEventListener('close', (event) => {
    closeFds([channel, control])
    const { code } = event as Event & { readonly code?: number }
    onExit({ code: code ?? null, signal: null })
  })
  thread.addEventListener('error', (event) => {
    event.preventDefault()
    tellBug(event.error ?? event.message)
  })
  return { pid: process.pid, kill: () => void thread.terminate() }
}

function makeThread(options: WorkerOptions, failed: () => void): Worker {
  try {
    return new Worker(mainModule(), options)
  } catch (error) {
    failed()
    throw error
  }
}
