// Sockets that were open before this gateway: those that systemd hands to a service it starts
// (sd_listen_fds(3)), and those of the gateway that this one takes over from (control/upgrade/). Each is
// adopted by whoever binds its very address, as the kernel says it (getsockname). What systemd lends stays
// its own: it keeps the address, whatever becomes of us, so we have copies of it, leave its queue alone and
// its file in place. What nobody wants is told, and closed.
import { fstatSync } from 'node:fs'
import { parseBind, unixPathOf } from '../../lib/bind.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { closeFds, duplicateFd } from '../../lib/pass-fds.ts'
import { mayBeInherited, makeOwn, socketName, type SocketName } from '../../lib/socket-name.ts'
import { logEvent } from '../../telemetry/log.ts'

/** The first descriptor of those that systemd hands over. */
const FIRST_FD = 3

/** One for all workers, where each has none of its own. */
export const ALL_SLOTS = -1

/** What a gateway before us had it for. */
export interface HandedPlace {
  /** As whoever opens it calls it: tcpBindsOf, flowBindsOf, `turn KEY` of udpBindsOf, `admin`. */
  readonly key: string
  readonly slot: number
}

/** One for the gateway that comes after this one; it stays ours as well. */
export interface HandedOn extends HandedPlace {
  readonly fd: number
  /** It is systemd's. */
  readonly isLent: boolean
}

/** An address as whoever opens it calls it, and as the config says it. */
interface WantedAddress {
  readonly key: string
  readonly bind: string
}

interface Lent {
  readonly name: string
  readonly fd: number
  readonly socket: SocketName
  isWanted: boolean
}

interface Left {
  readonly fd: number
  readonly place: HandedPlace
  readonly isLent: boolean
}

/** One that is taken: whoever has it closes it. */
export interface AdoptedSocket {
  readonly fd: number
  readonly port: number
  readonly slot: number
  /** It is systemd's. */
  readonly isLent: boolean
  /** Others of this user may be bound beside it. */
  readonly isReusePort: boolean
}

export class HandedSockets {
  readonly #lent: Lent[] = []
  #left: Left[] = []
  readonly #taken: HandedPlace[] = []
  /** What was handed and is no socket that waits for clients. */
  readonly #useless: string[] = []

  /** What was said of them that is not so; null: nothing. */
  #missing: string | null = null

  /** Another gateway still has them too, and may go on with them. */
  isPending = false

  /** As systemd says it: LISTEN_PID must name this process, or they are another's. */
  static fromSystemd(env: Readonly<Record<string, string | undefined>>, pid: number): HandedSockets {
    const handed = new HandedSockets()
    const count = Number(env['LISTEN_FDS'] ?? 0)
    if (Number(env['LISTEN_PID']) !== pid || !Number.isInteger(count) || count <= 0) return handed
    const names = (env['LISTEN_FDNAMES'] ?? '').split(':')
    for (let i = 0; i < count; i++) {
      // What comes behind was opened by this process: it is not to be touched.
      if (!mayBeInherited(FIRST_FD + i)) {
        handed.#missing = `LISTEN_FDS says ${count}, and ${i} of them are there: descriptor ${FIRST_FD + i} is not`
        break
      }
      handed.lend(FIRST_FD + i, names[i] || 'unknown')
    }
    return handed
  }

  /** It is ours to keep a copy of until the end. */
  lend(fd: number, name: string): void {
    const socket = socketName(fd)
    if (socket === null) {
      this.#useless.push(name)
      closeFds([fd])
      return
    }
    makeOwn(fd)
    this.#lent.push({ name, fd, socket, isWanted: false })
  }

  /** A gateway before us had it for this. */
  leave(fd: number, place: HandedPlace, isLent: boolean): void {
    makeOwn(fd)
    this.#left.push({ fd, place, isLent })
  }

  /** All that systemd has lent, to be handed on. */
  get lent(): readonly { readonly fd: number; readonly name: string }[] {
    return this.#lent
  }

