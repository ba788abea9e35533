// Signals that end a process by default although nobody means that. Who handles one does so by process.on;
// the rest is ignored here, by libc, as Bun knows no way to. What is left ends a process and should: KILL, a
// crash (ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS), and XCPU, which a limit of processor time sends.
import { constants } from 'node:os'
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'

const { signals } = constants

/** Those that our processes hear. */
const HEARD: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
const STRAY: readonly NodeJS.Signals[] = [
  'SIGPIPE',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGSTKFLT',
  'SIGXFSZ',
]
/** 32 and 33 are the C library's own. */
const FIRST_REAL_TIME = 34
const LAST_SIGNAL = 64
const SIG_DFL = 0n
const SIG_IGN = 1
const SIG_BLOCK = 0
const SIG_UNBLOCK = 1
const SIG_SETMASK = 2
/** struct sigaction: the handler, then mask, flags and restorer. */
const SIGACTION_WORDS = 32
/** sigset_t, of 1024 signals. */
const SET_WORDS = 16

/** Numbers of the signals that are ignored. */
export function straySignals(): number[] {
  const named = STRAY.flatMap((name) => signals[name] ?? [])
  const realTime = Array.from({ length: LAST_SIGNAL - FIRST_REAL_TIME + 1 }, (_, i) => FIRST_REAL_TIME + i)
  return [...named, ...realTime]
}

/**
 * Ignores, for the rest of this process's life, the signals that nobody means. Those that are handled already
 * are left alone.
 */
function ignoreStraySignals(): void {
  if (process.platform !== 'linux') return
  const action = new BigUint64Array(SIGACTION_WORDS)
  for (const signal of straySignals())
    if (libc().sigaction(signal, null, ptr(action)) === 0 && action[0] === SIG_DFL)
      libc().signal(signal, SIG_IGN)
}

/**
 * Runs `start`, which starts a child, while the signals that end one by default are held: the child inherits
 * that, and none of them ends it before it handles them (releaseSignals).
 */
export function withSignalsHeld<T>(start: () => T): T {
  if (process.platform !== 'linux') return start()
  const before = new BigUint64Array(SET_WORDS)
  if (libc().pthread_sigmask(SIG_BLOCK, ptr(heldSet()), ptr(before)) !== 0) return start()
  try {
    return start()
  } finally {
    libc().pthread_sigmask(SIG_SETMASK, ptr(before), null)
  }
}

/**
 * Ignores what nobody means, and lets in what withSignalsHeld() held: to be called once this process handles
 * the rest.
 */
export function releaseSignals(): void {
  if (process.platform !== 'linux') return
  ignoreStraySignals()
  libc().pthread_sigmask(SIG_UNBLOCK, ptr(heldSet()), null)
}

function heldSet(): BigUint64Array {
  const set = new BigUint64Array(SET_WORDS)
  for (const signal of [...HEARD.flatMap((name) => signals[name] ?? []), ...straySignals()])
    set[0] = (set[0] ?? 0n) | (1n << BigInt(signal - 1))
  return set
}
