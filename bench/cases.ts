// What is compared, and the goal for it: our CPU ÷ the rival's.

export interface Case {
  readonly name: string
  readonly target: string
  /** What bench/wrk/case.lua sends. */
  readonly kind: 'bare' | 'browser' | 'upload' | 'close'
  readonly connections: number
  /** Bytes of an answer, when what is read tells better than requests how much work was done. */
  readonly size: number | null
  /** Longer than usual: code is compiled while it runs, by count of its calls, and here calls are few. */
  readonly warmUpSeconds?: number
  readonly goals: Readonly<Record<string, number>>
}

export const CASES: readonly Case[] = [
  { name: 'bare', target: '/small', kind: 'bare', connections: 64, size: null, goals: {} },
  {
    name: 'browser',
    target: '/small',
    kind: 'browser',
    connections: 64,
    size: null,
    goals: { nginx: 0.9, 'haproxy-nolog': 1 },
  },
  // A connection for each request.
  {
    name: 'connect',
    target: '/small',
    kind: 'close',
    connections: 64,
    size: null,
    warmUpSeconds: 12,
    goals: {},
  },
  { name: '100k', target: '/100k', kind: 'browser', connections: 32, size: 100 << 10, goals: { nginx: 0.6 } },
  { name: '10m', target: '/10m', kind: 'browser', connections: 4, size: 10 << 20, goals: { nginx: 0.6 } },
  { name: 'upload', target: '/upload', kind: 'upload', connections: 8, size: null, goals: { nginx: 0.6 } },
]
