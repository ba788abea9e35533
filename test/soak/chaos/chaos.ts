// Servers that fail in all the ways that servers do, at random, behind a gateway with some of what it has
// against that, while workers are killed, the config changes and another executable takes over; and clients
// that look at what becomes of their requests. Afterwards what clients, servers, log, metrics and events say
// is compared. A seed says all of it, but not how fast the machine is.
import { TlsDoor } from '../../support/tls-door.ts'
import { startGateway } from '../../support/gateway.ts'
import { type Random, seededRandom } from '../../support/random.ts'
import type { ServerHealth } from '../../../server/telemetry/server-health.ts'
import type { SocketsKind } from '../../../server/sockets/socket.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { metricsOf } from '../gauge.ts'
import { type LogLine, audit, idOf } from './audit.ts'
import { type BackendName, type Entry, Books, shown } from './books.ts'
import { ChaosClient } from './clients.ts'
import { nothingIsLeft } from './leftovers.ts'
import { type Scene, QUEUE_FAULTS, REFUSALS, configOf, drawScene, sparesServers, told } from './scene.ts'
import { ChaosServer, STEADY } from './servers.ts'
import { type Stage, Storm } from './storm.ts'
import { OUT } from './was-out.ts'

export interface ChaosOptions {
  readonly seconds: number
  readonly kind: SocketsKind
  readonly random: Random
  readonly workers: number
  /** Switches that are set in any case. */
  readonly scene?: Partial<Scene>
}

export interface ChaosResult {
  readonly notes: readonly string[]
  /** Empty: all was well. */
  readonly problems: readonly string[]
}

const SERVERS = [STEADY, 'a', 'b', 'c', 'd']
const CLIENTS = 24
/** Addresses that clients come from. */
const ADDRESSES = 5
const CALM_ANSWERS = 200
const CALM_REST_MS = 10

/** Runs it, and tells what must not be. */
export async function soakChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { random, kind, workers } = options
  const scene = { ...drawScene(random), ...options.scene }
  const books = new Books()
  const servers = SERVERS.map(
    (name) => new ChaosServer({ name, books, random: own(random), isTls: scene.hasTlsServers }),
  )
  await using gateway = await startGateway({
    config: configOf(scene, servers),
    workers,
    env: { SLUICE_SOCKETS: kind },
  })
  using door = new TlsDoor(own(random), () => [{ port: gateway.port(), name: 'localhost' }])
  await door.start()
  const port = scene.hasTlsListener ? door.port : gateway.port()
  const chaos = new Chaos(options, { books, servers, gateway, scene }, port)
  await chaos.all()
  for (const server of servers) await server.stop()
  return { notes: [told(scene), ...chaos.notes], problems: books.problems }
}

const own = (random: Random): Random => seededRandom(1 + random.below(2 ** 31))

class Chaos {
  readonly notes: string[] = []
  readonly #options: ChaosOptions
  readonly #stage: Stage
  readonly #port: number
  readonly #storm: Storm
  #isOver = false
  #isCalm = false

  constructor(options: ChaosOptions, stage: Stage, port: number) {
    this.#options = options
    this.#stage = stage
    this.#port = port
    this.#storm = new Storm(stage, own(options.random))
  }

