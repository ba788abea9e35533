// Who listens on a TCP port of this machine, by the inodes of the sockets (proc(5)). Needed to tell "another program has
// the port" from "we have it ourselves, at another address" and "the last run's workers have it, and are finishing".
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** /proc/net/tcp writes the state LISTEN so. */
const LISTEN = '0A'

/** Inodes of the sockets that listen on this port, at any address. */
export function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>()
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of textOf(file).split('\n').slice(1)) {
      // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
      const words = line.trim().split(/\s+/)
      const local = words[1] ?? ''
      const isOnPort = parseInt(local.slice(local.indexOf(':') + 1), 16) === port
      if (isOnPort && words[3] === LISTEN && words[9] !== undefined) inodes.add(words[9])
    }
  return inodes
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
