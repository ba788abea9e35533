// How many connections may wait on a socket that listens, as the kernel has it: proc(5) does not tell.
import { ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import { errno, libc } from '../../server/lib/native.ts'

const IPPROTO_TCP = 6
const TCP_INFO = 11
/** Of struct tcp_info: tcpi_sacked, which is that number while a socket listens. */
const PLACE = 28

export function backlogOf(fd: number): number {
  const info = new Uint32Array(new ArrayBuffer(64))
  const length = new Uint32Array([info.byteLength])
  if (libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length)) !== 0)
    throw new Error(`no TCP_INFO (errno ${errno()})`)
  return info[PLACE >> 2]!
}

/** What is asked for, or what this system allows. */
export const backlogHere = (): number =>
  Math.min(4096, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')))
