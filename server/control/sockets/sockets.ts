// The listening sockets. The supervisor makes one for each address and worker slot (SO_REUSEPORT: the kernel
// spreads connections over them), keeps it, and gives each worker those of its slot. So a worker's death
// closes no socket, and its replacement serves what waited in the queue. Bun.listen opens it, a copy of its
// descriptor is kept, and Bun's own is stopped within the same turn: nothing is accepted here.
import { fstatSync } from 'node:fs'
import { type Binds, parseBind, type TcpBind, unixPathOf, writeBind } from '../../lib/bind.ts'
import { widenBacklog } from '../../lib/bind-fd.ts'
import { closeFds, duplicateFd } from '../../lib/pass-fds.ts'
import { dropSyns } from '../../lib/syn-filter.ts'
import { listeningInodes, listeningPorts } from '../../lib/tcp-table.ts'
import { BindProblem, codeOf } from './bind-problem.ts'
import { type AddressesByName, type BindsByName, shownAddresses, tcpBindsIn } from './binds.ts'
import { openFirst } from './first-socket.ts'
import { listen } from './listen-tcp.ts'
import { adoptAddress, closeAddress, handedOn, leaveAddress, type OpenAddress } from './open-address.ts'
import { type HandedOn, HandedSockets } from './handed-sockets.ts'
import { Steering } from './steering.ts'
import { openUnix, UnixSocket } from './unix-socket.ts'

/** Above so many ports it is asked for all at once who listens. */
const ONE_BY_ONE_MAX = 16
/** While others close their sockets, what is seen of them may not fit together. */
const LOOKS_MAX = 8

export interface HeldPort {
  readonly bind: string
  readonly port: number
  /** Of UDP, where two programs may have what is one port of TCP. */
  readonly isUdp?: boolean
}

/** A slot's socket; it stays the supervisor's. */
export interface TakenSocket {
  readonly fd: number
  readonly port: number
  /** Others accept from it beside the slot's worker, or it is systemd's. */
  readonly isShared?: boolean
}

/** The listening sockets as the supervisor moves them. */
export type ListeningSockets = Pick<
  Sockets,
  'stage' | 'heldPorts' | 'commit' | 'drop' | 'closeSlot' | 'vacateSlot' | 'close' | 'addresses' | 'handed'
> & {
  /** The socket of a slot; null: this machine does not need it. */
  take(key: string, slot: number): TakenSocket | null
}

export class Sockets {
  #open = new Map<string, OpenAddress>()
  #staged = new Map<string, OpenAddress>()
  /**
   * Port by inode of every socket made here; of those closed here as long as a worker is still emptying them.
   */
  readonly #ownInodes: Map<string, number>
  /** Some of them were closed since it was last looked which. */
  #hasClosed = false

  readonly #isOrphans: (inodes: ReadonlySet<string>) => boolean
  readonly #listening: (port: number) => ReadonlySet<string>
  readonly #handed: HandedSockets

  /** `isOrphans`: whether these sockets belong to workers of a supervisor that died. */
  constructor(
    isOrphans: (inodes: ReadonlySet<string>) => boolean,
    listening = listeningInodes,
    handed = new HandedSockets(),
  ) {
    this.#isOrphans = isOrphans
    this.#listening = listening
    this.#handed = handed
    this.#ownInodes = new Map(handed.inodes('tcp'))
  }

