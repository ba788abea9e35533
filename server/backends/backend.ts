// A backend: its servers, which of them are usable now, and the algorithm that picks one.
import type { RequestHead } from '../head/request-head.ts'
import { nowMs } from '../lib/clock.ts'
import type { Chance } from '../lib/random.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { BackendSlots } from '../scoreboard/slot.ts'
import type { ClientTls } from '../tls/server-tls.ts'
import type { Pick } from './algorithm.ts'
import type { BackendConfig } from './backend.options.ts'
import { Bell } from './bell.ts'
import { type Breaker, breakerOf } from './circuit-breaker.ts'
import { type BackendParts, isAlike, type MadeOf } from './backend-parts.ts'
import type { ServerConfig } from './server.options.ts'
import { type BackendLimit, backendLimitOf } from './backend-limit.ts'
import { clientKeyOf, keyOf, type KeyOf } from './key.ts'
import { type Outcome, judgeFailure, judgeHead, judgeWhole } from './outcome.ts'
import { isBlind, pickNone, picksOf } from './picks.ts'
import { Probes } from './probes.ts'
import { type WaitPick, WaitQueue } from './queue.ts'
import { RetryPolicy } from './retry-policy.ts'
import { type Server, serversOf, takeKeepAlive } from './server.ts'
import { type Sticky, stickyOf } from './sticky.ts'
import { type Tried, isTried } from './tried.ts'
import { Turns } from './turns.ts'
import { clientTlsOf, type FileTexts, textsOf, tlsFilesOf } from './tls.ts'
import { inUse, isAnyUntried, isByBreakers, NONE, unusedOf } from './usable.ts'
import { baseWeights, weigh } from './weights.ts'

/** A named group of servers with an algorithm and policies. The constructor has no effects. */
export class Backend {
  readonly name: string
  readonly slot: number
  servers: readonly Server[]
  options: BackendConfig
  /** Why servers are not up, by name; stale for those that are. */
  readonly reasons: Map<string, string>
  readonly queue: WaitQueue
  /** When another attempt is made. */
  readonly retry: RetryPolicy
  /** What all of its servers may carry together; null: as much as each may. */
  readonly limit: BackendLimit | null
  /** What servers are spoken to by whose URL asks for TLS; null: none does. */
  tls: ClientTls | null
  /** After a pick that gave null: a server was usable and untried, but all such were full. */
  lastPickFull = false
  /** Which server a request belongs to by its cookie; null: that is not looked at. */
  readonly sticky: Sticky | null
  /** The key that hash algorithms need; 0 for others. */
  readonly key: (request: RequestHead, clientAddress: string) => number
  /** The same for a client that only connects. */
  readonly clientKey: (clientAddress: string) => number
  readonly #board: Scoreboard
  readonly #chance: Chance
  readonly #bell: Bell
  readonly #now: () => number
  readonly #made: MadeOf
  readonly #breaker: Breaker | null
  /** Those to whom their breakers let a few attempts through. */
  readonly #probes: Probes
  #files: FileTexts
  #usable: readonly Server[] = NONE
  #standBy: readonly Server[] = NONE
  /** Those to whom somebody may belong, and those that drain among them. */
  #bound: readonly Server[] = NONE
  #pick: Pick = pickNone
  /** Of the backups that stand by. */
  #pickBackup: Pick = pickNone
  /** The epoch that `#usable` was made for; NaN: none yet. */
  #epoch = NaN

