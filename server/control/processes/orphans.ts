// Workers of our own kind that lost their supervisor and still hold a port that a new gateway wants. Those
// that its run file knows share the port with it; of others (another data folder, another config file) it is
// told who they are, and waited for their end, which is near.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { ORPHAN_ACCEPT_MS } from '../../lib/drain.ts'
import { listeningInodes, socketInodes, udpInodes } from '../../lib/tcp-table.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { HeldPort } from '../sockets/sockets.ts'

/** They accept for a while, and then empty their queues. */
const LONGEST_MS = ORPHAN_ACCEPT_MS + 2000
const LOOK_EVERY_MS = 100
/**
 * How often to look again at a port that nobody seems to have: a process at its end has no descriptors any
 * more, while its sockets still close.
 */
const CLOSING_LOOKS = 10

/**
 * Settles when none of these ports is held by an orphan any more, or soon after the time when all should have
 * ended.
 */
export async function untilOrphansEnd(
  heldPorts: () => readonly HeldPort[],
  isWanted: () => boolean,
): Promise<void> {
  const untilMs = performance.now() + LONGEST_MS
  const told = new Set<string>()
  let closing = 0
  while (isWanted() && performance.now() < untilMs) {
    const ports = heldPorts()
    const held = ports.flatMap((one) => orphansOn(one).map((pid) => ({ bind: one.bind, pid })))
    if (held.length === 0 && !(ports.some(isNobodys) && closing++ < CLOSING_LOOKS)) return
    for (const { bind, pid } of held) {
      if (told.has(`${bind} ${pid}`)) continue
      told.add(`${bind} ${pid}`)
      const hint = `this is sluice's own worker ${pid}, whose supervisor is gone; it ends within ${Math.ceil((untilMs - performance.now()) / 1000)} s`
      logEvent('warn', 'waits_for_port', { bind, pid, hint })
    }
    await Bun.sleep(LOOK_EVERY_MS)
  }
}

const inodesOn = ({ port, isUdp = false }: Port): Set<string> =>
  isUdp ? udpInodes(port) : listeningInodes(port)

type Port = Pick<HeldPort, 'port' | 'isUdp'>

/** Workers without a supervisor, of this very program, that listen on a port. */
export function orphansOn(port: Port): number[] {
  const inodes = inodesOn(port)
  if (inodes.size === 0) return []
  return orphans().filter((pid) => [...socketInodes(pid)].some((inode) => inodes.has(inode)))
}

/** Whether a socket that listens on a port is nobody's, as far as we may see. */
function isNobodys(port: Port): boolean {
  const inodes = inodesOn(port)
  for (const pid of processes()) for (const inode of socketInodes(pid)) inodes.delete(inode)
  return inodes.size > 0
}

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

function orphans(): number[] {
  const program = linkOf('/proc/self/exe')
  return processes().filter((pid) => isOurs(pid, 'worker', program) && !isOurs(parentOf(pid), 'run', program))
}

const isOurs = (pid: number, command: string, program: string): boolean =>
  argsOf(pid).includes(command) && linkOf(`/proc/${pid}/exe`) === program

function parentOf(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

const argsOf = (pid: number): string[] => textOf(`/proc/${pid}/cmdline`).split('\0')

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
