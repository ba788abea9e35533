// The port beside an even one, kept for the client's second allocation (EVEN-PORT, RESERVATION-TOKEN).
import { nowMs } from '../../lib/clock.ts'
import type { Timed } from '../../lib/wheel.ts'
import type { TurnListener } from './listener.ts'
import type { QuotaPlace } from './quotas.ts'
import type { Relayed } from './relayed.ts'
import { closeRelayed } from './relay-sockets.ts'
import type { TurnState } from './turn-state.ts'

/** RFC 8656 §7.2: at least 30 s. */
const RESERVED_MS = 30_000

/** The port that is kept, for whom, and its place in the quotas. */
type Reserved = Pick<Reservation, 'listener' | 'username' | 'relayed' | 'place'>

export class Reservation implements Timed {
  readonly token: string
  readonly listener: TurnListener
  readonly username: string
  readonly relayed: Relayed
  readonly place: QuotaPlace
  readonly #turn: TurnState
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  readonly #expiresMs = nowMs + RESERVED_MS

  constructor(turn: TurnState, { listener, username, relayed, place }: Reserved) {
    this.#turn = turn
    this.token = turn.chance(8)
    this.listener = listener
    this.username = username
    this.relayed = relayed
    this.place = place
    turn.reservations.set(this.token, this)
    turn.parts.wheel.due(this, this.#expiresMs)
  }

  get hasExpired(): boolean {
    return this.#expiresMs <= nowMs
  }

  /** Its port and place belong to who takes it. */
  claim(): void {
    this.#turn.reservations.delete(this.token)
    this.#turn.parts.wheel.remove(this)
  }

  /** Nobody came for it. */
  expire(): void {
    this.claim()
    closeRelayed(this.#turn, this.relayed)
    this.place.leave()
  }
}
