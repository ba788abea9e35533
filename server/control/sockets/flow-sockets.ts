// The UDP sockets of udp listeners. As with those that listen for TCP, the supervisor makes one for each
// address and worker slot (SO_REUSEPORT: the kernel spreads clients over them by their address and port),
// keeps it, and gives each worker those of its slot. So a worker that dies loses its flows, and what has
// arrived meanwhile is there for the one that takes its place.
import { fstatSync } from 'node:fs'
import { flowBindsOf, oneOrList, parseBind, portRangeOf, writeBind, type UdpBind } from '../../lib/bind.ts'
import { bindSharedUdp, bindUdp } from '../../lib/bind-fd.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { tellDestinations } from '../../lib/socket-name.ts'
import { udpInodes, udpPorts } from '../../lib/tcp-table.ts'
import { BindProblem, codeOf } from './bind-problem.ts'
import type { AddressesByName, BindsByName } from './binds.ts'
import { type AdoptedSocket, ALL_SLOTS, type HandedOn, HandedSockets } from './handed-sockets.ts'
import type { HeldPort, ListeningSockets, TakenSocket } from './sockets.ts'

interface OpenAddress {
  readonly host: string
  readonly port: number
  readonly fdBySlot: Map<number, number>
  /** One of systemd's that none can be bound beside: the worker of this slot alone receives. */
  readonly onlySlot: number | null
}

const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/** All that workers receive on. */
export const flowBindsIn = (listeners: BindsByName): UdpBind[] =>
  Object.entries(listeners).flatMap(([name, binds]) => flowBindsOf(name, binds))

export class FlowSockets implements ListeningSockets {
  #open = new Map<string, OpenAddress>()
  #staged = new Map<string, OpenAddress>()
  /**
   * Of every socket made here, by port: those of a worker that empties them outlive our copies.
   */
  readonly #ownInodes = new Map<number, Set<string>>()
  readonly #isOrphans: (inodes: ReadonlySet<string>) => boolean

  readonly #handed: HandedSockets

  /** `isOrphans`: whether these sockets belong to workers of a supervisor that died. */
  constructor(isOrphans: (inodes: ReadonlySet<string>) => boolean, handed = new HandedSockets()) {
    this.#isOrphans = isOrphans
    this.#handed = handed
    for (const [inode, port] of handed.inodes('udp')) this.#own(port, inode)
  }

