// Five-tuples of one UDP socket: who has an allocation there. The other half, our address, is the socket
// itself.
import { nowMs } from '../../lib/clock.ts'
import type { AddressKey } from '../../lib/address.ts'
import type { UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from './allocation.ts'
import type { AnswerMemory } from './answer-memory.ts'
import type { TurnListener } from './listener.ts'

/** Answers of allocations that are gone: of so many, for so long. */
const DEPARTED_MOST = 1024
const DEPARTED_MS = 40_000

export class Tuples {
  readonly listener: TurnListener
  readonly socket: UdpSocket
  /** Which of the listener's sockets it is: bit 0 is discovery's port, bit 1 its address. */
  readonly place: number
  readonly #allocations = new Map<AddressKey, Allocation>()
  readonly #departed = new Map<AddressKey, { readonly memory: AnswerMemory; readonly untilMs: number }>()
  // Datagrams come in runs from one client.
  #lastKey: AddressKey = -1
  #last: Allocation | null = null

  constructor(listener: TurnListener, socket: UdpSocket, place: number) {
    this.listener = listener
    this.socket = socket
    this.place = place
  }

  find(client: AddressKey): Allocation | null {
    if (client === this.#lastKey) return this.#last
    const found = this.#allocations.get(client) ?? null
    this.#lastKey = client
    this.#last = found
    return found
  }

  add(client: AddressKey, allocation: Allocation): void {
    this.#allocations.set(client, allocation)
    this.#lastKey = -1
  }

  /**
   * Takes a client's tuple away; its answers are remembered a while, as the last of them may have been lost.
   */
  remove(client: AddressKey, memory: AnswerMemory | null): void {
    this.#allocations.delete(client)
    this.#lastKey = -1
    this.#last = null
    if (memory === null) return
    this.#departed.delete(client)
    this.#departed.set(client, { memory, untilMs: nowMs + DEPARTED_MS })
    for (const [key, { untilMs }] of this.#departed) {
      if (untilMs > nowMs && this.#departed.size <= DEPARTED_MOST) break
      this.#departed.delete(key)
    }
  }

  /** The answers that a client's ended allocation was given. */
  departed(client: AddressKey): AnswerMemory | null {
    return this.#departed.get(client)?.memory ?? null
  }

  /** All that have an allocation here. */
  get all(): Allocation[] {
    return [...this.#allocations.values()]
  }
}
