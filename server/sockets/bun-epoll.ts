// Bun's own loop as something that can be polled: it sleeps in an epoll, and that is a descriptor which is
// readable when there is something to do: sockets, messages, signals, results of threads. Only its timers are
// not among it (bun-timers.ts).
import { ptr } from 'bun:ffi'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { libc } from '../lib/native.ts'
import { AF_UNIX, OPEN_FLAGS, SOCK_STREAM } from './calls.ts'

/**
 * The descriptor of the epoll of Bun's loop in this thread; -1: not found. Never to be closed.
 *
 * A process may have several, of its threads too. So Bun is given a socket: its epoll is the one that polls
 * that.
 */
export function bunEpoll(): number {
  const all = epolls()
  const ends = new Int32Array(new ArrayBuffer(8))
  if (libc().socketpair(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0, ptr(ends)) !== 0) return -1
  const [ours = -1, theirs = -1] = ends
  let found = -1
  const socket = {
    open(socket: { terminate(): void }) {
      found = all.find((epoll) => polls(epoll, theirs)) ?? -1
      socket.terminate()
    },
    data() {},
  }
  // The public types know no `fd`. `open` is called before this returns.
  void Bun.connect({ fd: theirs, socket } as unknown as Parameters<typeof Bun.connect>[0])
  libc().close(ours)
  return found
}

function epolls(): number[] {
  return readdirSync('/proc/self/fd').map(Number).filter(isEpoll)
}

function isEpoll(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]'
  } catch {
    return false // it was that of reading the folder
  }
}

/** proc_pid_fdinfo(5): each descriptor of an epoll has a line. */
function polls(epoll: number, fd: number): boolean {
  try {
    return new RegExp(`^tfd:\\s*${fd}\\s`, 'm').test(readFileSync(`/proc/self/fdinfo/${epoll}`, 'utf8'))
  } catch {
    return false
  }
}