  /** Whether there is any. */
  get isEmpty(): boolean {
    return this.#lent.length === 0 && this.#left.length === 0
  }

  /**
   * Those for an address: of a gateway before us by its key, one for each of these slots that it had one for;
   * else the one of systemd that is bound there.
   */
  take(kind: 'tcp' | 'udp', { key, bind }: WantedAddress, slots: readonly number[]): AdoptedSocket[] {
    const lent = this.#lentAt(kind, bind)
    if (lent !== undefined) lent.isWanted = true
    const left = this.#left.filter(
      ({ place }) => place.key === key && (place.slot === ALL_SLOTS || slots.includes(place.slot)),
    )
    this.#left = this.#left.filter((one) => !left.includes(one))
    this.#taken.push(...left.map(({ place }) => place))
    if (left.length > 0) return left.map(({ fd, place, isLent }) => adopted(fd, place.slot, isLent))
    return lent === undefined ? [] : [adopted(duplicateFd(lent.fd), ALL_SLOTS, true)]
  }

  /** What was taken of a gateway before us: it is not served there any more. */
  get taken(): readonly HandedPlace[] {
    return this.#taken
  }

  /** Ports by inode of all that listen for TCP, and for UDP. */
  inodes(kind: 'tcp' | 'udp'): ReadonlyMap<string, number> {
    const all = [...this.#lent, ...this.#left].flatMap(({ fd }) => {
      const name = socketName(fd)
      return name?.kind === kind ? [[String(fstatSync(fd).ino), name.port] as const] : []
    })
    return new Map(all)
  }

  /** Whatever has no taker by now has none: it is told, and closed. Their names and addresses. */
  closeRest(): readonly string[] {
    closeFds(this.#left.map(({ fd }) => fd))
    this.#left = []
    const unwanted = this.#lent.filter(({ isWanted }) => !isWanted)
    for (const one of unwanted) {
      closeFds([one.fd])
      this.#lent.splice(this.#lent.indexOf(one), 1)
      const { name, socket } = one
      const hint = `bind "${socket.bind}" by a listener that speaks ${socket.kind === 'udp' ? 'UDP' : 'TCP'}, or take it out of the socket unit${socket.host === '::' && socket.kind === 'udp' && !socket.isV6Only ? '; for UDP on "::" the unit needs BindIPv6Only=ipv6-only' : ''}`
      logEvent('warn', 'socket_not_wanted', { socket: name, address: socket.bind, hint })
    }
    for (const name of this.#useless)
      logEvent('warn', 'socket_not_wanted', { socket: name, hint: 'it is no socket that waits for clients' })
    if (this.#missing !== null) logEvent('warn', 'socket_not_wanted', { socket: null, hint: this.#missing })
    this.#missing = null
    return [...unwanted.map(({ name, socket }) => `${name} (${socket.bind})`), ...this.#useless.splice(0)]
  }

  /** What is bound, and by whom it is wanted. */
  told(): readonly { readonly name: string; readonly address: string }[] {
    return this.#lent
      .filter(({ isWanted }) => isWanted)
      .map(({ name, socket }) => ({ name, address: socket.bind }))
  }

  #lentAt(kind: 'tcp' | 'udp', bind: string): Lent | undefined {
    const path = unixPathOf(bind)
    const { host, port } = parseBind(bind)
    const literal = host === 'localhost' ? '127.0.0.1' : (canonicalAddress(host) ?? host)
    return this.#lent.find(({ socket }) => {
      if (path !== null) return kind === 'tcp' && socket.kind === 'unix' && socket.host === path
      // `::` is every address for TCP, and those of IPv6 alone for UDP.
      if (host === '::' && socket.isV6Only !== (kind === 'udp')) return false
      return socket.kind === kind && socket.port === port && socket.host === literal
    })
  }
}

function adopted(fd: number, slot: number, isLent: boolean): AdoptedSocket {
  const name = socketName(fd)
  return { fd, port: name?.port ?? 0, slot, isLent, isReusePort: name?.isReusePort ?? false }
}
