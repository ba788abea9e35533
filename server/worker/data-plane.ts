// The machine that moves bytes: one in each worker process, or one in the only process (`workers: 0`). It is given plans:
// prepare compiles and may refuse, commit swaps, drop forgets. Sockets arrive with a plan, bound and listening; they are
// accepted from at commit, so that nobody is served by a plan that may still be dropped.
import { Engine } from '../http/engine.ts'
import { listen, type OpenListener } from '../http1/listen.ts'
import { logEvent } from '../telemetry/log.ts'
import { tellBugsTo } from '../lib/bug.ts'
import { parseBind, socketKey } from '../lib/bind.ts'
import { Resolver } from '../lib/resolver.ts'
import { closeFds } from '../lib/pass-fds.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { compile } from '../snapshot/compile.ts'
import type { Listener, Snapshot } from '../snapshot/snapshot.ts'
import { healthDocument, metricsDocument, placesOfSnapshot } from '../telemetry/documents.ts'
import { ExchangeMeter } from '../telemetry/exchange-meter.ts'
import { meterQueues } from '../telemetry/gather.ts'
import { Registry } from '../telemetry/registry.ts'
import { WorkerLogs } from './worker-logs.ts'
import type { Plan } from './messages.ts'
import { retire } from './retire.ts'

interface Prepared {
  readonly snapshot: Snapshot
  /** Sockets that came with the plan, by key. */
  readonly sockets: Map<string, Socket>
}

interface Socket {
  readonly fd: number
  readonly port: number
}

interface Open {
  readonly listener: OpenListener
  /** Of the socket that was adopted; null: it was bound here. */
  readonly fd: number | null
  readonly port: number
}

const steadyMs = (): number => performance.now()

export class DataPlane {
  readonly registry = new Registry()
  private readonly board: Scoreboard
  private readonly meter = new ExchangeMeter(this.registry)
  private readonly logs = new WorkerLogs()
  private readonly open = new Map<string, Open>()
  private readonly ages: { readonly revision: number; readonly snapshot: WeakRef<Snapshot> }[] = []
  private resolver: Resolver | null = null
  private engine: Engine | null = null
  private prepared: Prepared | null = null
  private current: Snapshot | null = null
  private isDraining = false

  /** `process` is what metrics call this process. */
  constructor(board: Scoreboard, process: string) {
    this.board = board
    meterQueues(this.registry, process, () => this.current?.backends.values() ?? [])
    const dropped = this.registry.counter('log_lines_dropped_total')
    this.registry.onRead(() => dropped.set(this.logs.dropped))
  }

  /** The plan that is served. */
  get snapshot(): Snapshot | null {
    return this.current
  }

  /** Exchanges, tunnels and idle connections of clients. */
  get openConnections(): number {
    return this.engine?.openConnections ?? 0
  }

  /** Gets ready for a plan; owns the descriptors from here on, in the order of `plan.sockets`. Throws when it cannot. */
  prepare(plan: Plan, fds: readonly number[]): void {
    this.drop()
    const sockets = new Map(
      plan.sockets.map(({ listener, bind, port }, i) => [
        socketKey(listener, bind),
        { fd: fds[i] ?? -1, port },
      ]),
    )
    try {
      const snapshot = compile({ plan, board: this.board, previous: this.current })
      this.prepared = { snapshot, sockets }
    } catch (error) {
      closeFds(fds)
      throw error
    }
  }

  /** Serves what was prepared. */
  commit(): void {
    const { prepared } = this
    if (!prepared) throw new Error('nothing was prepared')
    const { snapshot, sockets } = prepared
    this.prepared = null
    this.current = snapshot
    this.ages.push({ revision: snapshot.revision, snapshot: new WeakRef(snapshot) })
    const engine = this.engineFor(snapshot)
    const named = new Set<string>()
    for (const listener of snapshot.listeners.values()) {
      const key = socketKey(listener.name, listener.options.bind)
      named.add(key)
      this.openOrSwap(key, listener, sockets, engine)
    }
    closeSockets(sockets)
    for (const [key, open] of this.open) {
      if (named.has(key)) continue
      this.open.delete(key)
      retire(open, () => {})
    }
  }

