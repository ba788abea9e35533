// Has a server of Bun's accept from a socket that was open before it. What Bun.serve is told of a descriptor
// it ignores, so another socket is put in the place of its own: under the same number, and with what Bun's
// event loop had told the kernel of it. The kernel says that itself (/proc/self/fdinfo of an epoll, proc(5)):
// tfd: 5 events: 19 data: 4e5059f5320 …
import { fstatSync, readFileSync } from 'node:fs'
import { ptr } from 'bun:ffi'
import { descriptors } from './descriptors.ts'
import { errno, libc } from './native.ts'
import { parseBind } from './bind.ts'
import { canonicalAddress } from './ip-address.ts'
import { closeFds, duplicateFd } from './pass-fds.ts'
import { socketName } from './socket-name.ts'

const O_CLOEXEC = 0x80000
const EPOLL_CTL_ADD = 1
const WATCHED = /^tfd:\s+(\d+) events:\s+([0-9a-f]+) data:\s+([0-9a-f]+)/gm

/** Inode by descriptor of all sockets of this process that listen. */
export function listeningFds(): Map<number, number> {
  const listening = descriptors().filter((fd) => {
    const name = socketName(fd)
    return name !== null && name.kind !== 'udp'
  })
  return new Map(listening.map((fd) => [fd, fstatSync(fd).ino]))
}

/**
 * A copy of the one that listens at an address, as it is bound (a name stands for whatever it meant then);
 * null: none of this process does.
 */
export function copyListening(bind: string): number | null {
  const { host, port } = parseBind(bind)
  const literal = canonicalAddress(host)
  const fd = descriptors().find((one) => {
    const name = socketName(one)
    if (name?.bind === bind) return true
    return name?.kind === 'tcp' && name.port === port && (literal === null || name.host === literal)
  })
  return fd === undefined ? null : duplicateFd(fd)
}

/**
 * Puts `fd`, which is its own from now on, in the place of the socket that a server has just opened: the one
 * of `opened`. Throws where it cannot.
 */
export function adoptListening(fd: number, opened: readonly number[]): void {
  const [own] = opened
  try {
    if (own === undefined || opened.length !== 1) throw new Error(`the server listens on ${opened.length}`)
    const watched = watcherOf(own)
    if (watched === null) throw new Error('nobody watches the socket of the server')
    if (libc().dup3(fd, own, O_CLOEXEC) < 0) throw new Error(`dup3 failed (errno ${errno()})`)
    // struct epoll_event of x86-64 has no gap between its two; elsewhere it has.
    const isPacked = process.arch === 'x64'
    const event = new DataView(new ArrayBuffer(isPacked ? 12 : 16))
    event.setUint32(0, watched.events, true)
    event.setBigUint64(isPacked ? 4 : 8, watched.data, true)
    if (libc().epoll_ctl(watched.epoll, EPOLL_CTL_ADD, own, ptr(event)) !== 0)
      throw new Error(`epoll_ctl failed (errno ${errno()})`)
  } finally {
    closeFds([fd])
  }
}

interface Watched {
  readonly epoll: number
  readonly events: number
  readonly data: bigint
}

function watcherOf(fd: number): Watched | null {
  for (const epoll of descriptors())
    for (const [, number, events = '', data = ''] of textOf(epoll).matchAll(WATCHED))
      if (Number(number) === fd)
        return { epoll, events: Number.parseInt(events, 16), data: BigInt(`0x${data}`) }
  return null
}

function textOf(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  } catch {
    return ''
  }
}
