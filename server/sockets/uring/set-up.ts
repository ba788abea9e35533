// Makes a ring as we use it: for one thread, which runs what is left to do inside of its own calls.
import { EINVAL } from '../calls.ts'
import { ptr } from 'bun:ffi'
import { errno, libc } from '../../lib/native.ts'
import { ringSetup } from './calls.ts'

// Flags of a set-up.
const CQSIZE = 1 << 3
/** An entry that is refused does not hold up those behind it. */
const SUBMIT_ALL = 1 << 7
const SINGLE_ISSUER = 1 << 12
const DEFER_TASKRUN = 1 << 13
// Features of the kernel: one mapping for both rings, completions that find no room are kept, time-outs.
const FEATURES = 1 | 2 | (1 << 8)
const PARAMS_WORDS = 30

export type RingCall = 'io_uring_setup' | 'io_uring_register' | 'io_uring_enter'

/** It cannot be had: `code` is the errno that `call` failed with. */
export class RingRefused extends Error {
  readonly call: RingCall
  readonly code: number

  constructor(call: RingCall, code: number) {
    super(`${call} failed (errno ${code})`)
    this.call = call
    this.code = code
  }
}

/** A ring that was made, and where its parts stand. */
export interface SetUp {
  readonly fd: number
  readonly size: number
  readonly completionSize: number
  /** Offsets in bytes: head, tail, mask, entries, flags, dropped, array. */
  readonly asked: Uint32Array
  /** The same of the other ring: head, tail, mask, entries, overflow, completions. */
  readonly told: Uint32Array
}

/** Makes one; throws RingRefused. */
export function setUp(entries: number, completions: number): SetUp {
  const params = new Uint32Array(new ArrayBuffer(PARAMS_WORDS * 4))
  params[1] = completions
  params[2] = CQSIZE | SUBMIT_ALL | SINGLE_ISSUER | DEFER_TASKRUN
  const fd = ringSetup(entries, ptr(params))
  if (fd < 0) throw new RingRefused('io_uring_setup', errno())
  if ((params[5]! & FEATURES) !== FEATURES) {
    libc().close(fd)
    throw new RingRefused('io_uring_setup', EINVAL)
  }
  const [size, completionSize] = [params[0]!, params[1]!]
  return { fd, size, completionSize, asked: params.subarray(10, 20), told: params.subarray(20, 30) }
}
