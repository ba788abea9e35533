// What TURN servers are compared by. Each is a run of turnutils_uclient, with an echoing peer.

export interface TurnCase {
  readonly name: string
  readonly what: string
  /** Flags of turnutils_uclient. */
  readonly flags: readonly string[]
  readonly overTls: boolean
  readonly bytes: number
  /** How many clients there are, and how often each wants to send. */
  readonly clients: number
  readonly everyMs: number
  /** How many messages a second it really sends for each client: it is the one that is busiest. */
  readonly perSecond: number
  /** Our CPU ÷ coturn's, at most; null: only shown. */
  readonly goal: number | null
}

const FAST = { overTls: false, clients: 50, everyMs: 1, perSecond: 900 }

export const TURN_CASES: readonly TurnCase[] = [
  { ...FAST, name: 'turn-170', what: 'UDP, channels', flags: ['-c'], bytes: 170, goal: 1 },
  { ...FAST, name: 'turn-1200', what: 'UDP, channels', flags: ['-c'], bytes: 1200, goal: 1 },
  { ...FAST, name: 'turn-send', what: 'UDP, indications', flags: ['-c', '-s'], bytes: 170, goal: null },
  {
    ...FAST,
    name: 'turn-direct',
    what: 'UDP, client to client',
    flags: ['-c', '-y'],
    bytes: 170,
    goal: null,
  },
  { ...FAST, name: 'turn-tcp', what: 'TCP, channels', flags: ['-c', '-t'], bytes: 170, goal: 1.3 },
  {
    name: 'turn-tls',
    what: 'TLS, channels',
    flags: ['-c', '-t', '-S'],
    overTls: true,
    // It wants each message in a record of its own, which no stream owes it: each of them sends seldom
    // enough.
    clients: 60,
    everyMs: 20,
    perSecond: 50,
    bytes: 170,
    goal: 1.3,
  },
]

/** Figures of their own, without a ratio. */
export const TURN_EXTRAS: readonly string[] = ['turn-loss', 'turn-memory']
