// What is asked of the kernel, one function for each: the words of their entries (io_uring_enter(2)).
import { MSG_NOSIGNAL, MSG_DONTWAIT, MSG_MORE } from '../calls.ts'
import { ADDRESS, BOUND, FLAGS, GROUP, LENGTH, OFFSET, type Ring, TAG } from './ring.ts'

export const NOP = 0
export const POLL_ADD = 6
export const ASYNC_CANCEL = 14
export const CONNECT = 16
export const CLOSE = 19
export const SEND = 26
export const RECV = 27
/** All of them. */
export const OPERATIONS = [NOP, POLL_ADD, ASYNC_CANCEL, CONNECT, CLOSE, SEND, RECV]

// The first word of an entry has flags from bit 8 on, and a priority from bit 16 on.
const BUFFER_SELECT = 0x20 << 8
const RECEIVE_POLL_FIRST = 1 << 16
const RECEIVE_MULTISHOT = 2 << 16

const CANCEL_ALL = 1
const CANCEL_FD = 2
const CANCEL_ANY = 4

/** Buffers to receive into. */
interface Buffers {
  readonly group: number
  readonly size: number
}

/**
 * Receives into buffers of a group, again and again until it has brought as much as one of them holds, ends,
 * is cancelled, or finds none. Without that bound (Linux 6.17) it would bring all that is there at once.
 */
export function askReceiveMany(ring: Ring, fd: number, tag: number, { group, size }: Buffers): void {
  const at = ring.ask(RECV | BUFFER_SELECT | RECEIVE_MULTISHOT, fd, tag, 0)
  ring.entries[at + GROUP] = group
  ring.entries[at + BOUND] = size
}

/** Receives once into a buffer of a group: what is there, or what comes. */
export function askReceive(ring: Ring, fd: number, tag: number, group: number): void {
  const at = ring.ask(RECV | BUFFER_SELECT, fd, tag, 0)
  ring.entries[at + GROUP] = group
}

/** The same where nothing is there: it is not even looked. `most`: so many bytes at most; 0: what fits. */
export function askReceiveLater(ring: Ring, fd: number, tag: number, group: number, most = 0): void {
  const at = ring.ask(RECV | BUFFER_SELECT | RECEIVE_POLL_FIRST, fd, tag, 0)
  ring.entries[at + LENGTH] = most
  ring.entries[at + GROUP] = group
}

/**
 * Sends some memory (`setMemory`) as far as it is taken at once; it must stay until that is completed: where
 * its entry begins. It never waits: what waits to be sent is woken by the other side's end as well, finds no
 * room, and after some of that the kernel has a thread of its own wait for it.
 */
export function askSend(ring: Ring, fd: number, tag: number, extra: number): number {
  const at = ring.ask(SEND, fd, tag, extra)
  ring.entries[at + FLAGS] = MSG_NOSIGNAL | MSG_DONTWAIT
  return at
}

/** What follows such a send, which is not submitted yet, follows at once: both may leave in one packet. */
export function setMoreFollows(ring: Ring, at: number): void {
  ring.entries[at + FLAGS] = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE
}

/** What an entry reads from or writes to. */
export function setMemory(ring: Ring, at: number, address: number, length: number): void {
  ring.entries[at + ADDRESS] = address | 0
  ring.entries[at + ADDRESS + 1] = (address / 2 ** 32) | 0
  ring.entries[at + LENGTH] = length
}

/** Makes an entry that is not submitted yet ask for nothing: that is completed, under another tag. */
export function setNothing(ring: Ring, at: number, tag: number): void {
  ring.entries[at] = NOP
  ring.entries[at + FLAGS] = 0
  ring.entries[at + TAG] = tag
}

/**
 * Says once that a descriptor is ready for `events` (poll(2)), or broken, or hung up; or that its other side
 * has ended, whatever was asked for.
 */
export function askReady(ring: Ring, fd: number, tag: number, events: number): void {
  const at = ring.ask(POLL_ADD, fd, tag, 0)
  ring.entries[at + FLAGS] = events
}

/** Connects to an address (`setName`): where its entry begins. */
export function askConnect(ring: Ring, fd: number, tag: number): number {
  return ring.ask(CONNECT, fd, tag, 0)
}

/** The struct sockaddr that an entry connects to, which must stay until it is submitted. */
export function setName(ring: Ring, at: number, address: number, length: number): void {
  setMemory(ring, at, address, 0)
  ring.entries[at + OFFSET] = length
}

/** Closes a descriptor. */
export function askClose(ring: Ring, fd: number, tag: number): void {
  ring.ask(CLOSE, fd, tag, 0)
}

/** Ends what was asked for with `of`; it is completed all the same (ECANCELED, or what it brought before). */
export function askCancel(ring: Ring, tag: number, of: number): void {
  const at = ring.ask(ASYNC_CANCEL, -1, tag, 0)
  ring.entries[at + ADDRESS] = of
}

/** The same for all that was asked of a descriptor. */
export function askCancelOf(ring: Ring, fd: number, tag: number): void {
  const at = ring.ask(ASYNC_CANCEL, fd, tag, 0)
  ring.entries[at + FLAGS] = CANCEL_ALL | CANCEL_FD
}

/** The same for all. */
export function askCancelAll(ring: Ring, tag: number): void {
  const at = ring.ask(ASYNC_CANCEL, -1, tag, 0)
  ring.entries[at + FLAGS] = CANCEL_ALL | CANCEL_ANY
}