  constructor({
    name,
    options,
    slots,
    board,
    previous,
    files = {},
    chance = Math.random,
    now,
    stickySecret,
    plugin,
    shared,
  }: BackendParts<Backend>) {
    this.name = name
    this.slot = slots.slot.index
    this.options = options
    this.#board = board
    this.#chance = chance
    this.#now = now ?? (() => nowMs)
    this.key = keyOf(options) satisfies KeyOf
    this.clientKey = clientKeyOf(options)
    this.reasons = new Map(previous?.reasons)
    this.retry = new RetryPolicy(options.retry, board, this.slot, previous?.retry ?? null)
    this.limit = backendLimitOf(options, board, this.slot)
    this.#files = files
    this.tls = clientTlsOf(options, files, previous?.tls ?? null)
    this.#probes = new Probes(board)
    this.#breaker = breakerOf(this, options, board, shared)
    const before = previous?.servers ?? NONE
    this.servers = serversOf(this, { options, slots, breaker: this.#breaker, before })
    this.#made = { options, slots, board, stickySecret, plugin }
    this.sticky = stickyOf({
      backend: name,
      options,
      servers: this.servers,
      board,
      secret: stickySecret,
      previous: previous?.sticky ?? null,
    })
    const clock = now ?? (() => performance.now())
    const turns = new Turns(board.gauges.waits, this.slot)
    this.#bell = previous === null ? new Bell(clock, turns) : previous.#bell
    const { size, timeout } = options.queue
    const pick: WaitPick = (key, tried, preferred) => this.pick(key, tried, preferred)
    this.queue = new WaitQueue({ size, timeoutMs: timeout, pick, bell: this.#bell })
  }

  /**
   * Picks a server and takes a place at it: one with room that is not in `tried`, and the preferred one
   * where it is such, or drains. Null: none; see `lastPickFull`.
   */
  pick(key: number, tried: Tried, preferred: Server | null = null): Server | null {
    this.#refresh()
    if (this.limit !== null && !this.limit.enter()) {
      this.lastPickFull = this.hasUntried(tried)
      return null
    }
    const server = this.#pickWithin(key, tried, preferred)
    if (server === null) this.limit?.leave()
    return server
  }

  #pickWithin(key: number, tried: Tried, preferred: Server | null): Server | null {
    // Who comes now stands behind those who wait already.
    const isNew = tried === null && !this.#bell.isServing
    const isBehind = isNew && (this.#bell.untried !== 0 || this.#bell.leavesToOthers())
    if (preferred !== null && !isBehind) {
      if (this.#takes(preferred, tried)) return preferred
      this.lastPickFull = this.#waitsFor(preferred, tried)
      if (this.lastPickFull) return null
    }
    const probe = isBehind || this.#probes.isEmpty ? null : this.#probes.take(key, tried, preferred)
    const server = probe ?? (isBehind ? null : this.#pick(key, tried))
    if (server === null) this.lastPickFull = this.hasUntried(tried)
    return server
  }

  #takes(server: Server, tried: Tried): boolean {
    const { sticky } = this
    const isIn =
      sticky === null ? this.#bound.includes(server) || this.#usable.includes(server) : sticky.keeps(server)
    return !isTried(tried, server) && isIn && this.#board.enter(server.slot, server.maxConnections)
  }

  /** It has no room, and nothing else will do. */
  #waitsFor(server: Server, tried: Tried): boolean {
    const { sticky } = this
    return sticky !== null && sticky.words.full === 'wait' && !isTried(tried, server) && sticky.keeps(server)
  }

  /**
   * Picks a server for another attempt, which is the last that may be made when `isLast`. A backup that
   * stands by takes that one, or any when the others have been tried: without a health check nothing else
   * would ever call it.
   */
  pickAgain(key: number, tried: Tried, isLast: boolean, preferred: Server | null = null): Server | null {
    this.#refresh()
    const backup = isLast ? this.#pickStandBy(key, tried) : null
    return (
      backup ?? this.pick(key, tried, preferred) ?? (this.lastPickFull ? null : this.#pickStandBy(key, tried))
    )
  }

  #pickStandBy(key: number, tried: Tried): Server | null {
    if (this.limit?.enter() === false) return null
    const server = this.#pickBackup(key, tried)
    if (server === null) this.limit?.leave()
    return server
  }

  /**
   * Has these servers from now on; those that stay keep their state. Who has picked one that leaves keeps it
   * to the end. Returns those that left.
   */
  replaceServers(list: readonly ServerConfig[], slots: BackendSlots): readonly Server[] {
    const before = this.servers
    const options = { ...this.options, servers: [...list] }
    this.tls ??= clientTlsOf(options, this.#files, null)
    this.servers = serversOf(this, { options, slots, breaker: this.#breaker, before })
    this.options = options
    this.sticky?.serversAre(this.servers)
    this.#epoch = NaN
    const kept = new Set(this.servers.map(({ live }) => live))
    if (this.#bell.length !== 0) this.#bell.ring()
    return before.filter(({ live }) => !kept.has(live))
  }

  /** Whether these would make what it is already; one that names files says no: those are looked at anew. */
  isOf(made: MadeOf): boolean {
    return (
      isAlike(made, { ...this.#made, options: this.options }, this.sticky !== null) &&
      this.servers.every(({ name, slot, generation: use }) => {
        const own = made.slots.servers[name]
        return own?.index === slot && own.generation === use
      })
    )
  }

  /** Files that TLS with its servers is made of say something else: for connections from now on. */
  filesChanged(files: FileTexts): void {
    const { tls } = this.options
    const known = { ...this.#files, ...files }
    if (tlsFilesOf(tls).some((path) => files[path] !== undefined)) this.tls?.replace(textsOf(tls, known))
    this.#files = known
  }

  /**
   * The head of a picked server's answer is here, `firstByteMs` after that was asked; less than 0: it was not
   * asked to the end yet, and what its client takes is not its time. Told at once, as tunnels and streams
   * last for hours.
   */
  answered(server: Server, status: number, firstByteMs: number): void {
    this.#board.attemptAnswered(server.slot)
    if (this.limit !== null) this.limit.answered(status, firstByteMs)
    if (this.options.dynamic_weights !== undefined)
      this.#board.shares.answered(server.slot, status, firstByteMs)
    const { latency } = this.retry
    if (latency !== null && firstByteMs >= 0 && status < 500) latency.add(firstByteMs, nowMs)
    judgeHead(this.#board, server, status, firstByteMs)
  }

  /** All of the answer is here whose head was told. */
  whole(server: Server, status: number): void {
    judgeWhole(this.#board, server, status)
  }

  /** Gives the place at a picked server back, with what became of it: exactly once for each pick. */
  release(server: Server, outcome: Outcome): void {
    if (outcome.is !== 'answered') judgeFailure(this.#board, server, outcome)
    if (server.permit !== null) server.permit.free()
    this.#board.leave(server.slot)
    if (this.limit !== null) this.limit.ended(outcome)
    if (this.#bell.length !== 0) this.#bell.ring()
  }

  /** Whether a server takes work, full or not, or one stands by. */
  get takesWork(): boolean {
    this.#refresh()
    return this.hasOther(null) || !this.#probes.isEmpty
  }

  /** Why servers are not used, in the order of the config: what a 503 says. */
  down(): readonly { server: string; reason: string }[] {
    return unusedOf(this.servers, this.#board, this.reasons)
  }

  /** What it is called that no server takes work. */
  get noneFault(): 'no_server' | 'circuit_open' {
    return isByBreakers(this.servers, this.#board) ? 'circuit_open' : 'no_server'
  }

  /** Whether one is usable that is not in `tried`, full or not. */
  hasUntried(tried: Tried): boolean {
    return isAnyUntried(this.#usable, tried)
  }

  /** The same of one that stands by, too: somebody else is left to ask. */
  hasOther(tried: Tried): boolean {
    return this.hasUntried(tried) || isAnyUntried(this.#standBy, tried)
  }

  #refresh(): void {
    const epoch = this.#board.epoch(this.slot)
    if (epoch !== this.#epoch) this.#prepare(epoch)
  }

  #prepare(epoch: number): void {
    this.#epoch = epoch
    for (const server of this.servers) takeKeepAlive(server)
    baseWeights(this.servers, this.#board)
    const used = inUse(this.servers, this.#board, this.options)
    const isPlain = !weigh(this.servers, used, this.#board, isBlind(this.options))
    this.#usable = used.usable
    this.#bound = used.bound
    this.#standBy = used.standBy
    this.#probes.prepare(used)
    this.sticky?.prepare(used)
    const ground = { board: this.#board, slot: this.slot, chance: this.#chance, now: this.#now, isPlain }
    const { pick, pickBackup } = picksOf(used, ground, this.options, this.#made.plugin)
    this.#pick = pick
    this.#pickBackup = pickBackup
  }
}
