// An allocation in words: for lists and for the log.
import { nowMs } from '../../lib/clock.ts'
import type { AllocationFacts } from '../messages.ts'
import type { Allocation } from './allocation.ts'

/** As lists show it. */
export function factsOf(allocation: Allocation): AllocationFacts {
  return {
    ...namesOf(allocation),
    peers: peersOf(allocation),
    ...countsOf(allocation),
    age_s: seconds(nowMs - allocation.startedMs),
    expires_s: seconds(Math.max(0, endMs(allocation) - nowMs)),
  }
}

/** When it ends unless its client does something: one that is away has less time. */
const endMs = ({ isAway, dueMs, expiresMs }: Allocation): number => (isAway ? dueMs : expiresMs)

/** As the log tells of its life. */
export function lifeOf(allocation: Allocation, unixMs: number): Record<string, unknown> {
  const lifetimeMs = Math.round(nowMs - allocation.startedMs)
  return {
    ...namesOf(allocation),
    ...countsOf(allocation),
    peers: allocation.permitted,
    started: new Date(unixMs - lifetimeMs).toISOString(),
    lifetime_ms: lifetimeMs,
  }
}

function namesOf({ id, listener, realm, user, client, relays, relayed4, relayed6 }: Allocation) {
  return {
    id,
    listener: listener.name,
    realm,
    user,
    client: client.address.toString(),
    transport: client.transport,
    relays,
    relayed: [relayed4, relayed6].flatMap((one) => (one === null ? [] : [one.told.toString()])),
  }
}

function countsOf(allocation: Allocation) {
  return {
    bytes_to_peers: allocation.bytesToPeers,
    bytes_to_client: allocation.bytesToClient,
    packets_to_peers: allocation.packetsToPeers,
    packets_to_client: allocation.packetsToClient,
    dropped: allocation.dropped,
  }
}

/** Channels by their peer's address and port, permissions by the address alone. */
function peersOf({ channels, permissions }: Allocation): AllocationFacts['peers'] {
  const bound = [...channels.values()].map(({ number, peer, expiresMs }) => ({
    address: peer.address.toString(),
    channel: number as number | null,
    expiresMs,
  }))
  const permitted = [...permissions.values()].map(({ address, expiresMs }) => ({
    address: address.host,
    channel: null as number | null,
    expiresMs,
  }))
  return [...bound, ...permitted]
    .filter(({ expiresMs }) => expiresMs > nowMs)
    .map(({ address, channel, expiresMs }) => ({ address, channel, expires_s: seconds(expiresMs - nowMs) }))
}

const seconds = (ms: number): number => Math.round(ms / 1000)
