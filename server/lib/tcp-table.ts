// The TCP and UDP sockets of this machine as proc(5) tells them; elsewhere than on Linux none are seen.
import { procEntries, procLink, procText } from './proc.ts'
import { countSockets } from './sock-diag.ts'

/** As /proc/net/tcp writes states. */
const LISTEN = '0A'
const SYN_RECV = '03'
const TCP_SYN_RECV = 3
const TCP_FILES = ['/proc/net/tcp', '/proc/net/tcp6']
const UDP_FILES = ['/proc/net/udp', '/proc/net/udp6']

/** Inodes of the sockets that listen on this port, at any address: who has the port. */
export function listeningInodes(port: number): Set<string> {
  return new Set(rowsOf(port, LISTEN).map(({ inode }) => inode))
}

/**
 * Inodes of the sockets that listen on this port at the same address as one of them does, that one included:
 * those that the kernel may spread its clients over.
 */
export function listeningBeside(inode: string, port: number): Set<string> {
  const rows = rowsOf(port, LISTEN)
  const local = rows.find((row) => row.inode === inode)?.local
  return new Set(rows.filter((row) => row.local === local).map((row) => row.inode))
}

/** Ports that anybody listens on, at any address. */
export function listeningPorts(): ReadonlySet<number> {
  const ports = new Set<number>()
  const between = ` ${LISTEN} `
  for (const file of TCP_FILES) {
    const text = procText(file, 'latin1')
    for (let at = text.indexOf(between); at >= 0; at = text.indexOf(between, at + between.length)) {
      const [, local = ''] = text
        .slice(text.lastIndexOf('\n', at) + 1, at)
        .trim()
        .split(/\s+/)
      ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    }
  }
  return ports
}

/** Inodes of the UDP sockets that are bound to this port, at any address. */
export function udpInodes(port: number): Set<string> {
  return new Set(rowsOf(port, null, UDP_FILES).map(({ inode }) => inode))
}

/** Ports that UDP sockets are bound to, at any address. */
export function udpPorts(): ReadonlySet<number> {
  const lines = UDP_FILES.flatMap((file) => procText(file, 'latin1').split('\n').slice(1))
  return new Set(
    lines.flatMap((line) => {
      const [, port] = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /.exec(line) ?? []
      return port === undefined ? [] : Number.parseInt(port, 16)
    }),
  )
}

/**
 * Connections to this port whose handshake is under way. With 18,000 connections on the machine the table is
 * read in ten to twenty times what the question takes.
 */
export function handshakesOn(port: number, count = countSockets): number {
  return count(port, TCP_SYN_RECV) ?? rowsOf(port, SYN_RECV).length
}

/** Inodes of the sockets that a process has open; empty when it is gone or another user's. */
export function socketInodes(pid: number): Set<string> {
  const inodes = new Set<string>()
  for (const fd of procEntries(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(procLink(`/proc/${pid}/fd/${fd}`))?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  return inodes
}

interface Row {
  readonly inode: string
  /** Address and port as the table writes them, of IPv6 longer than of IPv4. */
  readonly local: string
}

/** The table of a busy machine has a hundred thousand rows: only those that are wanted are taken apart. */
function rowsOf(port: number, state: string | null, files = TCP_FILES): Row[] {
  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
  const ends = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const rows: Row[] = []
  for (const file of files) {
    const text = procText(file, 'latin1')
    for (let at = text.indexOf(ends); at >= 0; at = text.indexOf(ends, at + ends.length)) {
      const stateAt = text.indexOf(' ', at + ends.length) + 1
      if (state !== null && !text.startsWith(`${state} `, stateAt)) continue
      const row = text.slice(text.lastIndexOf('\n', at) + 1, text.indexOf('\n', at))
      const words = row.trim().split(/\s+/)
      // Where this is the remote address, what follows it is no address but the state.
      if ((state === null || words[3] === state) && words[1]?.endsWith(ends.trimEnd()) === true)
        rows.push({ inode: words[9] ?? '', local: words[1] })
    }
  }
  return rows
}
