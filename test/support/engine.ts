// The engine in this process: one worker's worth without a supervisor, so that a test can look at its
// counters, give a rule steps of its own, and let its clock run ahead.
import { readFileSync } from 'node:fs'
import type { Backend } from '../../server/backends/backend.ts'
import type { Server } from '../../server/backends/server.ts'
import { tlsFilesOf } from '../../server/backends/tls.ts'
import { parseConfig } from '../../server/config/load.ts'
import type { Config } from '../../server/config/schema.ts'
import { Engine } from '../../server/http/engine.ts'
import type { Servers } from '../../server/http/ends.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { OpenAddress } from '../../server/accept/open-address.ts'
import { Arrivals } from '../../server/accept/arriving.ts'
import { HttpClient } from '../../server/http1/client.ts'
import { outboundWorld } from '../../server/http1/dial-server.ts'
import { Http1Servers } from '../../server/http1/open-stream.ts'
import { Web } from '../../server/http1/web.ts'
import { Suspects } from '../../server/lib/address-race.ts'
import { Resolver } from '../../server/lib/resolver.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import * as layout from '../../server/scoreboard/layout.ts'
import { Scoreboard } from '../../server/scoreboard/scoreboard.ts'
import { STATE_UP } from '../../server/scoreboard/states.ts'
import { compile } from '../../server/snapshot/compile.ts'
import type { Plan } from '../../server/snapshot/plan.ts'
import { scratchGround, splitSteps, type StepGround } from '../../server/snapshot/rule-steps.ts'
import type { Listener, Rule, Snapshot } from '../../server/snapshot/snapshot.ts'
import type { AccessLog } from '../../server/telemetry/access-log.ts'
import { TcpConnections } from '../../server/tcp/connections.ts'
import { ConnectionMeter } from '../../server/telemetry/connection-meter.ts'
import type { TcpRecord } from '../../server/telemetry/connection-record.ts'
import { StreamClients } from '../../server/turn/stream-clients.ts'
import { Entries } from '../../server/worker/entries.ts'
import { Challenges } from '../../server/tls/challenges.ts'
import { tcpBindsOf } from '../../server/lib/bind.ts'
import { LimitNews } from '../../server/telemetry/limit-news.ts'
import { ExchangeMeter } from '../../server/telemetry/exchange-meter.ts'
import { Registry } from '../../server/telemetry/registry.ts'
import type { Counter } from '../../server/telemetry/series.ts'
import type { MetricName } from '../../server/tables/metrics.ts'
import type { BackendSlots } from '../../server/scoreboard/slot.ts'
import { type RawClient, rawClient } from './client.ts'
import { lendReads } from './lent.ts'
import type { Script } from './origin.ts'
import { waitFor } from './wait.ts'

lendReads()

/** What the access log would say of an exchange. */
export interface Logged {
  readonly id: string
  readonly client: string | null
  readonly method: string
  readonly target: string
  readonly host: string
  readonly rule: string | null
  readonly server: string | null
  readonly status: number
  readonly fault: string | null
  readonly detail: string | null
  readonly sent: boolean | null
  readonly aborted: boolean
  readonly attempts: number
  readonly tries: Exchange['tries']
  readonly sticky: Exchange['sticky']
  readonly cache: Exchange['cache']
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queueMs: number
  readonly connectMs: number
  readonly totalMs: number
}

type Words = Readonly<Record<string, unknown>>

export interface EngineOptions {
  /**
   * A config; `listeners` and `rules` are filled in when they are left out: one of each, named "web" and
   * "all".
   */
  readonly config: Words
  /** Steps that stand before those of every rule. */
  readonly steps?: readonly Middleware<never>[]
  /** Options of the listener "web", when the config names none. */
  readonly listener?: Words
  /** What the certificates are that the config names. */
  readonly certificates?: Plan['certificates']
  /** What steps stand on; left out: nothing is shared, and nothing is counted. */
  readonly ground?: Partial<StepGround>
  /** The way to servers, where it is played. */
  readonly servers?: Servers
}

export class TestEngine implements AsyncDisposable {
  readonly log: Logged[] = []
  /** Connections of tcp listeners that are over. */
  readonly connectionLog: TcpRecord[] = []
  readonly connections: TcpConnections
  readonly registry = new Registry()
  /** What exchanges are counted in. */
  readonly exchanges = new Registry()
  readonly board: Scoreboard
  readonly snapshot: Snapshot
  readonly engine: Engine
  readonly #open = new Map<string, OpenAddress>()
  /** What is open when the test ends was left open by it: `settled` says so. */
  readonly #clients: RawClient[] = []
  /** What operators are told. */
  readonly events: Record<string, unknown>[] = []
  /** What they came to: listener, version, result. */
  readonly handshakes: string[] = []

