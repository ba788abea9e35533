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
const ROWS = 28
const ROW = 250

/**
 * A row of ports for each process that runs tests: those that run beside it would else take, now and then,
 * the one that it has just found free. The files of a process come one after the other.
 */
const row = (process.ppid * 7 + Number(process.env['BUN_TEST_WORKER_ID'] ?? process.pid)) % ROWS
let next = Math.floor(Math.random() * ROW)

/** One of those that the kernel gives to nobody who asks for any, another each time. */
export const portToTry = (): number => FIRST_PORT + row * ROW + (next++ % ROW)

/**
 * A port that was free a moment ago, and that nobody else takes: to have nobody there, or to listen there
 * once more. One that the kernel gave and got back it gives to the next who asks for any, and that may be a
 * test of another process, which runs beside this one.
 */
export const freePort = (): number => freePorts(1)

/** The first of so many of them in a row. */
export function freePorts(count: number): number {
  for (;;) {
    const ports = Array.from({ length: count }, portToTry)
    const [first = 0] = ports
    if (ports.at(-1) === first + count - 1 && ports.every(isFree)) return first
  }
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: '0.0.0.0', port, socket: { data() {} } }).stop(true)
    return true
  } catch {
    return false // somebody has it
  }
}