  async all(): Promise<void> {
    const { kind, seconds } = this.#options
    const { gateway, books } = this.#stage
    const has = gateway.last('serving')?.['sockets']
    if (has !== kind) books.wrong('sockets', `it has ${String(has)}`)
    const clients = Array.from({ length: CLIENTS }, (_, n) => this.#live(this.#client(n)))
    await this.#storm.rage(seconds)
    if (this.#storm.upgrades > 0) await gateway.process.exited
    const calmIds = await this.#calm()
    this.#isOver = true
    await Promise.all(clients)
    await nothingIsLeft(this.#stage, (n) => this.#client(CLIENTS + n), SERVERS)
    this.#nobodyDied()
    await this.#balance(calmIds)
  }

  #client(n: number): ChaosClient {
    return new ChaosClient({
      ...{ port: this.#port, books: this.#stage.books, random: own(this.#options.random), name: `c${n}` },
      from: this.#stage.scene.hasTlsListener ? '127.0.0.1' : `127.0.0.${2 + (n % ADDRESSES)}`,
    })
  }

  async #live(client: ChaosClient): Promise<void> {
    while (!this.#isOver) {
      await client.ask(this.#isCalm)
      if (this.#isCalm) await pause(CALM_REST_MS)
    }
    client.hangUp()
  }

  /** All servers are good again: so they are found to be, and from then on nothing fails. */
  async #calm(): Promise<ReadonlySet<string>> {
    const { servers, books } = this.#stage
    for (const server of servers) await server.be('good')
    this.#isCalm = true
    await waitFor(async () => (await this.#ill()).length === 0, { everyMs: 50 }).catch(async () =>
      books.wrong('not well again', JSON.stringify(await this.#ill())),
    )
    // What was asked before may still meet what an ill server has left of its connections.
    const known = new Set(books.entries.keys())
    const later = (): Entry[] => [...books.entries.values()].slice(known.size)
    await waitFor(() => later().filter(({ status }) => status === 200).length >= CALM_ANSWERS, {
      everyMs: 50,
      what: 'answers in calm times',
    }).catch((problem: unknown) => books.wrong('calm', String(problem)))
    for (const entry of later()) {
      const isRefused = REFUSALS.has(entry.refusal ?? '') || QUEUE_FAULTS.has(entry.refusal ?? '')
      if (entry.fate !== null && entry.fate !== 'none' && entry.status !== 200 && !isRefused)
        books.wrong('failed in calm times', shown(entry))
    }
    return new Set(later().map(({ id }) => id))
  }

  /** Servers that are not in use. */
  async #ill(): Promise<readonly ServerHealth[]> {
    const { gateway, scene } = this.#stage
    const { backends } = (await (await fetch(`${gateway.admin}/_health`)).json()) as {
      backends: readonly ServerHealth[]
    }
    return backends.filter(({ healthy, circuit_state: state, backend, operational }) => {
      // Of who is not asked what it failed last is known for a minute.
      if (sparesServers(scene[backend as BackendName])) return operational === 'down' || state === 'Open'
      return !healthy || state !== 'Closed'
    })
  }

  /** But those that were killed. */
  #nobodyDied(): void {
    const { gateway, books } = this.#stage
    const died = gateway.events.filter(({ event, code }) => event === 'worker_exited' && code !== 0)
    if (died.length !== books.kills.length)
      books.wrong('workers', `${books.kills.length} were killed, and ${JSON.stringify(died)}`)
    for (const bug of gateway.events.filter(({ event }) => event === 'bug'))
      books.wrong('bug', JSON.stringify(bug))
  }

  /** The log is written, and metrics have travelled. */
  async #balance(calmIds: ReadonlySet<string>): Promise<void> {
    const { gateway, books } = this.#stage
    const isUpgraded = this.#storm.upgrades > 0
    const logOf = async (): Promise<LogLine[]> => (await gateway.accessLog()) as unknown as LogLine[]
    const counted = async (): Promise<LogLine[]> => countedOf(await logOf(), isUpgraded ? calmIds : null)
    const asked = (): Promise<number> => metricsOf(gateway).then((now) => now.sum('requests_total'))
    const slack = books.kills.length
    const isWritten = async (): Promise<boolean> => {
      const ids = new Set((await logOf()).map(idOf))
      const isThere = [...books.entries.values()].every(
        (entry) => entry.fate !== 'whole' || ids.has(entry.id) || books.mayBeKilled(entry),
      )
      return isThere && Math.abs((await counted()).length - (await asked())) <= slack
    }
    await waitFor(isWritten, { everyMs: 300, forMs: 10_000 }).catch(async () =>
      books.wrong('metrics and log', `${await asked()} requests, ${(await counted()).length} lines`),
    )
    const samples = await metricsOf(gateway)
    const log = await logOf()
    const { lost } = audit({
      ...this.#stage,
      log,
      counted: await counted(),
      samples,
      isUpgraded,
    })
    this.#tell(lost, samples)
  }

  #tell(lost: number, samples: Awaited<ReturnType<typeof metricsOf>>): void {
    const { gateway, books } = this.#stage
    const { reloads, upgrades, mostHeld } = this.#storm
    const times = (name: string): number => gateway.events.filter(({ event }) => event === name).length
    const fates = Object.entries(
      Object.groupBy(books.entries.values(), ({ fate, status }) => `${fate} ${status}`),
    )
    const outs = gateway.events.filter((event) => event['server'] === STEADY && OUT.has(event.event))
    this.notes.push(...outs.map((event) => JSON.stringify(event)))
    this.notes.push(
      `on ${this.#options.kind}: ${books.entries.size} requests: ${fates.map(([fate, list]) => `${list?.length} ${fate}`).join(', ')}`,
      `${samples.sum('retries_total')} retries, ${samples.sum('retry_budget_exhausted_total')} without a place in the budget, ${samples.sum('hedges_total')} hedges, ${times('circuit_opened')} openings, ${times('passive_out')} times out by passive health, at most ${mostHeld} at a server with a limit`,
      `${books.kills.length} workers killed, which cost ${lost} requests; ${reloads} reloads, ${upgrades} upgrades`,
    )
  }
}

/** Lines of those workers that have written of these requests; of all where it is null. */
function countedOf(log: readonly LogLine[], ids: ReadonlySet<string> | null): LogLine[] {
  if (ids === null) return [...log]
  // A request's id begins with that of its process (request-ids.ts).
  const worker = (line: LogLine): string => line.request_id.slice(0, 16)
  const isOne = (line: LogLine): boolean => ids.has(idOf(line))
  const workers = new Set(log.filter(isOne).map(worker))
  return log.filter((line) => workers.has(worker(line)))
}
