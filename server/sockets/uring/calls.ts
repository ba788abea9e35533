// The three calls of io_uring(7). Their numbers are the same on all machines, and no libc has them by name.
// All arguments are numbers, addresses too; nothing is a BigInt.
import type { Pointer } from 'bun:ffi'
import { openLibc } from '../../lib/native.ts'

const SETUP = 425
const ENTER = 426
const REGISTER = 427

/** Wide enough for whatever the rare calls take: a number or an address. */
const RARE = { syscall: { args: ['i32', 'ptr', 'ptr', 'ptr', 'ptr'], returns: 'i32' } } as const
const HOT = {
  syscall: { args: ['i32', 'i32', 'u32', 'u32', 'u32', 'ptr', 'u64'], returns: 'i32' },
} as const

let rare: ReturnType<typeof openLibc<typeof RARE>>['syscall'] | null = null
let hot: ReturnType<typeof openLibc<typeof HOT>>['syscall'] | null = null

/** Makes a ring as the struct io_uring_params at `params` says: its descriptor, or -1 and errno. */
export function ringSetup(entries: number, params: Pointer): number {
  rare ??= openLibc(RARE).syscall
  return rare(SETUP, entries as Pointer, params, null, null)
}

/** Tells a ring something: `count` of what stands at `argument`. -1 and errno where that is refused. */
export function ringRegister(fd: number, what: number, argument: Pointer, count: number): number {
  rare ??= openLibc(RARE).syscall
  return rare(REGISTER, fd as Pointer, what as Pointer, argument, count as Pointer)
}

/** Submits `count` entries and waits for `least` completions: how many were submitted, or -1 and errno. */
export type Enter = (count: number, least: number, flags: number, argument: Pointer | null) => number

/** struct io_uring_getevents_arg. */
export const ARGUMENT_BYTES = 24

/** The call of one ring. */
export function ringEnter(fd: number): Enter {
  hot ??= openLibc(HOT).syscall
  const call = hot
  return (count, least, flags, argument) =>
    call(ENTER, fd, count, least, flags, argument, argument === null ? 0 : ARGUMENT_BYTES)
}