  constructor({ config, steps = [], listener = {}, servers, ground, certificates = {} }: EngineOptions) {
    const words = checked(config, listener)
    const { slots, records } = slotsOf(words.backends)
    const buffer = new SharedArrayBuffer(layout.bytesOf(records, 1))
    layout.format(buffer, 0, 1)
    this.board = new Scoreboard(new Uint8Array(buffer), 1, 0)
    const plan = {
      number: 1,
      config: words,
      slots,
      records,
      sockets: [],
      reasons: {},
      door: null,
      certificates,
      files: filesOf(words),
      challenges: {},
      sessionSecret: 'a secret of tests, long enough',
    }
    const compiled = compile({
      plan,
      board: this.board,
      previous: null,
      ground: { ...scratchGround(this.board), ...ground },
    })
    this.snapshot = { ...compiled, listeners: withSteps(compiled.listeners, steps) }
    for (const server of this.servers) this.board.setState(server.slot, STATE_UP)
    const accessLog = {
      exchange: (x: Exchange) => void this.log.push(loggedOf(x)),
      connection: (one: TcpRecord) => void this.connectionLog.push(one),
    } as unknown as AccessLog
    const resolver = new Resolver(words.resolver, () => performance.now())
    const news = new LimitNews(
      new Registry(),
      (_, event, facts) => void this.events.push({ event, ...facts }),
    )
    this.engine = new Engine({
      board: this.board,
      servers: (wheel) => servers ?? new Http1Servers(wheel, resolver),
      web: (wheel) => new Web(new HttpClient(outboundWorld({ resolver, wheel, suspects: new Suspects() }))),
      accessLog,
      meter: new ExchangeMeter(this.exchanges),
      limits: news,
      snapshot: this.snapshot,
      documents: (which) => ({ status: 200, body: `${which}\n` }),
    })
    const { engine, board, snapshot } = this
    const { wheel } = engine
    const meter = new ConnectionMeter(this.registry, 'worker-0')
    this.connections = new TcpConnections({
      wheel,
      resolver,
      board,
      limits: news,
      meter,
      accessLog,
      snapshot,
    })
    const entries = new Entries({
      engine,
      clients: new StreamClients(engine.wheel),
      connections: this.connections,
      arrivals: new Arrivals(engine.wheel),
      challenges: new Challenges(),
      handshakes: {
        ended: (...told) => void this.handshakes.push(told.join(' ')),
        clientCertificate: () => {},
      },
      board,
      news,
      meter,
    })
    for (const [name, one] of this.snapshot.listeners) {
      if (one.kind === 'udp') continue
      const how = { hostname: '127.0.0.1', port: 0 }
      for (const bind of tcpBindsOf(name, one.options))
        this.#open.set(name, new OpenAddress(how, entries.gateOf(bind, one)))
    }
  }

  get servers(): Server[] {
    return [...this.snapshot.backends.values()].flatMap((backend) => [...backend.servers])
  }

  /** Of a counter of exchanges: what each of its series says, by its labels. */
  counted(name: MetricName): Record<string, number> {
    const series = this.exchanges.families.get(name)?.series.values() ?? []
    return Object.fromEntries([...series].map((one) => [one.labels.join(' '), (one as Counter).value]))
  }

  backend(name = 'origin'): Backend {
    return this.snapshot.backends.get(name) as Backend
  }

