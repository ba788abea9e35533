// What the kernel's tables say of connections: nobody counts himself.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/**
 * The clients' ports of the connections that a process has accepted on a port. Those in its queue are not
 * among them.
 */
export function acceptedBy(pid: number, port: number): Set<number> {
  const inodes = socketsOf(pid)
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const ports = new Set<number>()
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const words = line.trim().split(/\s+/)
    if (words[1]?.endsWith(local) === true && inodes.has(words[9] ?? ''))
      ports.add(Number.parseInt(words[2]?.split(':')[1] ?? '', 16))
  }
  return ports
}

/** The inodes of a process's sockets. */
function socketsOf(pid: number): Set<string> {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''
    } catch {
      return '' // closed meanwhile
    }
  })
  return new Set(inodes)
}

/** Below those that the kernel gives to who asks for any, above those that tests of the relay use. */
const FIRST_PORT = 25_000
const PORTS = 7000

/**
 * A port that was free a moment ago. None that the kernel gives away: tests of other processes, which run
 * beside this one, would get it.
 */
export function freePort(): number {
  for (;;) {
    const port = portToTry()
    try {
      Bun.listen({ hostname: '0.0.0.0', port, socket: { data() {} } }).stop(true)
      return port
    } catch {
      // Somebody has it.
    }
  }
}

/** One of those that the kernel gives to nobody who asks for any. */
export const portToTry = (): number => FIRST_PORT + Math.floor(Math.random() * PORTS)
