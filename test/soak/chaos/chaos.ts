// Servers that fail in all the ways that servers do, at random, behind a gateway with all that it has against
// that; and clients that look at what becomes of their requests. Afterwards what clients, servers, log,
// metrics and events say is compared.
import { startGateway, type Gateway } from '../../support/gateway.ts'
import { said } from '../../support/orders.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import type { SocketsKind } from '../../../server/sockets/socket.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { metricsOf } from '../gauge.ts'
import { type LogLine, OUT, audit } from './audit.ts'
import { type Entry, Books, shown } from './books.ts'
import { ChaosClient } from './clients.ts'
import { ChaosServer, STEADY } from './servers.ts'

export interface ChaosOptions {
  readonly seconds: number
  readonly kind: SocketsKind
  readonly random: Random
  readonly workers: number
}

export interface ChaosResult {
  readonly notes: readonly string[]
  /** Empty: all was well. */
  readonly problems: readonly string[]
}

const SERVERS = [STEADY, 'a', 'b', 'c', 'd']
const CLIENTS = 24
const CALM_ANSWERS = 200
const CALM_REST_MS = 10
/** All tries of a request. */
const ATTEMPTS = { ample: 10, tight: 3 }
const MAX_CONNECTIONS = 10
/** Of all servers of a backend. */
const BACKEND_MAX = 14
const GAUGES = [
  'server_in_flight',
  'backend_in_flight',
  'backend_adaptive_in_flight',
  'retries_in_flight',
  'active_connections',
  'queue_length',
  'sockets_buffers_lent',
  'buffered_bytes',
]

/** Runs it, and tells what must not be. */
export async function soakChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { random, kind, workers } = options
  const books = new Books()
  const servers = SERVERS.map((name) => new ChaosServer(name, books, own(random)))
  await using gateway = await startGateway({
    config: configOf(servers),
    workers,
    env: { SLUICE_SOCKETS: kind },
  })
  const chaos = new Chaos(options, { books, servers, gateway })
  await chaos.all()
  for (const server of servers) await server.stop()
  return { notes: chaos.notes, problems: books.problems }
}

const own = (random: Random): Random => seededRandom(1 + random.below(2 ** 31))

function configOf(servers: readonly ChaosServer[]): Record<string, unknown> {
  const common = {
    circuit_breaker: {
      ...{
        window: '2s',
        min_requests: 20,
        failures: 6,
        open_for: '200ms',
        open_for_max: '800ms',
        max_out: 0.6,
      },
      ...{ half_open_requests: 2, half_open_successes: 2 },
    },
    passive_health: {
      ...{
        window: '2s',
        failures: 20,
        faults_in_a_row: 8,
        cooldown: '300ms',
        cooldown_max: '1s',
        max_out: 0.6,
      },
    },
    timeouts: { connect: '2s', response: '3s', idle: '500ms' },
  }
  const retry = {
    statuses: 503,
    faults: SERVER_FAULTS,
    timeout: '800ms',
    backoff: '2ms',
    retry_after_max: '100ms',
  }
  return {
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [
      { name: 'ample', match: { path: '/ample/*' }, backend: 'ample' },
      { name: 'tight', match: { path: '/tight/*' }, backend: 'tight' },
    ],
    backends: {
      ample: {
        ...common,
        servers: servers.map(({ words }) => words),
        algorithm: 'least_connections',
        health_check: { type: 'tcp', interval: '200ms' },
        retry: { ...retry, attempts: ATTEMPTS.ample, budget: { ratio: 1, least: 10_000 } },
      },
      tight: {
        ...common,
        servers: servers.map(({ words }) => ({ ...words, max_connections: MAX_CONNECTIONS })),
        max_connections: BACKEND_MAX,
        adaptive_limit: { mode: 'shadow' },
        queue: { size: 1000, timeout: '30s' },
        sticky: { cookie: 'sluice_sticky' },
        retry: { ...retry, attempts: ATTEMPTS.tight, hedge: { quantile: 0.8, after: '10ms' } },
      },
    },
  }
}

interface Stage {
  readonly books: Books
  readonly servers: readonly ChaosServer[]
  readonly gateway: Gateway
}

class Chaos {
  readonly notes: string[] = []
  readonly #options: ChaosOptions
  readonly #stage: Stage
  #isOver = false
  #isCalm = false
  #mostHeld = 0

  constructor(options: ChaosOptions, stage: Stage) {
    this.#options = options
    this.#stage = stage
  }

  async all(): Promise<void> {
    const { kind, seconds, random } = this.#options
    const { gateway, books } = this.#stage
    const has = gateway.last('serving')?.['sockets']
    if (has !== kind) books.wrong('sockets', `it has ${String(has)}`)
    const pids = gateway.workers.toSorted()
    const port = gateway.port()
    const clients = Array.from({ length: CLIENTS }, (_, n) =>
      this.#live(new ChaosClient({ port, books, random: own(random), name: `c${n}` })),
    )
    await this.#storm(performance.now() + seconds * 1000)
    await this.#calm()
    this.#isOver = true
    await Promise.all(clients)
    await this.#nothingIsLeft()
    if (!Bun.deepEquals(pids, gateway.workers.toSorted())) books.wrong('workers', 'one of them died')
    for (const bug of gateway.events.filter(({ event }) => event === 'bug'))
      books.wrong('bug', JSON.stringify(bug))
    await this.#balance()
  }

