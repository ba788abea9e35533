// Says which peers were refused and why: what people ask first when a call does not come about.
import type { Client } from '../state/client.ts'
import type { Verdict } from '../state/peer-rules.ts'
import type { TurnState } from '../state/turn-state.ts'

/** Counts and logs a refusal. */
export function tellRefused(turn: TurnState, client: Client, { reason, why }: Verdict): void {
  const { listener, allocation, address } = client
  listener.meter.refusePeer(reason)
  turn.tellSeldom('info', 'turn_peer_refused', reason, {
    listener: listener.name,
    user: allocation?.user ?? null,
    client: address.toString(),
    why,
  })
}
