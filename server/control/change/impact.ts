// What a change does to those who are connected: which addresses open and close, which servers come and go
// with what they carry, whose affinity moves, how many processes there will be.
import type { Config } from '../../config/schema.ts'
import type { Binds } from '../../lib/bind.ts'
import { workersWanted } from './plan-checks.ts'

export interface Impact {
  readonly listeners: readonly ListenerImpact[]
  readonly servers: readonly ServerImpact[]
  /** Backends whose clients may meet another server than before: where a hash decides. */
  readonly affinity: readonly string[]
  readonly workers: { readonly before: number; readonly after: number } | null
  /** Where the admin listener goes; null: it stays. An address that is null: it is turned off. */
  readonly admin: { readonly before: string | null; readonly after: string | null } | null
}

interface ListenerImpact {
  readonly listener: string
  /**
   * opens: nothing was there; moves: some of its addresses open or close; closes: it is gone; takes_over:
   * it has addresses of others, which stay open.
   */
  readonly what: 'opens' | 'moves' | 'closes' | 'takes_over'
  readonly opened: readonly string[]
  readonly closed: readonly string[]
  /** They stay open: who is connected there is served on, and who comes now is this listener's. */
  readonly taken_over: readonly { readonly address: string; readonly from: string }[]
}

interface ServerImpact {
  readonly backend: string
  readonly server: string
  readonly what: 'added' | 'removed'
  /** What is in flight to it now: that goes on to its end. */
  readonly in_flight: number
}

export interface ImpactFacts {
  readonly before: Config
  readonly after: Config
  readonly inFlight: (backend: string, server: string) => number
}

export function impactOf({ before, after, inFlight }: ImpactFacts): Impact {
  const servers = serversOf({ before, after, inFlight })
  const [was, willBe] = [workersWanted(before), workersWanted(after)]
  const [old, now] = [adminOf(before), adminOf(after)]
  return {
    listeners: listenersOf(before, after),
    servers,
    affinity: Object.entries(after.backends).flatMap(([name, backend]) => {
      const old = before.backends[name]
      const isHashed = old?.algorithm === 'hash' && backend.algorithm === 'hash'
      return isHashed && !Bun.deepEquals(shares(old), shares(backend)) ? [name] : []
    }),
    workers: was === willBe ? null : { before: was, after: willBe },
    admin: old === now ? null : { before: old, after: now },
  }
}

/** The same for people, a line each. */
export function impactInWords({ listeners, servers, affinity, workers, admin }: Impact): readonly string[] {
  const lines = listeners.map(({ listener, what, opened, closed, taken_over: taken }) => {
    const parts = [
      ...opened.map((address) => `${address} opens`),
      ...closed.map((address) => `${address} closes: what is in flight there ends in its own time`),
      ...taken.map(({ address, from }) => `${address} stays open, and is no longer that of listener ${from}`),
    ]
    return `listener ${listener} ${what.replace('_', ' ')}: ${parts.join(', ')}`
  })
  for (const { backend, server, what, in_flight: count } of servers)
    if (what === 'removed' && count > 0)
      lines.push(
        `server ${server} of backend ${backend} goes, with ${count} in flight that go on to their end`,
      )
  for (const backend of affinity)
    lines.push(`clients of backend ${backend} that a hash binds to a server may meet another one`)
  if (workers !== null) {
    const few = 'workers beyond that finish what they have'
    lines.push(
      `workers: ${workers.before} → ${workers.after}${workers.after < workers.before ? `; ${few}` : ''}`,
    )
  }
  if (admin !== null)
    lines.push(`the admin listener moves from ${admin.before ?? 'nowhere'} to ${admin.after ?? 'nowhere'}`)
  return lines
}

const adminOf = ({ admin }: Config): string | null => (admin === false ? null : admin.bind)

/** Addresses by protocol of transport: UDP and TCP on one port are two. */
function bindsOf(listener: Config['listeners'][string] | undefined): string[] {
  if (listener === undefined) return []
  const { bind, protocol, transports = [], discovery, tls }: Binds = listener
  const isUdp = protocol === 'udp' || transports.includes('udp')
  const isTcp = protocol !== 'udp' && (protocol !== 'turn' || transports.includes('tcp'))
  const udp = isUdp ? [bind, discovery ?? []].flat().map((one) => `udp ${one}`) : []
  // Of TURN over TLS: an address of its own.
  return [...udp, ...(isTcp ? [bind].flat() : []), ...(tls?.bind === undefined ? [] : [tls.bind])]
}

/** Whose each address is. */
const ownersOf = (listeners: Config['listeners']): ReadonlyMap<string, string> =>
  new Map(Object.keys(listeners).flatMap((name) => bindsOf(listeners[name]).map((one) => [one, name])))

function listenersOf({ listeners: before }: Config, { listeners: after }: Config): ListenerImpact[] {
  const [had, has] = [ownersOf(before), ownersOf(after)]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((listener) => {
    const [old, now] = [bindsOf(before[listener]), bindsOf(after[listener])]
    // A free port that was chosen at the start stays.
    const opened = now.filter((one) => !had.has(one))
    const closed = old.filter((one) => !has.has(one))
    const taken = now.flatMap((address) => {
      const from = had.get(address) ?? listener
      // Two that take any free port have two.
      return from === listener || old.includes(address) ? [] : [{ address, from }]
    })
    if (opened.length + closed.length + taken.length === 0) return []
    const isSilent = opened.length + closed.length === 0
    const what = isSilent
      ? 'takes_over'
      : !(listener in before)
        ? 'opens'
        : listener in after
          ? 'moves'
          : 'closes'
    return [{ listener, what, opened, closed, taken_over: taken }]
  })
}

function serversOf({ before, after, inFlight }: ImpactFacts): ServerImpact[] {
  const names = ({ backends }: Config): Map<string, readonly [string, string]> =>
    new Map(
      Object.entries(backends).flatMap(([backend, { servers }]) =>
        servers.map(({ name, url }) => {
          const server = name ?? url
          return [`${backend} ${server} ${url}`, [backend, server] as const] as const
        }),
      ),
    )
  const [old, now] = [names(before), names(after)]
  const gone = [...old].filter(([key]) => !now.has(key))
  const come = [...now].filter(([key]) => !old.has(key))
  return [
    ...gone.map(([, [backend, server]]): ServerImpact => {
      return { backend, server, what: 'removed', in_flight: inFlight(backend, server) }
    }),
    ...come.map(([, [backend, server]]): ServerImpact => {
      return { backend, server, what: 'added', in_flight: 0 }
    }),
  ]
}

const shares = ({ servers, hash }: Config['backends'][string]): unknown => [
  hash,
  servers.map(({ name, url, weight, backup }) => [name ?? url, weight, backup]),
]
