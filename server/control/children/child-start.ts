// How a child is started and reached: a process that speaks by IPC, or a process or a thread that is given a
// control connection. Each owns the descriptors it is handed, also where it cannot start anything.
import type { Subprocess } from 'bun'
import { tellBug } from '../../lib/bug.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { withSignalsHeld } from '../../lib/signals.ts'
import { ChildLink, makeControlPair } from './child-link.ts'
import { isOwnChild } from './reap.ts'
import { unlessWithin } from './unless-within.ts'
import { mainModule } from './own-command.ts'

/** A child that nothing can be said to any more ends by itself within this time, or is ended. */
const SPEECHLESS_MS = 2000
/** What it said last may still be on the way when it is gone. */
const LAST_WORDS_MS = 1000

type Env = Readonly<Record<string, string>>

/** How a child ended. */
export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
  /** Why it was killed, where the signal does not tell it. */
  readonly why?: string
}

/** A child that was started. */
export interface Started {
  readonly pid: number
  kill(): void
}

/** The same, and the way to it. */
export interface Reached<Told> extends Started {
  /** Lost where it cannot hear any more. */
  send(message: Told): void
  /** It ends in order when it notices. */
  hangUp(): void
}

export interface Ears<Said> {
  /** Null: what it said is no message. */
  readonly onSaid: (message: Said | null) => void
  /** Called once, after the last message, and never before it was started. */
  readonly onExit: (how: ChildExit) => void
}

/** Starts a child which finds the other end of `channel` among its descriptors. */
export type StartChild<Said, Told> = (channel: number, ears: Ears<Said>) => Reached<Told>

/** The descriptors of a child with a control connection. */
export interface LinkedFds {
  readonly channel: number
  readonly control: number
}

export type StartLinked = (fds: LinkedFds, onExit: (how: ChildExit) => void) => Started

/** A process that speaks by Bun's IPC; the channel is its descriptor 3. */
export const ipcProcess =
  <Said, Told>(cmd: readonly string[], env: Env): StartChild<Said, Told> =>
  (channel, { onSaid, onExit }) => {
    const ended = Promise.withResolvers<void>()
    let isReached = true
    const child = spawned([channel], () =>
      Bun.spawn({
        cmd: [...cmd],
        env: { ...env },
        stdio: ['ignore', 'inherit', 'inherit', channel],
        serialization: 'advanced',
        ipc: (message: Said) => onSaid(message),
        onDisconnect: () => {
          isReached = false
          unlessWithin(SPEECHLESS_MS, ended.promise, kill)
        },
        onExit: (_child, code, signal) => {
          ended.resolve()
          onExit(howOf(code, signal))
        },
      }),
    )
    function kill(): void {
      child.kill('SIGKILL')
    }
    return {
      pid: child.pid,
      send: (message) => {
        if (isReached) sendUnlessClosed(child, message)
      },
      hangUp: () => {
        isReached = false
        child.disconnect()
      },
      kill,
    }
  }

/** One that is about to end has closed its side: Bun sends no more a turn before it tells that. */
function sendUnlessClosed(child: Subprocess, message: unknown): void {
  try {
    child.send(message)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_IPC_CHANNEL_CLOSED') throw error
  }
}

/** A child with a control connection, however that is started. */
export const linked =
  <Said, Told>(start: StartLinked): StartChild<Said, Told> =>
  (channel, { onSaid, onExit }) => {
    const control = closingOnFailure([channel], makeControlPair)
    const link = new ChildLink<Said, Told>(control.ours, onSaid)
    const ended = Promise.withResolvers<void>()
    let started: Started | null = null
    const kill = (): void => {
      // In this order: at the end of its connection it would end by itself, and quicker.
      started?.kill()
      link.close()
    }
    try {
      started = start({ channel, control: control.theirs }, (how) => {
        started = null
        ended.resolve()
        unlessWithin(LAST_WORDS_MS, link.closed, () => link.close())
        void link.closed.then(() => onExit(how))
      })
    } catch (error) {
      link.close()
      throw error
    }
    void link.closed.then(() => unlessWithin(SPEECHLESS_MS, ended.promise, kill))
    return { pid: started.pid, send: (message) => link.send(message), hangUp: () => link.close(), kill }
  }

/** Starts a process of this program; the channel is its descriptor 3, the control connection is 4. */
export const linkedProcess =
  (cmd: readonly string[], env: Env): StartLinked =>
  ({ channel, control }, onExit) => {
    const child = spawned([channel, control], () =>
      Bun.spawn({
        cmd: [...cmd],
        env: { ...env },
        stdio: ['ignore', 'inherit', 'inherit', channel, control],
        onExit: (_child, code, signal) => onExit(howOf(code, signal)),
      }),
    )
    return { pid: child.pid, kill: () => child.kill('SIGKILL') }
  }

/** Starts a command of this program as a thread of this process; it works on copies of the descriptors. */
export const linkedThread =
  (command: string): StartLinked =>
  ({ channel, control }, onExit) => {
    const fds = [channel, control]
    // The public types do not know `argv`.
    const options = { argv: [command, ...fds.map(String)] } as WorkerOptions
    const thread = closingOnFailure(fds, () => new Worker(mainModule(), options))
    thread.addEventListener('close', (event) => {
      closeFds(fds)
      const { code } = event as Event & { readonly code?: number }
      onExit({ code: code ?? null, signal: null })
    })
    thread.addEventListener('error', (event) => {
      event.preventDefault()
      tellBug(event.error ?? event.message)
    })
    return { pid: process.pid, kill: () => void thread.terminate() }
  }

/** A process that has its own copies of these descriptors: ours are closed. */
function spawned(fds: readonly number[], spawn: () => Subprocess): Subprocess {
  try {
    const child = withSignalsHeld(spawn)
    isOwnChild(child.pid, child.exited)
    return child
  } finally {
    closeFds(fds)
  }
}

function closingOnFailure<T>(fds: readonly number[], make: () => T): T {
  try {
    return make()
  } catch (error) {
    closeFds(fds)
    throw error
  }
}

const howOf = (code: number | null, signal: number | NodeJS.Signals | null): ChildExit => ({
  code,
  signal: signal === null ? null : String(signal),
})