  /**
   * Opens the addresses that are not open yet, for these slots; all that stands against it, and then nothing
   * was opened.
   */
  stage(listeners: BindsByName, slots: readonly number[]): readonly BindProblem[] {
    this.drop()
    this.#forgetClosed()
    const problems: BindProblem[] = []
    for (const bind of tcpBindsIn(listeners)) {
      const { name, key, path } = bind
      if (this.#staged.has(key)) continue
      // One port of a range that cannot be opened says enough.
      if (problems.some((one) => one.listener === name && one.isOf(path))) continue
      try {
        const known = this.#open.get(key)
        if (known !== undefined) known.shared?.stage(listeners[name]?.unix)
        else this.#staged.set(key, this.#openAddress(bind, slots, listeners[name]))
      } catch (error) {
        problems.push(BindProblem.of(error, name, bind.bind, path))
      }
    }
    if (problems.length > 0) this.drop()
    return problems
  }

  /** Ports of addresses that are not open yet, and that others have who do not share them. */
  heldPorts(listeners: BindsByName): HeldPort[] {
    this.#forgetClosed()
    const all = tcpBindsIn(listeners)
    // Of many ports most are nobody's: the table is read once for all of them.
    const taken = all.length > ONE_BY_ONE_MAX ? listeningPorts() : null
    return all.flatMap(({ bind, key }) => {
      const { port } = parseBind(bind)
      if (taken?.has(port) === false) return []
      return port !== 0 && !this.#open.has(key) && this.#hasStrangersOn(port) ? [{ bind, port }] : []
    })
  }

  /** Keeps what was staged and closes our copies of the sockets that no listener names any more. */
  commit(listeners: BindsByName): void {
    for (const [key, address] of this.#staged) this.#open.set(key, address)
    this.#staged = new Map()
    const named = new Map(tcpBindsIn(listeners).map(({ key, name }) => [key, name]))
    for (const [key, address] of this.#open) {
      const name = named.get(key)
      if (name !== undefined) {
        address.shared?.commit()
        address.steering?.set(listeners[name]?.steer === 'client_address' ? name : null)
        continue
      }
      closeAddress(address)
      this.#open.delete(key)
      this.#hasClosed = true
    }
  }

  /** Closes what was staged. */
  drop(): void {
    for (const address of this.#staged.values()) closeAddress(address)
    this.#staged = new Map()
    for (const { shared } of this.#open.values()) shared?.drop()
  }

  /**
   * The socket of a slot, made now when there is none: an unserved socket of an open address swallows
   * connections.
   */
  take(key: string, slot: number): TakenSocket {
    const address = this.#open.get(key) ?? this.#staged.get(key)
    if (!address) throw new Error(`address ${key} is not open`)
    if (address.shared !== null) return { fd: address.shared.fd, port: address.port, isShared: true }
    const known = address.fdBySlot.get(slot)
    const isShared = slot === address.lentSlot
    if (known !== undefined) return { fd: known, port: address.port, ...(isShared && { isShared }) }
    const { fd } = this.#makeSocket(address.host, address.port)
    address.fdBySlot.set(slot, fd)
    address.steering?.changed()
    return { fd, port: address.port }
  }

  /**
   * Closes our copies of a slot whose worker leaves, and accepts from its own copies until nobody waits
   * there.
   */
  closeSlot(slot: number): void {
    const fds = this.#forgetSlot(slot)
    closeFds(fds)
    this.#hasClosed ||= fds.length > 0
  }

  /**
   * The same for a slot that has no worker: who would knock just now is dropped, not reset, and finds another
   * slot when he tries again.
   */
  vacateSlot(slot: number): void {
    const fds = this.#forgetSlot(slot)
    for (const fd of fds) dropSyns(fd)
    closeFds(fds)
    this.#hasClosed ||= fds.length > 0
  }

  #forgetSlot(slot: number): number[] {
    return [...this.#open.values(), ...this.#staged.values()].flatMap(({ fdBySlot, steering, lentSlot }) => {
      const fd = fdBySlot.get(slot)
      if (fd === undefined || slot === lentSlot) return []
      fdBySlot.delete(slot)
      // First nobody is led there any more: the one that leaves is the last of them, most often.
      steering?.changed()
      return fd
    })
  }

  /** Closes all of our copies; `areLeft`: another gateway has them. */
  close(areLeft = false): void {
    this.drop()
    for (const address of this.#open.values()) (areLeft ? leaveAddress : closeAddress)(address)
    this.#open = new Map()
  }

  /** All of them, for another gateway. */
  handed(): HandedOn[] {
    return [...this.#open].flatMap(([key, address]) => handedOn(key, address))
  }

  addresses(listeners: BindsByName): AddressesByName {
    return shownAddresses(listeners, (bind) => {
      const address = this.#open.get(bind.key) ?? this.#staged.get(bind.key)
      return address ? writeBind(address.host, address.port) : null
    })
  }

  #openAddress(of: TcpBind, slots: readonly number[], binds: Binds | undefined): OpenAddress {
    const { host, port } = parseBind(of.bind)
    const unixPath = unixPathOf(of.bind)
    const sockets = this.#handed.take('tcp', of, slots)
    const open = (at: number): number => this.#makeSocket(host, at).fd
    const [first] = sockets
    if (first !== undefined && (unixPath === null || first.isLent))
      return adoptAddress({ host, slots, sockets, open })
    const none = { host, port, fdBySlot: new Map(), steering: null, lentSlot: null }
    if (unixPath !== null && first !== undefined)
      return { ...none, shared: new UnixSocket(unixPath, first.fd, binds?.unix, this.#handed) }
    if (unixPath !== null) return { ...none, shared: openUnix(unixPath, binds?.unix, this.#isOrphans) }
    const isShared = port !== 0 && this.#probe(host, port)
    const [firstSlot = 0, ...others] = slots
    const opened = openFirst(of, binds, () => this.#makeSocket(host, port))
    const fdBySlot = new Map([[firstSlot, opened.fd]])
    const address = { ...none, port: opened.port, fdBySlot, shared: null }
    try {
      for (const slot of others) address.fdBySlot.set(slot, open(opened.port))
    } catch (error) {
      closeFds([...address.fdBySlot.values()])
      throw error
    }
    return { ...address, steering: new Steering(address, isShared) }
  }

  /**
   * SO_REUSEPORT would share the port with another gateway of this user, so try without it first. Whether it
   * is shared, with workers of our own kind.
   */
  #probe(host: string, port: number): boolean {
    for (let looks = 1; ; looks++) {
      try {
        listen(host, port, { isShared: false }).stop(true)
        return false
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE' || this.#hasStrangersOn(port)) throw error
        if (this.#listening(port).size > 0) return true
        // Nobody listens there: who did a moment ago has gone, or it is the port of somebody's connection.
        if (looks === LOOKS_MAX) throw error
      }
    }
  }

  /**
   * Whether others have the port who do not share it. Workers may leave while we look: who is gone at the
   * next look was no stranger.
   */
  #hasStrangersOn(port: number): boolean {
    let others = this.#othersOn(port)
    for (let looks = 1; others.size > 0 && !this.#isOrphans(others); looks++) {
      const now = this.#othersOn(port)
      if (looks === LOOKS_MAX || [...others].every((inode) => now.has(inode))) return true
      others = now
    }
    return false
  }

  #othersOn(port: number): Set<string> {
    return new Set([...this.#listening(port)].filter((inode) => !this.#ownInodes.has(inode)))
  }

  /**
   * Only when it is next asked who has a port: the table of a busy machine takes long to read, and a stop
   * closes the sockets of all slots one after the other.
   */
  #forgetClosed(): void {
    if (!this.#hasClosed) return
    this.#hasClosed = false
    const held = new Set<string>()
    for (const { fdBySlot } of this.#open.values())
      for (const fd of fdBySlot.values()) held.add(String(fstatSync(fd).ino))
    const listening = new Map<number, ReadonlySet<string>>()
    const gone = [...this.#ownInodes].filter(([inode]) => !held.has(inode))
    const taken = gone.length > ONE_BY_ONE_MAX ? listeningPorts() : null
    for (const [inode, port] of gone) {
      if (taken?.has(port) === false) {
        this.#ownInodes.delete(inode)
        continue
      }
      const now = listening.get(port) ?? this.#listening(port)
      listening.set(port, now)
      if (!now.has(inode)) this.#ownInodes.delete(inode)
    }
  }

  #makeSocket(host: string, port: number): TakenSocket {
    const socket = listen(host, port, { isShared: true })
    const fd = duplicateFd(socket.fd)
    socket.stop(true)
    widenBacklog(fd)
    this.#ownInodes.set(String(fstatSync(fd).ino), socket.port)
    return { fd, port: socket.port }
  }
}
