// Messages from one allocation to another and back: how many return, how long they take, whether their bytes
// are the same.
import type { Address } from '../../lib/address.ts'
import type { Arrival, TurnClient } from './turn-client.ts'

/** How a client sends to the other one. */
export interface Side {
  readonly client: TurnClient
  send(bytes: Uint8Array): void
  /** Whether it came by the way that this round is about. */
  isOurs(arrival: Arrival): boolean
  /** Where indications should say that they come from; null where messages do not say. */
  readonly from: Address | null
}

export interface RoundTripWishes {
  readonly count: number
  /** Bytes of the message with this number; at least MESSAGE_BYTES_MIN. */
  readonly sizeOf: (number: number) => number
  /** After the last message at most this long. */
  readonly patienceMs: number
  /** Tells this round's messages from those of others: 32 bits by chance. */
  readonly token: number
}

export interface RoundTrips {
  readonly sent: number
  readonly back: number
  /** What arrived on either side with other bytes than were sent. */
  readonly damaged: number
  readonly twice: number
  /** An address that messages came from instead of the other's relayed one; null when there was none. */
  readonly elsewhere: Address | null
  /** In milliseconds; null when nothing came back. */
  readonly rtt: { readonly min: number; readonly median: number; readonly p99: number } | null
}

/** Number and token. */
export const MESSAGE_BYTES_MIN = 8
/** Media sends at times, not as fast as it can. */
const PACE_MS = 5

/** Sends from `near`, has `far` send back what it gets, and counts. */
export async function measureRoundTrips(near: Side, far: Side, wishes: RoundTripWishes): Promise<RoundTrips> {
  const { count, sizeOf, patienceMs, token } = wishes
  const sentMs: number[] = []
  const there = new Set<number>()
  const rtts = new Map<number, number>()
  let [damaged, twice] = [0, 0]
  let elsewhere: Address | null = null
  const numberOf = (side: Side, arrival: Arrival): number | null => {
    if (!side.isOurs(arrival)) return null
    const number = readMessage(arrival.bytes, token, sizeOf, count)
    if (number === null) damaged++
    else if (side.from !== null && arrival.peer?.key !== side.from.key) elsewhere ??= arrival.peer
    return number
  }
  far.client.onArrival = (arrival) => {
    const number = numberOf(far, arrival)
    if (number === null) return
    there.add(number)
    far.send(arrival.bytes)
  }
  near.client.onArrival = (arrival) => {
    const number = numberOf(near, arrival)
    // What was never there cannot have come back: it was sent to ourselves.
    if (number === null || !there.has(number)) return
    if (rtts.has(number)) twice++
    else rtts.set(number, performance.now() - (sentMs[number] ?? 0))
  }
  const isOver = (): boolean => near.client.gone !== null || far.client.gone !== null || rtts.size === count
  for (let number = 0; number < count && !isOver(); number++) {
    sentMs.push(performance.now())
    near.send(makeMessage(number, sizeOf(number), token))
    await after(PACE_MS)
  }
  const deadline = performance.now() + patienceMs
  while (!isOver() && performance.now() < deadline) await after(PACE_MS)
  near.client.onArrival = far.client.onArrival = () => {}
  return { sent: sentMs.length, back: rtts.size, damaged, twice, elsewhere, rtt: summary([...rtts.values()]) }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** A message whose every byte follows from its number, its size and the round's token. */
export function makeMessage(number: number, size: number, token: number): Uint8Array {
  const message = Buffer.alloc(size)
  message.writeUInt32BE(number, 0)
  message.writeUInt32BE(token >>> 0, 4)
  for (let i = MESSAGE_BYTES_MIN; i < size; i++) message[i] = number * 31 + i * 7 + (token & 255)
  return message
}

/** The number of a message that is of this round and whole; null for any other. */
function readMessage(
  bytes: Uint8Array,
  token: number,
  sizeOf: (number: number) => number,
  count: number,
): number | null {
  if (bytes.length < MESSAGE_BYTES_MIN) return null
  const number = Buffer.from(bytes).readUInt32BE(0)
  if (number >= count || bytes.length !== sizeOf(number)) return null
  return Buffer.from(makeMessage(number, bytes.length, token)).equals(bytes) ? number : null
}

function summary(values: number[]): RoundTrips['rtt'] {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
  return sorted.length === 0 ? null : { min: at(0.000_001), median: at(0.5), p99: at(0.99) }
}