  /** Forgets what was prepared. */
  drop(): void {
    if (this.prepared) closeSockets(this.prepared.sockets)
    this.prepared = null
  }

  /** Why a server is not up; empty: it is. */
  reason(backend: string, server: string, reason: string): void {
    for (const snapshot of [this.current, this.prepared?.snapshot]) {
      const reasons = snapshot?.backends.get(backend)?.reasons
      if (reason === '') reasons?.delete(server)
      else reasons?.set(server, reason)
    }
  }

  /** The oldest plan that something may still be on: those that nothing holds are collected as garbage, sooner or later. */
  oldestRevision(): number {
    while (this.ages.length > 1 && this.ages[0]?.snapshot.deref() === undefined) this.ages.shift()
    return this.ages[0]?.revision ?? 0
  }

  reopenLogs(): void {
    this.logs.reopen()
  }

  /** Accepts no more once the queues are empty, finishes what is in flight, and calls back with how many exchanges were cut off. */
  drain(withinMs: number, done: (aborted: number) => void): void {
    if (this.isDraining) return
    this.isDraining = true
    // From now on each answer says that its connection ends, also while the queues are emptied.
    if (this.engine) this.engine.isDraining = true
    const listeners = [...this.open.values()]
    this.open.clear()
    let left = listeners.length
    const onRetired = (): void => {
      if (--left > 0) return
      if (this.engine) this.engine.drain(withinMs, done)
      else done(0)
    }
    for (const open of listeners) retire(open, onRetired)
    if (left === 0) onRetired()
  }

  /** `host:port` of the listeners that this machine bound by itself, by name. */
  ports(): Map<string, number> {
    const ports = new Map<string, number>()
    for (const { name, options } of this.current?.listeners.values() ?? []) {
      const open = this.open.get(socketKey(name, options.bind))
      if (open) ports.set(name, open.port)
    }
    return ports
  }

  /** Writes what the logs hold. */
  close(): void {
    this.logs.close()
  }

  private openOrSwap(key: string, listener: Listener, sockets: Map<string, Socket>, engine: Engine): void {
    const known = this.open.get(key)
    if (known) return known.listener.swap(listener)
    const given = sockets.get(key)
    sockets.delete(key)
    const { host, port } = parseBind(listener.options.bind)
    const how = given ? { fd: given.fd } : { hostname: host, port }
    const opened = listen(listener, how, engine, engine.wheel)
    this.open.set(key, { listener: opened, fd: given?.fd ?? null, port: given?.port ?? opened.port })
  }

  private engineFor(snapshot: Snapshot): Engine {
    const { config } = snapshot
    const accessLog = this.logs.use(config.logs)
    if (this.engine) {
      this.resolver?.configure(config.resolver)
      this.engine.accessLog = accessLog
      this.engine.serve(snapshot)
      return this.engine
    }
    const { board, meter } = this
    tellBugsTo((error) =>
      logEvent('error', 'bug', { error: error instanceof Error ? error.stack : String(error) }),
    )
    const resolver = new Resolver(config.resolver, steadyMs)
    this.resolver = resolver
    this.engine = new Engine({
      board,
      resolver,
      accessLog,
      meter,
      snapshot,
      documents: (path) => this.document(path),
    })
    return this.engine
  }

  /** /_health and /_metrics as the listeners answer them: the same documents as on the admin listener. */
  private document(path: '/_health' | '/_metrics'): { readonly status: number; readonly body: string } {
    const places = this.current ? placesOfSnapshot(this.current) : []
    if (path === '/_metrics')
      return { status: 200, body: `${JSON.stringify(metricsDocument(places, this.board))}\n` }
    const health = healthDocument(places, this.board)
    const isHealthy = health.healthy && !this.isDraining
    return { status: isHealthy ? 200 : 503, body: `${JSON.stringify({ ...health, healthy: isHealthy })}\n` }
  }
}

const closeSockets = (sockets: ReadonlyMap<string, Socket>): void =>
  closeFds([...sockets.values()].map(({ fd }) => fd))
