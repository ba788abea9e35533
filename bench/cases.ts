// What is compared, and the goal for it: our CPU ÷ the rival's.

/** For all of ours, or for each kind of sockets. */
export type Goal = number | Readonly<Record<string, number>>

/** Of certificates. */
export type KeyKind = 'ec' | 'rsa'

export interface Case {
  readonly name: string
  /** As a person would call it. */
  readonly work: string
  readonly target: string
  /** What bench/wrk/case.lua sends; "paced": bench/paced.ts does. */
  readonly kind: 'bare' | 'browser' | 'upload' | 'close' | 'paced'
  readonly connections: number
  /** By listeners that pass bytes on as they come. */
  readonly isTcp?: true
  /** In TLS 1.3 with AES-128-GCM, by a certificate with such a key; beside nginx alone where it is ended. */
  readonly tls?: KeyKind
  /** It is the origin's TLS, which is passed through by the name that clients ask for. */
  readonly isPassed?: true
  /** Bytes of an answer, when what is read tells better than requests how much work was done. */
  readonly size: number | null
  /** Longer than usual: code is compiled while it runs, by count of its calls, and here calls are few. */
  readonly warmUpSeconds?: number
  /**
   * So many are served by each contender, ours or not, before it is measured: code of ours is compiled by
   * count of its calls, whatever the machine makes of a second.
   */
  readonly warmUpRequests?: number
  /**
   * CPU counts from here on, by what the origin has served meanwhile: to accept two thousand clients is no
   * part of a request.
   */
  readonly rampSeconds?: number
  /** Rounds are so many times as long. */
  readonly longer?: number
  readonly goals: Readonly<Record<string, Goal>>
  readonly p99Goals?: Readonly<Record<string, Goal>>
  /** The case of few connections that this is the same as, but for their number. */
  readonly fewer?: string
}

/** What a request may cost with many connections ÷ what it costs with few. */
export const GROWTH_GOAL = 1.25

const SMALL = { target: '/small', kind: 'browser', size: null } as const
const MANY: Readonly<Record<string, Goal>> = { 'haproxy-nolog': { io_uring: 0.9, epoll: 1.05 } }