  port(name = 'web'): number {
    return (this.#open.get(name) as OpenAddress).port
  }

  async client(name?: string): Promise<RawClient> {
    const client = await rawClient(this.port(name))
    this.#clients.push(client)
    return client
  }

  /** Exchanges and tunnels in flight at all servers. */
  get inFlight(): number {
    return this.servers.reduce((sum, { slot }) => sum + this.board.inFlight(slot), 0)
  }

  /** Connections to servers that are open, and those of them that are idle. */
  get outbound(): { open: number; idle: number } {
    const lives = this.servers.map(({ live }) => live)
    return {
      open: lives.reduce((sum, live) => sum + live.open, 0),
      idle: lives.reduce((sum, live) => sum + live.idle.length, 0),
    }
  }

  /** Takes a server out of use, or back. */
  setState(server: Server, state: number): void {
    this.board.setState(server.slot, state)
    for (const backend of this.snapshot.backends.values()) this.board.bumpEpoch(backend.slot)
  }

  /** Waits for the next line of the log that no earlier call gave. */
  async logged(): Promise<Logged> {
    const line = await waitFor(() => this.log[this.#read], { what: 'a line in the log' })
    this.#read++
    return line
  }
  #read = 0

  /** The same of connections of tcp listeners. */
  async connectionLogged(): Promise<TcpRecord> {
    const line = await waitFor(() => this.connectionLog[this.#readOfConnections], {
      what: 'the line of a connection',
    })
    this.#readOfConnections++
    return line
  }
  #readOfConnections = 0

  /**
   * Lets all deadlines pass that lie up to `ms` ahead of now. The wheel does not go back: nothing expires
   * until then.
   */
  runAhead(ms: number): void {
    const from = performance.now()
    for (let at = 0; at <= ms; at += 250) this.engine.wheel.sweep(from + at)
  }

  /**
   * Closes the clients and waits until nothing is left of any exchange: no place taken, no connection but
   * idle ones.
   */
  async settled(): Promise<void> {
    for (const client of this.#clients) client.rst()
    const isOver = (): boolean => this.engine.openConnections + this.connections.size === 0
    await waitFor(isOver, { what: 'client connections to be closed' })
    await waitFor(() => this.inFlight === 0, { what: 'places at servers to be given back' })
    await waitFor(() => this.outbound.open === this.outbound.idle, { what: 'server connections to end' })
    await waitFor(() => bufferedBytes() === 0, { what: 'every byte that was held to be counted out' })
    // Some are on the way in still, or linger behind an alert: no engine counts those.
    await waitFor(() => this.board.activeConnections() === 0, {
      what: 'active connections to be counted out',
    })
    for (const backend of this.snapshot.backends.values())
      if (backend.queue.length !== 0) throw new Error('someone still waits in a queue')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#open.values()) listener.stop()
    for (const client of this.#clients) client.rst()
    await new Promise<void>((resolve) => this.connections.drain(0, () => resolve()))
    await new Promise<void>((resolve) => this.engine.drain(0, () => resolve()))
    this.engine.wheel.stop()
  }
}

/** An engine that listens on free ports. */
export const startEngine = (options: EngineOptions): TestEngine => new TestEngine(options)

/** A config with one backend, "origin". */
export const toServers = (
  servers: readonly (string | Words)[],
  backend: Words = {},
): { readonly backends: Words } => ({
  backends: {
    origin: { servers: servers.map((one) => (typeof one === 'string' ? { url: one } : one)), ...backend },
  },
})

/** A script that answers 200 with this body. */
export const answering =
  (body: string | Uint8Array, fields: readonly string[] = []): Script =>
  (_request, reply) =>
    reply.send(200, body, fields)

function checked(config: Words, listener: Words) {
  const whole = {
    listeners: { web: { bind: '127.0.0.1:0', ...listener } },
    rules: [{ name: 'all', backend: 'origin' }],
    ...config,
  }
  const loaded = parseConfig('test.yaml', Buffer.from(JSON.stringify(whole)), {})
  if (!loaded.ok)
    throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return loaded.config
}

/** What stands in the files that TLS with servers is made of. */
const filesOf = ({ backends }: Config): Record<string, string> =>
  Object.fromEntries(
    Object.values(backends)
      .flatMap(({ tls }) => tlsFilesOf(tls))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  )

function slotsOf(backends: Readonly<Record<string, { servers: readonly { name?: string; url: string }[] }>>) {
  let records = 1
  const next = () => ({ index: records++, generation: 1 })
  const slots: Record<string, BackendSlots> = {}
  for (const [name, { servers }] of Object.entries(backends))
    slots[name] = {
      slot: next(),
      servers: Object.fromEntries(servers.map((one) => [one.name ?? one.url, next()])),
    }
  return { slots, records }
}

function withSteps(listeners: Snapshot['listeners'], steps: readonly Middleware<never>[]) {
  if (steps.length === 0) return listeners
  const made = new Map<Rule, Rule>()
  const extended = (rule: Rule): Rule => {
    const known = made.get(rule) ?? ruleWith(rule, steps as readonly Middleware<unknown>[])
    made.set(rule, known)
    return known
  }
  const withOwn = (listener: Listener): Listener => ({
    ...listener,
    match: (request) => {
      const rule = listener.match(request)
      return rule === null || rule === 'ambiguous' ? rule : extended(rule)
    },
  })
  return new Map(
    [...listeners].map(([name, one]) => [name, one.kind === 'http' ? withOwn(one) : one] as const),
  )
}

function ruleWith(rule: Rule, before: readonly Middleware<unknown>[]): Rule {
  return { ...rule, ...splitSteps([...before, ...rule.steps]) }
}

function loggedOf(x: Exchange): Logged {
  return {
    id: x.id,
    client: x.client.address,
    method: x.request.method,
    target: x.request.target,
    host: x.request.host,
    rule: x.rule?.name ?? null,
    server: x.server?.name ?? null,
    status: x.status,
    fault: x.fault?.code ?? null,
    detail: x.detail,
    sent: x.fault?.sent ?? null,
    aborted: x.aborted,
    attempts: x.attempts,
    tries: x.tries,
    sticky: x.sticky,
    cache: x.cache,
    bytesIn: x.bytesIn,
    bytesOut: x.bytesOut,
    queueMs: x.queueMs,
    connectMs: x.connectMs,
    totalMs: x.endedMs - x.startedMs,
  }
}
