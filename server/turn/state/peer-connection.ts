// A TCP connection with a peer (RFC 6062), and the client's connection that its data goes through once that
// is bound to it.
import { nowMs } from '../../lib/clock.ts'
import type { Timed } from '../../lib/wheel.ts'
import type { Address } from '../../lib/address.ts'
import type { Stream } from '../network.ts'
import type { Allocation } from './allocation.ts'
import type { Client } from './client.ts'
import type { Flow } from './flow.ts'
import type { TurnState } from './turn-state.ts'

/** RFC 6062 §5.2, §5.4: a peer has so long to take the connection, and a client to bind it. */
const WAIT_MS = 30_000

export class PeerConnection implements Timed {
  /** CONNECTION-ID. */
  readonly id: number
  readonly allocation: Allocation
  /** As the client knows it. */
  readonly peer: Address
  /** Ours with the peer. */
  stream: Stream | null = null
  /** The client's data connection. */
  client: Client | null = null
  /** A Connect request waits for the outcome. */
  onOutcome: ((isOpen: boolean) => void) | null = null
  /** Once both are there. */
  toPeer: Flow | null = null
  toClient: Flow | null = null
  isClosed = false
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  readonly #turn: TurnState

  constructor(turn: TurnState, allocation: Allocation, peer: Address) {
    this.#turn = turn
    this.id = freeId(turn)
    this.allocation = allocation
    this.peer = peer
    turn.connections.set(this.id, this)
    allocation.connections.add(this)
    turn.parts.wheel.due(this, nowMs + WAIT_MS)
  }

  /** The peer is connected: now the client has its time to bind it. */
  opened(): void {
    this.#turn.parts.wheel.due(this, nowMs + WAIT_MS)
    this.#tell(true)
  }

  /** The client's data connection is there. From now on its number names nothing. */
  bind(client: Client): void {
    this.#turn.parts.wheel.remove(this)
    this.#turn.connections.delete(this.id)
    this.client = client
    client.bound = this
  }

  /** Ends both sides at once. */
  close(why: string): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#turn.parts.wheel.remove(this)
    this.#turn.connections.delete(this.id)
    this.allocation.connections.delete(this)
    this.#tell(false)
    this.toPeer?.close()
    this.toClient?.close()
    this.stream?.abort(why)
    this.client?.stream?.abort(why)
  }

  expire(): void {
    this.close('nobody came for it')
  }

  #tell(isOpen: boolean): void {
    const tell = this.onOutcome
    this.onOutcome = null
    tell?.(isOpen)
  }
}

function freeId(turn: TurnState): number {
  for (;;) {
    const id = turn.chanceNumber()
    if (!turn.connections.has(id)) return id
  }
}
