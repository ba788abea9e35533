// ChannelData from a client (RFC 8656 §12.6).
import { nowMs } from '../../lib/clock.ts'
import { CHANNEL_HEADER_BYTES, channelDataLength, channelOf } from '../bytes/channel-data.ts'
import type { Allocation } from '../state/allocation.ts'
import { drop } from './from-peer.ts'
import { toPeer } from './to-peer.ts'

/** Relays the message of `length` bytes, padding included. */
export function channelData(allocation: Allocation, bytes: Uint8Array, start: number, length: number): void {
  // 1. It is as long as it says.
  const size = channelDataLength(bytes, start, length)
  if (size < 0) return drop(allocation, 'malformed')
  // 2. The channel is bound.
  const number = channelOf(bytes, start)
  let channel = allocation.lastChannel
  if (channel === null || channel.number !== number) {
    channel = allocation.channels.get(number) ?? null
    allocation.lastChannel = channel
  }
  if (channel === null || channel.expiresMs <= nowMs) return drop(allocation, 'no_channel')
  toPeer(allocation, channel.peer, bytes, start + CHANNEL_HEADER_BYTES, size, false)
}
