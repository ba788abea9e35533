// What a row of the tables of faults says.

export type FaultSide = 'client' | 'server' | 'gateway'

export interface FaultRow {
  readonly status: number
  readonly side: FaultSide
  /** RFC 9209 §2.3: the error type of the Proxy-Status field. */
  readonly proxyStatus: string
  readonly text: string
  /** What Retry-After says, in seconds; null: it is not there. */
  readonly retryAfter: number | null
}

export const row = (status: number, side: FaultSide, proxyStatus: string, text: string): FaultRow => ({
  status,
  side,
  proxyStatus,
  text,
  retryAfter: null,
})
/** It passes: clients are asked to come again. */
export const passing = (fault: FaultRow): FaultRow => ({ ...fault, retryAfter: 5 })
