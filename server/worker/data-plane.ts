// The machine that moves bytes: one in each worker process, or one in the only process (`workers: 0`). It is
// given plans: prepare compiles and may refuse, commit swaps, drop forgets. Sockets arrive with a plan, bound
// and listening; they are accepted from at commit, so that nobody is served by a plan that may still be
// dropped.
import type { CacheAnswer } from '../cache/questions.ts'
import { answerChallenges } from '../http/challenges.ts'
import { logBugs } from '../telemetry/log-bugs.ts'
import { tellBuffersTo } from '../lib/buffers.ts'
import { inSlices, type Steps } from '../lib/slices.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { loadPlugins, NO_PLUGINS } from '../plugins/load.ts'
import type { Ledger } from '../scoreboard/ledger.ts'
import { LogSegments } from '../scoreboard/log-segments.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { compileSteps } from '../snapshot/compile.ts'
import { servingGround, type StepGround } from '../snapshot/rule-steps.ts'
import type { OwnDocument, Snapshot } from '../snapshot/snapshot.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import { logEvent } from '../telemetry/log.ts'
import { HandshakeMeter } from '../telemetry/handshake-meter.ts'
import { LimitNews } from '../telemetry/limit-news.ts'
import { ConnectionMeter } from '../telemetry/connection-meter.ts'
import { ExchangeMeter } from '../telemetry/exchange-meter.ts'
import { Registry } from '../telemetry/registry.ts'
import { RequestRing, type RequestsAnswer, type RequestsQuestion } from '../telemetry/request-ring.ts'
import { Challenges } from '../tls/challenges.ts'
import { UdpMeter } from '../udp/meter.ts'
import { readLearned } from '../lib/demanded-name.ts'
import { learn, refuseName } from './learned-certificates.ts'
import { fullTeller } from './buffer-news.ts'
import { DescriptorNews } from './descriptor-news.ts'
import { closeSockets, type GivenSocket } from './listeners.ts'
import type { Plan, PlanSocket } from '../snapshot/plan.ts'
import { factsChanged, serveFacts } from './served-facts.ts'
import { filesChanged, keepContexts } from './files-changed.ts'
import type { Amendment, HandingOver, ServerList, ServerOrdered } from './messages.ts'
import { ownDocument } from './own-document.ts'
import { PlanAges } from './plan-ages.ts'
import { Serving } from './serving.ts'
import { WorkerCache } from './worker-cache.ts'
import { WorkerLogs } from './worker-logs.ts'
import { meterWorker } from './worker-meters.ts'

interface Prepared {
  readonly snapshot: Snapshot
  /** Sockets that came with the plan, by key. */
  readonly sockets: Map<string, GivenSocket>
}

interface Reason {
  readonly backend: string
  readonly server: string
  readonly reason: string
}

const steadyMs = (): number => performance.now()

export class DataPlane {
  readonly registry: Registry
  readonly #board: Scoreboard
  readonly #meter: ExchangeMeter
  readonly #connectionMeter: ConnectionMeter
  readonly #limits: LimitNews
  readonly #udp: UdpMeter
  /** What rules with a cache have stored. */
  readonly cache = new WorkerCache()
  /** What the steps of rules stand on. */
  readonly #ground: Omit<StepGround, 'plugin'>
  readonly #logs: WorkerLogs
  /** The last requests, for who asks about them. */
  readonly #ring = new RequestRing()
  readonly #ages = new PlanAges()
  readonly #challenges = new Challenges()
  #serving: Serving | null = null
  #prepared: Prepared | null = null
  #current: Snapshot | null = null
  /** What was told while a plan is compiled, which was made before; null: none is. */
  #news: Reason[] | null = null
  #isDraining = false
  #descriptors: DescriptorNews | null = null
  readonly #newsOfDescriptors: (endIdle: (count: number) => void) => DescriptorNews
  /** It drains, or soon will. */
  #isLeaving = false