  /**
   * Opens the addresses that are not open yet, for these slots; all that stands against it, and then nothing
   * was opened.
   */
  stage(listeners: BindsByName, slots: readonly number[]): readonly BindProblem[] {
    this.drop()
    const problems: BindProblem[] = []
    for (const bind of flowBindsIn(listeners)) {
      const { key, listener, host, port, path } = bind
      if (this.#open.has(key) || this.#staged.has(key)) continue
      try {
        const address = this.#openAddress(bind, slots)
        if (address !== null) this.#staged.set(key, address)
      } catch (error) {
        problems.push(new BindProblem(listener, `UDP ${writeBind(host, port)}`, codeOf(error), path))
      }
    }
    if (problems.length > 0) this.drop()
    return problems
  }

  /** Ports of addresses that are not open yet, and that others have who do not share them. */
  heldPorts(listeners: BindsByName): HeldPort[] {
    const all = flowBindsIn(listeners).filter(({ key, port }) => port !== 0 && !this.#open.has(key))
    if (all.length === 0) return []
    const taken = udpPorts()
    return all.flatMap(({ host, port }) =>
      taken.has(port) && this.#othersOn(port) === 'strangers'
        ? [{ bind: `UDP ${writeBind(host, port)}`, port, isUdp: true }]
        : [],
    )
  }

  /** Keeps what was staged and closes our copies of the sockets that no listener names any more. */
  commit(listeners: BindsByName): void {
    for (const [key, address] of this.#staged) this.#open.set(key, address)
    this.#staged = new Map()
    const named = new Set(flowBindsIn(listeners).map(({ key }) => key))
    for (const [key, address] of this.#open) {
      if (named.has(key)) continue
      closeAddress(address)
      this.#open.delete(key)
    }
  }

  /** Closes what was staged. */
  drop(): void {
    for (const address of this.#staged.values()) closeAddress(address)
    this.#staged = new Map()
  }

  /** The socket of a slot, made now when there is none; null: this machine has no such family. */
  take(key: string, slot: number): TakenSocket | null {
    const address = this.#addressOf(key)
    if (address === null || (address.onlySlot ?? slot) !== slot) return null
    const fd = address.fdBySlot.get(slot) ?? this.#makeSocket(address.host, address.port).fd
    address.fdBySlot.set(slot, fd)
    return { fd, port: address.port }
  }

  closeSlot(slot: number): void {
    for (const { fdBySlot, onlySlot } of [...this.#open.values(), ...this.#staged.values()]) {
      // No other can be made in its place.
      if (slot === onlySlot) continue
      const fd = fdBySlot.get(slot)
      fdBySlot.delete(slot)
      if (fd !== undefined) closeFds([fd])
    }
  }

  /** Nobody receives there: the kernel gives its clients to the other slots. */
  vacateSlot(slot: number): void {
    this.closeSlot(slot)
  }

  /** Closes all of our copies. */
  close(): void {
    this.drop()
    for (const address of this.#open.values()) closeAddress(address)
    this.#open = new Map()
  }

  /** All of them, for another gateway. */
  handed(): HandedOn[] {
    return [...this.#open].flatMap(([key, { fdBySlot, onlySlot }]) =>
      [...fdBySlot].map(([slot, fd]) => ({ key, slot, fd, isLent: slot === onlySlot })),
    )
  }

  /** `host:port` of each listener's bind as it really is, a list where it has several. */
  addresses(listeners: BindsByName): AddressesByName {
    const found: Record<string, string | readonly string[]> = {}
    for (const [name, binds] of Object.entries(listeners)) {
      const all = flowBindsOf(name, binds).flatMap(({ key, bind, portOf }) => {
        const address = this.#addressOf(key)
        if (!address || portOf !== null) return []
        return [portRangeOf(bind) === null ? writeBind(parseBind(bind).host, address.port) : bind]
      })
      if (all.length > 0) found[name] = oneOrList([...new Set(all)])
    }
    return found
  }

  #addressOf(key: string): OpenAddress | null {
    return this.#open.get(key) ?? this.#staged.get(key) ?? null
  }

  #openAddress(bind: UdpBind, slots: readonly number[]): OpenAddress | null {
    const { host: written, port, portOf } = bind
    const host = literalOf(written)
    const wanted = port === 0 && portOf !== null ? (this.#addressOf(portOf)?.port ?? 0) : port
    const address: OpenAddress = { host, port: wanted, fdBySlot: new Map(), onlySlot: null }
    try {
      const sockets = this.#handed.take('udp', { key: bind.key, bind: writeBind(host, wanted) }, slots)
      if (sockets.length > 0) return this.#adopt(host, slots, sockets)
      if (port !== 0) this.#probe(host, port)
      let bound = wanted
      for (const slot of slots) {
        const made = this.#makeSocket(host, bound)
        bound = made.port
        address.fdBySlot.set(slot, made.fd)
      }
      return { ...address, port: bound }
    } catch (error) {
      closeAddress(address)
      // A machine without IPv6 still has every address of IPv4.
      if (host === '::' && portOf !== null && NO_IPV6.has(codeOf(error))) return null
      throw error
    }
  }

  /**
   * Of sockets that were handed to us, at least one. Where one came for all slots it gets siblings where
   * that can be; else one worker has it alone: others would take datagrams out of the midst of its flows.
   */
  #adopt(host: string, slots: readonly number[], sockets: readonly AdoptedSocket[]): OpenAddress {
    const port = sockets[0]?.port ?? 0
    const [firstSlot = 0] = slots
    const fdBySlot = new Map(
      sockets.map(({ slot, fd }) => [slot === ALL_SLOTS ? firstSlot : slot, fd] as const),
    )
    for (const fd of fdBySlot.values()) tellDestinations(fd, host)
    const address: OpenAddress = { host, port, fdBySlot, onlySlot: null }
    const one = sockets.find(({ isLent }) => isLent)
    const lentSlot = one === undefined ? null : one.slot === ALL_SLOTS ? firstSlot : one.slot
    if (one !== undefined && !one.isReusePort) return { ...address, onlySlot: lentSlot }
    try {
      for (const slot of slots) if (!fdBySlot.has(slot)) fdBySlot.set(slot, this.#makeSocket(host, port).fd)
    } catch (error) {
      if (one === undefined) throw error
      return { ...address, onlySlot: lentSlot }
    }
    return address
  }

  /** SO_REUSEPORT would share the port with another gateway of this user, so try without it first. */
  #probe(host: string, port: number): void {
    try {
      closeFds([bindUdp(host, port).fd])
    } catch (error) {
      const others = this.#othersOn(port)
      const isOurs = others === 'none' ? this.#ownInodes.get(port)?.size : others === 'orphans'
      if (codeOf(error) !== 'EADDRINUSE' || !isOurs) throw error
    }
  }

  /** Who has a port beside us: those who share it, or who do not. */
  #othersOn(port: number): 'none' | 'orphans' | 'strangers' {
    const all = udpInodes(port)
    const own = this.#ownInodes.get(port) ?? new Set()
    for (const inode of own) if (!all.has(inode)) own.delete(inode)
    const others = new Set([...all].filter((inode) => !own.has(inode)))
    if (others.size === 0) return 'none'
    return this.#isOrphans(others) ? 'orphans' : 'strangers'
  }

  #makeSocket(host: string, port: number): { readonly fd: number; readonly port: number } {
    const made = bindSharedUdp(host, port)
    this.#own(made.port, String(fstatSync(made.fd).ino))
    return made
  }

  #own(port: number, inode: string): void {
    const own = this.#ownInodes.get(port) ?? new Set()
    this.#ownInodes.set(port, own.add(inode))
  }
}

/** The check of the config lets no other name pass. */
const literalOf = (host: string): string => canonicalAddress(host) ?? '127.0.0.1'

function closeAddress({ fdBySlot }: OpenAddress): void {
  closeFds([...fdBySlot.values()])
}
