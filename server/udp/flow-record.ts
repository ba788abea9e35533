// What is known of a flow when it is over: for the access log and for metrics.
import type { FaultCode } from '../tables/faults.ts'

/**
 * Why it ended: nothing came for so long, all answers came, its client's further datagrams begin another
 * (`requests`), no server took it, its server is down, it made room for another, or the gateway stopped.
 */
export type FlowEnd = 'idle' | 'answered' | 'complete' | 'refused' | 'server_down' | 'evicted' | 'stopped'

export interface FlowRecord {
  readonly listener: string
  readonly clientHost: string
  readonly clientPort: number
  readonly backend: string
  /** Null: none was reached. */
  readonly serverName: string | null
  readonly datagramsIn: number
  readonly datagramsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly startedMs: number
  /** 0: no answer came. */
  readonly firstByteMs: number
  readonly endedMs: number
  readonly attempts: number
  readonly end: FlowEnd
  readonly fault: FaultCode | null
}