export const CASES: readonly Case[] = [
  { ...SMALL, name: 'bare', work: 'small GET without fields', kind: 'bare', connections: 64, goals: {} },
  { ...SMALL, name: 'small-1', work: 'small GET, 1 connection', connections: 1, goals: {} },
  {
    ...SMALL,
    name: 'browser',
    work: 'small GET, 64 connections',
    connections: 64,
    goals: {
      nginx: { io_uring: 0.75, epoll: 0.9, bun: 0.9 },
      'haproxy-nolog': { io_uring: 0.8, epoll: 1, bun: 1 },
    },
  },
  {
    ...SMALL,
    name: 'small-512',
    work: 'small GET, 512 connections',
    connections: 512,
    fewer: 'browser',
    rampSeconds: 1,
    goals: MANY,
  },
  {
    ...SMALL,
    name: 'small-2000',
    work: 'small GET, 2,000 connections',
    connections: 2000,
    fewer: 'browser',
    rampSeconds: 2,
    goals: MANY,
  },
  // About half of what ours can do, by the clock.
  {
    ...SMALL,
    name: 'half',
    work: 'small GET at half load',
    kind: 'paced',
    connections: 64,
    rampSeconds: 1,
    longer: 2,
    goals: { 'haproxy-nolog': 1 },
    p99Goals: { 'haproxy-nolog': 1.2 },
  },
  // A connection for each request.
  {
    ...SMALL,
    name: 'connect',
    work: 'new connections',
    kind: 'close',
    connections: 64,
    warmUpRequests: 100_000,
    goals: { 'haproxy-nolog': 1.1 },
  },
  {
    name: '100k',
    work: '100 KB answer',
    target: '/100k',
    kind: 'browser',
    connections: 32,
    warmUpSeconds: 12,
    size: 100 << 10,
    goals: { nginx: 0.6, 'haproxy-nolog': { io_uring: 0.7, epoll: 0.7 } },
  },
  {
    name: '10m',
    work: '10 MB answer',
    target: '/10m',
    kind: 'browser',
    connections: 4,
    size: 10 << 20,
    goals: { nginx: 0.6, 'haproxy-nolog': 0.6 },
  },
  {
    name: 'upload',
    work: '1 MB upload',
    target: '/upload',
    kind: 'upload',
    connections: 8,
    warmUpSeconds: 12,
    size: null,
    goals: { nginx: 0.6, 'haproxy-nolog': { io_uring: 0.6, epoll: 0.6 } },
  },
  // Small messages both ways on connections that stay; the same, one connection for each; and volume.
  {
    ...SMALL,
    name: 'tcp-small',
    work: 'TCP: small messages, 64 connections',
    isTcp: true,
    connections: 64,
    goals: { 'haproxy-nolog': { io_uring: 0.7, epoll: 0.95 } },
  },
  {
    ...SMALL,
    name: 'tcp-connect',
    work: 'TCP: connect, message, close',
    target: '/bye',
    kind: 'close',
    isTcp: true,
    connections: 64,
    warmUpRequests: 100_000,
    goals: { 'haproxy-nolog': { io_uring: 0.8, epoll: 1.05 } },
  },
  {
    name: 'tcp-10m',
    work: 'TCP: 10 MB',
    target: '/10m',
    kind: 'browser',
    isTcp: true,
    connections: 4,
    size: 10 << 20,
    goals: { 'haproxy-nolog': 0.5 },
  },
  {
    ...SMALL,
    name: 'https-small',
    work: 'HTTPS: small GET, 64 connections',
    tls: 'ec',
    connections: 64,
    rampSeconds: 1,
    warmUpRequests: 100_000,
    goals: { nginx: 0.85 },
  },
  {
    name: 'https-100k',
    work: 'HTTPS: 100 KB answer',
    target: '/100k',
    kind: 'browser',
    tls: 'ec',
    connections: 32,
    warmUpSeconds: 12,
    size: 100 << 10,
    goals: { nginx: 0.5 },
  },
  {
    name: 'https-10m',
    work: 'HTTPS: 10 MB answer',
    target: '/10m',
    kind: 'browser',
    tls: 'ec',
    connections: 4,
    size: 10 << 20,
    goals: { nginx: 0.65 },
  },
  // A whole handshake for each request: nobody resumes.
  {
    ...SMALL,
    name: 'https-ecdsa',
    work: 'HTTPS: ECDSA handshake and GET',
    kind: 'close',
    tls: 'ec',
    connections: 16,
    warmUpRequests: 20_000,
    goals: { nginx: 0.8 },
  },
  {
    ...SMALL,
    name: 'https-rsa',
    work: 'HTTPS: RSA-2048 handshake and GET',
    kind: 'close',
    tls: 'rsa',
    connections: 16,
    warmUpRequests: 20_000,
    goals: { nginx: 1.2 },
  },
  // TLS of the server's, passed through: a connection with its handshake for each request, and volume.
  {
    ...SMALL,
    name: 'tls-connect',
    work: 'TLS passed through: connect, handshake, GET',
    kind: 'close',
    target: '/bye',
    tls: 'ec',
    isPassed: true,
    connections: 16,
    warmUpRequests: 20_000,
    goals: { 'haproxy-nolog': 1, nginx: 1 },
  },
  {
    name: 'tls-10m',
    work: 'TLS passed through: 10 MB',
    target: '/10m',
    kind: 'browser',
    tls: 'ec',
    isPassed: true,
    connections: 4,
    size: 10 << 20,
    goals: { 'haproxy-nolog': 0.6, nginx: 0.6 },
  },
]

/** The goal for one of ours, by the kind of sockets in its name; undefined: there is none. */
export function goalFor(goal: Goal | undefined, ours: string): number | undefined {
  return typeof goal === 'object' ? goal[ours.replace('sluice-', '')] : goal
}
