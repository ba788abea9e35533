// A lease that processes take from each other for a moment, one cell of shared memory: 0 is free, else it is
// the time at which it was taken (ms of the shared clock). It ends by itself once its holder must be dead.
import { libc } from '../lib/native.ts'

const LEASE_MS = 1000
/** Looks at a lease that another holds: beyond what anyone who runs needs. */
const LOOKS = 2000
/** Then whoever holds it was stopped, by us perhaps: so long others are let run. */
const PATIENCE_MS = 5

/** Takes the lease, from a dead holder too; false: somebody has held it for longer than is usual. */
export function hasLease(ints: Int32Array, at: number, lease: number): boolean {
  for (let look = 0; look < LOOKS; look++) if (takeLease(ints, at, lease)) return true
  if (process.platform !== 'linux') return false
  const untilMs = performance.now() + PATIENCE_MS
  while (performance.now() < untilMs) {
    libc().sched_yield()
    if (takeLease(ints, at, lease)) return true
  }
  return false
}

function takeLease(ints: Int32Array, at: number, lease: number): boolean {
  const held = Atomics.load(ints, at)
  if (held !== 0 && Math.abs((lease - held) | 0) < LEASE_MS) return false
  return Atomics.compareExchange(ints, at, held, lease) === held
}
