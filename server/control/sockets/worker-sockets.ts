// All sockets that workers serve: those that listen for TCP, and those of udp listeners.
import type { BindProblem } from './bind-problem.ts'
import type { HandedOn, HandedSockets } from './handed-sockets.ts'
import { FlowSockets, flowBindsIn } from './flow-sockets.ts'
import { tcpBindsIn, type AddressesByName, type BindsByName } from './binds.ts'
import { Sockets, type HeldPort, type ListeningSockets, type TakenSocket } from './sockets.ts'

/** Keys of all addresses that workers serve. */
export const workerKeysIn = (listeners: BindsByName): string[] =>
  [...tcpBindsIn(listeners), ...flowBindsIn(listeners)].map(({ key }) => key)

export class WorkerSockets implements ListeningSockets {
  readonly #tcp: Sockets
  readonly #udp: FlowSockets

  /** `isOrphans`: whether these sockets belong to workers of a supervisor that died. */
  constructor(isOrphans: (inodes: ReadonlySet<string>) => boolean, handed: HandedSockets) {
    this.#tcp = new Sockets(isOrphans, undefined, handed)
    this.#udp = new FlowSockets(isOrphans, handed)
  }

  stage(listeners: BindsByName, slots: readonly number[]): readonly BindProblem[] {
    const problems = [...this.#tcp.stage(listeners, slots), ...this.#udp.stage(listeners, slots)]
    if (problems.length > 0) this.drop()
    return problems
  }

  heldPorts(listeners: BindsByName): HeldPort[] {
    return [...this.#tcp.heldPorts(listeners), ...this.#udp.heldPorts(listeners)]
  }

  commit(listeners: BindsByName): void {
    for (const sockets of this.#both) sockets.commit(listeners)
  }

  drop(): void {
    for (const sockets of this.#both) sockets.drop()
  }

  take(key: string, slot: number): TakenSocket | null {
    return key.startsWith('udp ') ? this.#udp.take(key, slot) : this.#tcp.take(key, slot)
  }

  closeSlot(slot: number): void {
    for (const sockets of this.#both) sockets.closeSlot(slot)
  }

  vacateSlot(slot: number): void {
    for (const sockets of this.#both) sockets.vacateSlot(slot)
  }

  /** `areLeft`: another gateway has them. */
  close(areLeft = false): void {
    this.#tcp.close(areLeft)
    this.#udp.close()
  }

  /** All of them, for another gateway. */
  handed(): HandedOn[] {
    return this.#both.flatMap((sockets) => sockets.handed())
  }

  addresses(listeners: BindsByName): AddressesByName {
    return { ...this.#tcp.addresses(listeners), ...this.#udp.addresses(listeners) }
  }

  get #both(): readonly (Sockets | FlowSockets)[] {
    return [this.#tcp, this.#udp]
  }
}
