import { ptr } from 'bun:ffi'
import type { Wheel } from '../../lib/wheel.ts'
import type { Address } from '../../lib/address.ts'
import type { Stream } from '../network.ts'
import { KEPT_BYTES } from './inlet.ts'
import type { Poller } from '../../sockets/poller.ts'
import type { PiecePool } from './send-queue.ts'

export const READ_BYTES = 32_768

/** Where all streams read to: bytes kept from before, and new ones behind them. */
export class Input {
  readonly bytes = new Uint8Array(new ArrayBuffer(KEPT_BYTES + READ_BYTES))
  readonly at = ptr(this.bytes)
}

/** What all streams of a network share. */
export interface StreamHost {
  readonly poller: Poller
  readonly wheel: Wheel
  readonly pieces: PiecePool
  readonly input: Input
  /** Streams with something to write when the turn ends. */
  readonly waiting: { settle(): void }[]
}

/** Whose connection it is. */
export interface StreamEnds {
  readonly transport: Stream['transport']
  readonly listener: string
  readonly remote: Address
  readonly local: Address
}

/** The descriptor of a connection that stands, or that is being made. */
export interface OpenSocket {
  readonly fd: number
  readonly ends: StreamEnds
  readonly isConnecting?: boolean
}