  async #live(client: ChaosClient): Promise<void> {
    while (!this.#isOver) {
      await client.ask(this.#isCalm)
      if (this.#isCalm) await pause(CALM_REST_MS)
    }
    client.hangUp()
  }

  /** Moods change all the time; never more is at a server than may be. */
  async #storm(untilMs: number): Promise<void> {
    const { random } = this.#options
    const { gateway, servers, books } = this.#stage
    while (performance.now() < untilMs) {
      await random.pick(servers.slice(1)).turn()
      await pause(20 + random.below(150))
      const now = await metricsOf(gateway)
      const all = now.sum('backend_in_flight')
      if (all > BACKEND_MAX) books.wrong('max_connections', `${all} at the backend`)
      const held = now.by('server_in_flight', ['backend', 'server'])
      for (const [place, count] of held) {
        if (!place.startsWith('tight')) continue
        this.#mostHeld = Math.max(this.#mostHeld, count)
        if (count > MAX_CONNECTIONS) books.wrong('max_connections', `${count} at ${place}`)
      }
    }
  }

  /** All servers are good again: so they are found to be, and from then on nothing fails. */
  async #calm(): Promise<void> {
    const { servers, books } = this.#stage
    for (const server of servers) await server.be('good')
    this.#isCalm = true
    await waitFor(() => this.#isWell(), { everyMs: 50, what: 'all servers in use' }).catch(
      (problem: unknown) => books.wrong('not well again', String(problem)),
    )
    // What was asked before may still meet what an ill server has left of its connections.
    const known = new Set(books.entries.keys())
    const later = (): Entry[] => [...books.entries.values()].slice(known.size)
    await waitFor(() => later().filter(({ fate }) => fate !== null).length >= CALM_ANSWERS, { everyMs: 50 })
    for (const entry of later())
      if (entry.fate !== null && entry.fate !== 'none' && entry.status !== 200)
        books.wrong('failed in calm times', shown(entry))
  }

  async #isWell(): Promise<boolean> {
    const { gateway } = this.#stage
    const { backends } = (await (await fetch(`${gateway.admin}/_health`)).json()) as {
      backends: readonly { readonly healthy: boolean; readonly circuit_state: string }[]
    }
    return backends.every(({ healthy, circuit_state: state }) => healthy && state === 'Closed')
  }

  async #nothingIsLeft(): Promise<void> {
    const { gateway, books } = this.#stage
    for (const name of GAUGES)
      await waitFor(async () => (await metricsOf(gateway)).sum(name) === 0, {
        everyMs: 200,
        forMs: 20_000,
      }).catch(async () => {
        const left = await metricsOf(gateway)
        books.wrong(
          'left',
          `${name}: ${JSON.stringify([...left.by(name, ['backend', 'server', 'process'])])}`,
        )
      })
    for (const name of SERVERS)
      for (const backend of ['ample', 'tight']) {
        const { out } = await said(gateway, name, '--backend', backend, '--json')
        const { circuit } = JSON.parse(out) as { circuit: { let_through: number } }
        if (circuit.let_through !== 0)
          books.wrong('left', `${circuit.let_through} permits of ${backend} ${name}`)
      }
  }

  /** The log is written, and metrics have travelled. */
  async #balance(): Promise<void> {
    const { gateway, books, servers } = this.#stage
    const asked = (): Promise<number> => metricsOf(gateway).then((now) => now.sum('requests_total'))
    await waitFor(async () => (await gateway.accessLines()).length === (await asked()), {
      everyMs: 300,
      forMs: 10_000,
    }).catch(async () =>
      books.wrong(
        'metrics and log',
        `${await asked()} requests, ${(await gateway.accessLines()).length} lines`,
      ),
    )
    const log = (await gateway.accessLog()) as unknown as LogLine[]
    const samples = await metricsOf(gateway)
    audit({ books, servers, gateway, log, samples, attempts: ATTEMPTS })
    const times = (name: string): number => gateway.events.filter(({ event }) => event === name).length
    const fates = Object.entries(
      Object.groupBy(books.entries.values(), ({ fate, status }) => `${fate} ${status}`),
    )
    const outs = gateway.events.filter((event) => event['server'] === STEADY && OUT.has(event.event))
    this.notes.push(...outs.map((event) => JSON.stringify(event)))
    this.notes.push(
      `on ${this.#options.kind}: ${books.entries.size} requests: ${fates.map(([fate, list]) => `${list?.length} ${fate}`).join(', ')}`,
      `${samples.sum('retries_total')} retries, ${samples.sum('retry_budget_exhausted_total')} without a place in the budget, ${samples.sum('hedges_total')} hedges, ${times('circuit_opened')} openings, ${times('passive_out')} times out by passive health, at most ${this.#mostHeld} of ${MAX_CONNECTIONS} at a server`,
    )
  }
}
