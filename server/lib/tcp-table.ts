// The TCP sockets of this machine as proc(5) tells them; elsewhere than on Linux there are none to see.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** As /proc/net/tcp writes states. */
const LISTEN = '0A'
const SYN_RECV = '03'

/** Inodes of the sockets that listen on this port, at any address: who has the port. */
export function listeningInodes(port: number): Set<string> {
  return new Set(rowsOf(port, LISTEN).map(({ inode }) => inode))
}

/** Connections to this port whose handshake is under way. */
export function handshakesOn(port: number): number {
  return rowsOf(port, SYN_RECV).length
}

/** Inodes of the sockets that a process has open; empty when it is gone or another user's. */
export function socketInodes(pid: number): Set<string> {
  const inodes = new Set<string>()
  for (const fd of entriesOf(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${fd}`))?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  return inodes
}

function rowsOf(port: number, state: string): { readonly inode: string }[] {
  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
  const ends = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => textOf(file).split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , at]) => at === state && local?.endsWith(ends) === true)
    .map((words) => ({ inode: words[9] ?? '' }))
}

const orElse = <T>(read: () => T, other: T): T => {
  try {
    return read()
  } catch {
    return other
  }
}
const textOf = (file: string): string => orElse(() => readFileSync(file, 'utf8'), '')
const targetOf = (link: string): string => orElse(() => readlinkSync(link), '')
const entriesOf = (folder: string): string[] => orElse(() => readdirSync(folder), [])
