// What is said of breakers, from their cells.
import { CLOSED, HALF_OPEN, OPEN, type Opening } from '../scoreboard/circuits.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

/** Who has a breaker open, and why. */
interface CircuitOrder {
  readonly by: string
  readonly reason: string | null
}

/** As existing users of health documents expect it. */
export type CircuitState = 'Closed' | 'Open' | 'HalfOpen'

export const circuitState = (state: number): CircuitState =>
  state === CLOSED ? 'Closed' : state === HALF_OPEN ? 'HalfOpen' : 'Open'

/** Why it opened: "57 of 100 failed". */
export function openingText({ reason, total, failed, slow, inARow }: Opening): string {
  switch (reason) {
    case 'failure_ratio':
      return `${failed} of ${total} failed`
    case 'failures_in_a_row':
      return `${inARow} failed in a row`
    case 'slow':
      return `${slow} of ${total} were slow`
    case 'half_open':
      return 'one that was let through failed'
    case 'manual':
      return 'by a person'
    case 'unknown':
      return 'a worker died as it opened it'
  }
}

/** "circuit open: 57 of 100 failed", "circuit open: held open by ana (smells)"; null: it is closed. */
export function circuitReason(
  { circuits }: Pick<Scoreboard, 'circuits'>,
  slot: number,
  ordered?: CircuitOrder | null,
): string | null {
  const state = circuits.state(slot)
  if (state === CLOSED) return null
  // Workers do not know who ordered it.
  if (state === OPEN && ordered) return `circuit open: ${heldText(ordered)}`
  return `circuit ${state === HALF_OPEN ? 'half-open' : 'open'}: ${openingText(circuits.opening(slot))}`
}

const heldText = ({ by, reason }: CircuitOrder): string =>
  `held open by ${by}${reason === null ? '' : ` (${reason})`}`
