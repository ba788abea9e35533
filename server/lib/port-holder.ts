// Who has a TCP port of this machine, for the message to whoever wanted it. Only Linux tells, and of other
// users' processes only root hears.
import { procEntries, procLink, procText } from './proc.ts'
import { listeningInodes, socketInodes, udpInodes } from './tcp-table.ts'
import { unixListeners } from './unix-sockets.ts'

export interface PortHolder {
  readonly pid: number
  /** In words, such as `nginx (process 7)`. */
  readonly name: string
  /** It is a gateway of this very program. */
  readonly isGateway: boolean
  /** It is what such a gateway has left behind: it ends by itself. */
  readonly isLeft: boolean
}

/**
 * The process that listens on a port, the one that began it where several do; null: nobody does, or it cannot
 * be seen.
 */
export const portHolder = (port: number): PortHolder | null => holderOf(listeningInodes(port))

/** The same of a port of UDP. */
export const udpPortHolder = (port: number): PortHolder | null => holderOf(udpInodes(port))

/** The same of a Unix socket that listens at a path. */
export const unixHolder = (path: string): PortHolder | null => holderOf(unixListeners(path))

function holderOf(inodes: ReadonlySet<string>): PortHolder | null {
  if (inodes.size === 0) return null
  const holders = processes().filter((pid) => [...socketInodes(pid)].some((inode) => inodes.has(inode)))
  const isOwn = holders.includes(process.pid) && isOurProgram(process.pid, 'run')
  const pid = isOwn ? process.pid : holders.find((one) => !holders.includes(parentOf(one)))
  if (pid === undefined) return null
  const isGateway = isOurProgram(pid, 'run')
  // Its gateway would hold the same.
  const isLeft = !isGateway && (isOurProgram(pid, 'worker') || isOurProgram(pid, 'relay'))
  const gateway = pid === process.pid ? 'this gateway itself' : 'a running gateway'
  const what = isGateway ? gateway : isLeft ? 'what a killed gateway left' : commandOf(pid)
  return { pid, name: `${what} (process ${pid})`, isGateway, isLeft }
}

/** What to do about it. */
export const holderHint = (holder: PortHolder | null, what: 'port' | 'socket' = 'port'): string => {
  const another = what === 'port' ? 'another port' : 'another path'
  if (holder?.isLeft) return `wait until it has ended, or end process ${holder.pid}; or choose ${another}`
  if (holder?.isGateway && holder.pid === process.pid)
    return `another of its listeners is there, or a socket that was handed to it (LISTEN_FDS) at another address: bind that very one, or choose ${another}`
  return holder?.isGateway
    ? `change what it serves with "sluice reload", or end it with "sluice stop"; or choose ${another}`
    : `stop the other program, or choose ${another}`
}

const processes = (): number[] =>
  procEntries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

const isOurProgram = (pid: number, command: string): boolean =>
  procText(`/proc/${pid}/cmdline`).split('\0').includes(command) &&
  procLink(`/proc/${pid}/exe`) === procLink('/proc/self/exe')

/** Its name may hold spaces and brackets: what counts begins behind the last. */
function parentOf(pid: number): number {
  const stat = procText(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

const commandOf = (pid: number): string => procText(`/proc/${pid}/comm`).trim() || 'a program'
