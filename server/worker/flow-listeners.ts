// All UDP addresses that this worker serves by flows. An address stays with its flows while config changes;
// flows that begin from then on are of the new one.
import { flowBindsOf } from '../lib/bind.ts'
import { Address } from '../lib/address.ts'
import { closeFds } from '../lib/pass-fds.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { sockets } from '../sockets/sockets.ts'
import { Flows } from '../udp/flows.ts'
import { UdpGround, type UdpGroundParts } from '../udp/ground.ts'
import type { UdpListener } from '../udp/listener.ts'
import { Population } from '../udp/population.ts'
import type { GivenSocket } from './listeners.ts'

/** As long as a stop waits by default. */
const RETIRING_MS = 30_000

export class FlowListeners {
  readonly #parts: Omit<UdpGroundParts, 'ground'>
  /** Made for the first address. */
  #ground: UdpGround | null = null
  /** By key. */
  readonly #open = new Map<string, Flows>()
  /** Those that no listener has any more, until their flows have ended. */
  readonly #retiring = new Map<string, Flows>()
  /** By each address of its listener. */
  #populations = new Map<string, Population>()

  constructor(parts: Omit<UdpGroundParts, 'ground'>) {
    this.#parts = parts
  }

  /** Flows of now. */
  get size(): number {
    let size = 0
    for (const { size: flows } of this.#all) size += flows
    return size
  }

  /** Serves the listeners of a snapshot, and no others; takes what it needs of the sockets given. */
  serve(snapshot: Snapshot, given: Map<string, GivenSocket>): void {
    const wanted = new Set<string>()
    const populations = new Map<string, Population>()
    for (const listener of snapshot.listeners.values()) {
      if (listener.kind !== 'udp') continue
      const binds = flowBindsOf(listener.name, listener.options)
      const population = binds.flatMap(({ key }) => this.#populations.get(key) ?? [])[0] ?? new Population()
      for (const { key, host } of binds) {
        wanted.add(key)
        populations.set(key, population)
        const known = this.#open.get(key)
        if (known !== undefined) known.serve(listener, snapshot)
        else this.#adopt({ key, host, listener, population }, snapshot, given)
      }
    }
    this.#populations = populations
    for (const [key, flows] of this.#open) if (!wanted.has(key)) this.#retire(key, flows)
  }

  /** Receives no more on these until it goes on: another gateway does, which has the same sockets. */
  holdBack(keys: ReadonlySet<string>): void {
    for (const [key, flows] of this.#open) if (keys.has(key)) flows.holdBack()
  }

  goOn(): void {
    for (const flows of this.#open.values()) flows.goOn()
  }

  /**
   * Lets flows end, until `withinMs` are over; calls back with how many were cut off. `othersServe`: others
   * have the same addresses, to whom the kernel gives these clients as soon as these sockets are closed.
   */
  drain(withinMs: number, othersServe: boolean, done: (aborted: number) => void): void {
    let aborted = 0
    const finish = (): void => {
      for (const flows of this.#all) aborted += flows.finish()
    }
    if (othersServe) finish()
    const late = setTimeout(finish, withinMs)
    let left = 1
    const one = (): void => {
      if (--left > 0) return
      clearTimeout(late)
      done(aborted)
    }
    for (const flows of this.#all) {
      left++
      flows.drain(one)
    }
    one()
  }

  /** Ends those with the server of this slot. */
  endWith(slot: number): void {
    for (const flows of this.#all) flows.endWith(slot)
  }

  get #all(): readonly Flows[] {
    return [...this.#open.values(), ...this.#retiring.values()]
  }

  #adopt(
    { key, host, listener, population }: Opening,
    snapshot: object,
    given: Map<string, GivenSocket>,
  ): void {
    const socket = given.get(key)
    // A machine without IPv6 has none for it.
    if (socket === undefined) return
    given.delete(key)
    // It is open anew: what still goes on there would have a share of its clients, and take none of them.
    this.#retiring.get(key)?.finish()
    const address = Address.parse(host, socket.port)
    const ground = (this.#ground ??= this.#makeGround())
    if (address === null || ground === null) {
      closeFds([socket.fd])
      throw new Error(`listeners.${listener.name}: udp is not served on these sockets`)
    }
    this.#open.set(key, new Flows({ ground, population, fd: socket.fd, address }, listener, snapshot))
  }

  #makeGround(): UdpGround | null {
    const ground = sockets().ground?.()
    if (ground === undefined) return null
    const made = new UdpGround({ ...this.#parts, ground })
    this.#parts.meter.watch(made.counters)
    return made
  }

  /** No listener has this address any more: its flows may go on for a while. */
  #retire(key: string, flows: Flows): void {
    this.#open.delete(key)
    this.#retiring.set(key, flows)
    const late = setTimeout(() => flows.finish(), RETIRING_MS)
    flows.drain(() => {
      clearTimeout(late)
      this.#retiring.delete(key)
    })
  }
}

interface Opening {
  readonly key: string
  readonly host: string
  readonly listener: UdpListener
  readonly population: Population
}
