// Whether io_uring is to be had here: kernels lack it or parts of it, administrators switch it off, and
// profiles of containers refuse its calls. So all that is used is tried once.
import { ptr, type Pointer } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import { libc } from '../../lib/native.ts'
import { AF_UNIX, OPEN_FLAGS, SOCK_STREAM, EINVAL } from '../calls.ts'
import { KernelMemory } from '../memory.ts'
import { BufferRing } from './buffer-ring.ts'
import * as asked from './requests.ts'
import { type Completions, HAS_BUFFER, Ring } from './ring.ts'
import { COMPLETIONS, ENTRIES } from './ring-waiter.ts'
import { type RingCall, RingRefused } from './set-up.ts'
import { OLD, whyRefused } from './why-refused.ts'

const REGISTER_PROBE = 8
const OPERATIONS_MAX = 256
/** struct io_uring_probe, and a struct io_uring_probe_op of each operation. */
const PROBE_BYTES = 16 + OPERATIONS_MAX * 8
const IS_SUPPORTED = 1
const WAIT_MS = 1000
const GROUP = 1
const WORD = Buffer.from('io_uring')

/**
 * Null: io_uring is to be had. Else why it is not, in a few words. `asks` hears which call comes next: a
 * filter may end whoever makes it.
 */
export function probe(asks: (call: RingCall) => void = () => {}): string | null {
  if (process.platform !== 'linux') return 'this is not Linux'
  let ring: Ring | null = null
  try {
    asks('io_uring_setup')
    // As large as a worker's: its memory may count as locked (RLIMIT_MEMLOCK), and a small one would pass.
    ring = new Ring(ENTRIES, COMPLETIONS)
    asks('io_uring_register')
    return lackOf(ring) ?? triedOn(ring, asks)
  } catch (error) {
    return whyNot(error)
  } finally {
    ring?.close()
  }
}

/** Why a ring, or what belongs to it, could not be made. */
export const whyNot = (error: unknown): string =>
  error instanceof RingRefused ? whyRefused(error, sysctl('io_uring_disabled')) : (error as Error).message

function sysctl(name: string): string {
  try {
    return readFileSync(`/proc/sys/kernel/${name}`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** An operation that this kernel does not know. */
function lackOf(ring: Ring): string | null {
  const memory = new KernelMemory(PROBE_BYTES)
  const refused = ring.register(REGISTER_PROBE, memory.at as Pointer, OPERATIONS_MAX)
  const isLacking = asked.OPERATIONS.some(
    (operation) => ((memory.bytes[16 + operation * 8 + 2] ?? 0) & IS_SUPPORTED) === 0,
  )
  memory.free()
  if (refused !== 0) throw new RingRefused('io_uring_register', refused)
  return isLacking ? OLD : null
}

/** Two sockets, a word from one to the other, and an end of it all: as each connection does. */
function triedOn(ring: Ring, asks: (call: RingCall) => void): string | null {
  const ends = new Int32Array(new ArrayBuffer(8))
  if (libc().socketpair(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0, ptr(ends)) !== 0) return 'there are no sockets'
  const [here = -1, there = -1] = ends
  const buffers = new BufferRing(ring, GROUP, 2, 4096)
  const memory = new KernelMemory(WORD.length)
  try {
    asks('io_uring_enter')
    return new Trial(ring, buffers, memory).run(here, there)
  } finally {
    libc().close(here)
    libc().close(there)
    buffers.close()
    memory.free()
  }
}

const RECEIVE = 1
const SEND = 2
const READY = 3
const CANCEL = 4

class Trial implements Completions {
  readonly #ring: Ring
  readonly #buffers: BufferRing
  readonly #memory: KernelMemory
  #received = 0
  #isWrong = false

  constructor(ring: Ring, buffers: BufferRing, memory: KernelMemory) {
    this.#ring = ring
    this.#buffers = buffers
    this.#memory = memory
  }

  run(here: number, there: number): string | null {
    const ring = this.#ring
    this.#memory.bytes.set(WORD)
    asked.askReceiveLater(ring, here, RECEIVE, GROUP)
    asked.askReceive(ring, there, RECEIVE, GROUP)
    asked.askReady(ring, here, READY, 0)
    for (const fd of [here, there])
      asked.setMemory(ring, asked.askSend(ring, fd, SEND, 0), this.#memory.at, WORD.length)
    while (this.#received < 2 && !this.#isWrong)
      if (ring.turn(WAIT_MS, this) === 0) return 'it does not answer'
    asked.askCancelOf(ring, here, CANCEL)
    while (ring.inFlight > 0 && !this.#isWrong)
      if (ring.turn(WAIT_MS, this) === 0) return 'it cancels nothing'
    return this.#isWrong ? OLD : null
  }

  completed(tag: number, _extra: number, result: number, flags: number): void {
    if ((flags & HAS_BUFFER) !== 0) {
      const isSame = this.#buffers.piece(flags >>> 16, result).equals(WORD)
      this.#received++
      if (!isSame) this.#isWrong = true
      this.#buffers.give(flags >>> 16)
    } else if (tag === SEND ? result !== WORD.length : tag === RECEIVE || result === -EINVAL)
      this.#isWrong = true
  }
}