  /**
   * `process` is what metrics call this process; `ledger`: where its counts and lines outlive it; `isLate`: a
   * plan is served already.
   */
  constructor(board: Scoreboard, process: string, ledger: Ledger | null = null, isLate = false) {
    this.#board = board
    const registry = (this.registry = new Registry(undefined, ledger))
    const limits = (this.#limits = new LimitNews(registry, logEvent))
    this.#meter = new ExchangeMeter(registry)
    this.#connectionMeter = new ConnectionMeter(registry, process)
    this.#udp = new UdpMeter(registry, process)
    this.#ground = servingGround({ board, cache: this.cache.store, registry, limits, chance: Math.random })
    this.#logs = new WorkerLogs(ledger === null ? null : new LogSegments(ledger))
    meterWorker(registry, process, {
      cache: this.cache,
      backends: () => this.#current?.backends.values() ?? [],
      overload: () => this.#serving?.takeOverload() ?? null,
      dropped: () => this.#logs.dropped,
    })
    this.#newsOfDescriptors = (endIdle) => new DescriptorNews({ process, isLate, nowMs: steadyMs, endIdle })
  }

  /** The plan that is served. */
  get snapshot(): Snapshot | null {
    return this.#current
  }

  /** Of clients: exchanges, tunnels, idle ones, and those that the TURN relay serves. */
  get openConnections(): number {
    return this.#serving?.openConnections ?? 0
  }

  /**
   * Gets ready for a plan; owns the descriptors from here on, in the order of `plan.sockets`. Throws when it
   * cannot.
   */
  async prepare(read: Steps<Plan>, sockets: readonly PlanSocket[], fds: readonly number[]): Promise<void> {
    this.drop()
    const news: Reason[] = []
    this.#news = news
    const given = new Map(sockets.map(({ key, ...socket }, i) => [key, { ...socket, fd: fds[i] ?? -1 }]))
    try {
      // In slices: what is served meanwhile hardly notices.
      const rests = this.#current !== null
      const plan = await inSlices(read, { rests })
      const plugins = await loadPlugins(plan.plugins ?? {}, this.#current?.plugins ?? NO_PLUGINS)
      answerChallenges(plan.httpChallenges ?? {})
      const made = { plan, board: this.#board, previous: this.#current, ground: this.#ground, plugins }
      const snapshot = await inSlices(compileSteps(made), { rests })
      if (this.#news !== news) throw new Error('another plan came before it was ready')
      this.#serving?.listeners.rehearse(snapshot)
      this.#news = null
      this.#prepared = { snapshot, sockets: given }
      for (const { backend, server, reason } of news) this.reason(backend, server, reason)
    } catch (error) {
      if (this.#news === news) this.#news = null
      closeFds(fds)
      throw error
    }
  }

  /** Serves what was prepared. */
  commit(): void {
    const prepared = this.#prepared
    if (!prepared) throw new Error('nothing was prepared')
    const { snapshot, sockets } = prepared
    this.#prepared = null
    this.#current = snapshot
    serveFacts(snapshot)
    this.cache.serve(snapshot.config)
    this.#ages.begin(snapshot)
    this.#challenges.serve(snapshot.challenges)
    try {
      this.#servingFor(snapshot).open(snapshot, sockets)
    } finally {
      closeSockets(sockets) // those that no address took
    }
    this.#descriptors?.check(snapshot)
    keepContexts([snapshot])
  }

  /** Forgets what was prepared. */
  drop(): void {
    if (this.#prepared) closeSockets(this.#prepared.sockets)
    this.#prepared = null
    this.#news = null
  }

  /** Why a server is not up; empty: it is. */
  reason(backend: string, server: string, reason: string): void {
    this.#news?.push({ backend, server, reason })
    for (const snapshot of [this.#current, this.#prepared?.snapshot]) {
      const reasons = snapshot?.backends.get(backend)?.reasons
      if (reason === '') reasons?.delete(server)
      else reasons?.set(server, reason)
    }
  }

  /** Changes one thing of what is served. Who tells that has seen that it can be. */
  amend(amendment: Amendment): void {
    if (amendment.type === 'servers') return this.#replaceServers(amendment)
    if (amendment.type === 'cache-changed') return this.cache.changed(amendment)
    if (amendment.type === 'ordered') return this.#ordered(amendment)
    if (amendment.type === 'geo' || amendment.type === 'keys') return factsChanged(amendment)
    if (amendment.type === 'http-challenges') return answerChallenges(amendment.tokens)
    if (amendment.type === 'challenge') return this.#challenges.change(amendment.serverName, amendment.text)
    const snapshots = [this.#current, this.#prepared?.snapshot]
    if (amendment.type === 'files') {
      filesChanged(snapshots, amendment.texts)
      return keepContexts(snapshots)
    }
    if (amendment.type === 'name-refused') return refuseName(amendment.learned)
    const { name, text } = amendment
    if (text === null || readLearned(name) !== null) return learn(snapshots, name, text)
    const own = new Set(snapshots.map((one) => one?.certificates.get(name)))
    for (const certificate of own) if (certificate?.isOf(text) === false) certificate.replace(text)
  }

  #replaceServers({ number, backend, list, slots }: ServerList): void {
    const left = this.#current?.backends.get(backend)?.replaceServers(list, slots) ?? []
    for (const { live } of left) this.#serving?.retireServer(live)
    this.#ages.renumber(number, left)
  }

  #ordered({ backend, server, isResting, endsConnections }: ServerOrdered): void {
    const one = this.#current?.backends.get(backend)?.servers.find(({ name }) => name === server)
    if (one === undefined) return
    this.#serving?.restServer(one, isResting)
    if (endsConnections) this.#serving?.endWith(one)
  }

  oldestPlan(): number {
    return this.#ages.oldest()
  }

  reopenLogs(): void {
    this.#logs.reopen()
  }

  /** Another gateway takes over, or this one does from another. */
  handOver(told: HandingOver): void {
    this.#serving?.handOver(told)
  }

  /** Still accepts, but says that it will not for long: health fails, and each answer ends its connection. */
  announceDrain(isHandedOver = false): void {
    this.#isLeaving = !isHandedOver
    if (this.#serving) this.#serving.announceDrain()
  }

  /**
   * Accepts no more once the queues are empty, finishes what is in flight, and calls back with how many
   * exchanges were cut off. `othersServe`: others take who comes now, on the same addresses.
   */
  drain(withinMs: number, done: (aborted: number) => void, othersServe = false): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#isLeaving = true
    const serving = this.#serving
    if (serving) serving.drain(withinMs, done, othersServe)
    else done(0)
  }

  /** What is asked of the last requests, and of what is stored; null: it is none of such questions. */
  answer(question: unknown): RequestsAnswer | CacheAnswer | null {
    if (typeof question !== 'object' || question === null) return null
    return this.cache.answer(question) ?? this.#ring.answer(question as RequestsQuestion, steadyMs())
  }

  /** Ports of what is open, by what plans call it. */
  ports(): Map<string, number> {
    return this.#serving?.listeners.ports() ?? new Map()
  }

  /** Writes what the logs hold; settles when it is out, or was given up. */
  close(): Promise<void> {
    return this.#logs.close()
  }

  #servingFor(snapshot: Snapshot): Serving {
    const accessLog = this.#logs.use(snapshot.config.logs)
    this.#ring.configure(snapshot.config.logs.inspector)
    if (!this.#serving) return (this.#serving = this.#begin(snapshot, accessLog))
    this.#serving.serve(snapshot, accessLog)
    return this.#serving
  }

  #begin(snapshot: Snapshot, accessLog: AccessLog | null): Serving {
    logBugs()
    tellBuffersTo(fullTeller(steadyMs))
    const serving = new Serving({
      board: this.#board,
      challenges: this.#challenges,
      handshakes: new HandshakeMeter(this.registry),
      accessLog,
      ring: this.#ring,
      meter: this.#meter,
      connectionMeter: this.#connectionMeter,
      limits: this.#limits,
      udp: this.#udp,
      snapshot,
      documents: (which) => this.#document(which),
    })
    this.#descriptors = this.#newsOfDescriptors((count) => serving.endLongestIdle(count))
    return serving
  }

  /** What listeners with status_endpoints answer: the same documents as on the admin listener. */
  #document(which: OwnDocument): { readonly status: number; readonly body: string } {
    return ownDocument(which, { snapshot: this.#current, board: this.#board, isLeaving: this.#isLeaving })
  }
}
