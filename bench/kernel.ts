// What the kernel has no room for: a round in which it drops packets says nothing about who was measured.
import { readFileSync } from 'node:fs'

/**
 * Packets that it threw away so far as its memory for TCP was used up (tcp_mem), or a queue of connections
 * full. Of the whole machine: hundreds of stalled downloads take gigabytes of that memory, half in the
 * sockets to clients, half in the origin.
 */
export function kernelDrops(): number {
  const [names = [], values = []] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return ['TCPRcvQDrop', 'ListenOverflows'].reduce(
    (sum, name) => sum + Number(values[names.indexOf(name)] ?? 0),
    0,
  )
}
