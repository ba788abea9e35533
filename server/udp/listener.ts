// A udp listener as workers serve it.
import type { Backend } from '../backends/backend.ts'
import type { Ranges } from '../lib/ranges.ts'
import type { UdpListenerConfig } from './listener.options.ts'

export interface UdpListener {
  readonly kind: 'udp'
  readonly name: string
  readonly options: UdpListenerConfig
  readonly backend: Backend
  /** Null: all clients. */
  readonly allow: Ranges | null
  readonly deny: Ranges
}
