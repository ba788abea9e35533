// What is told of a connection of a tcp listener, in logs and metrics.
import type { Server } from '../backends/server.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { LoggedTls } from './tls-words.ts'

/** One attempt at a server. */
export interface ConnectionTry {
  readonly server: string
  /** Null: it stood. */
  readonly phase: 'resolve' | 'connect' | 'tls' | null
  readonly fault: FaultCode | null
  readonly ms: number
}

/** Times are performance.now() in ms, or how long something took. */
export interface TcpRecord {
  readonly listener: { readonly name: string }
  /** Null: none was chosen. */
  readonly backend: { readonly name: string } | null
  /** Address of the client. */
  readonly client: string
  /** The name that its TLS, which is passed on, asks for (SNI); null: none, or not looked at. */
  readonly askedFor: string | null
  /** That which ends here; null: it came in the clear, or is passed on. */
  readonly tls: LoggedTls | null
  /** Whose certificate it showed; null: none was asked for, or shown. */
  readonly certificate: string | null
  /** Which was tried last; null: none. */
  readonly server: Server | null
  readonly bytesIn: number
  readonly bytesOut: number
  readonly startedMs: number
  readonly endedMs: number
  readonly queueMs: number
  readonly connectMs: number
  readonly attempts: number
  readonly fault: FaultCode | null
  readonly detail: string | null
  readonly tries: readonly ConnectionTry[] | null
}
