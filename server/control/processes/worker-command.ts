// How workers are started, how many, and with how much of our environment.
import { availableParallelism } from 'node:os'
import { mainCommand } from '../children/own-command.ts'

/** What they may see of the environment. BUN_* would change what Bun does, and the rest may hold secrets. */
const PASSED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'LC_TIME',
  'LD_LIBRARY_PATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

/** Program and arguments of a worker. */
export const workerCommand = (): string[] => mainCommand('worker')

/**
 * Bun collects garbage each second where the heap has changed at all: some 10 ms, also of an idle process.
 * What needs room is collected anyway.
 */
const GC_EVERY_MS = '10000'

/**
 * Bun's allocator has a thread that gives memory back, and wakes it whenever the loop goes to sleep. Without
 * it the loop does that itself before it sleeps, which costs half as many wakings at rest and a system call
 * less in each turn.
 */
const SCAVENGER_OFF = '0'

/** The environment of a worker, or of the relay. */
export function workerEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {
    BUN_GC_TIMER_INTERVAL: GC_EVERY_MS,
    MIMALLOC_SCAVENGER: SCAVENGER_OFF,
  }
  for (const name of PASSED) {
    const value = env[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}

/**
 * How many workers a config text seems to want: they are started while the rest of it is read. A wrong guess
 * is put right later.
 */
export function guessWorkers(text: string): number {
  const written = /^\s{0,4}"?workers"?\s*[:=]\s*(\d{1,3})\b/m.exec(text)?.[1]
  return written === undefined ? defaultWorkers() : Number(written)
}

/**
 * How many of them are started before the config is known to be valid: a wrong number costs no more than
 * this.
 */
export const earlyWorkers = (guess: number): number => Math.min(guess, availableParallelism())

/**
 * Workers when the config does not say: one a core; elsewhere than on Linux sockets cannot be handed to them.
 */
export const defaultWorkers = (): number => (process.platform === 'linux' ? availableParallelism() : 0)
