// One server as the prober sees it: what is known about it by each of its checks, and when they ask next.
import { isUnixPath, parseServerUrl, type ServerAddress } from '../../lib/server-url.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../../scoreboard/states.ts'
import type { Slot } from '../../scoreboard/slot.ts'
import { type ClientTls, ServerTls } from '../../tls/server-tls.ts'
import { addressOf, calledOf, nameOf } from './check-words.ts'
import { type HealthEntry, HealthHistory } from './history.ts'
import { Judge, type Verdict } from './judge.ts'
import type { ServerCheck } from './probe.ts'
import { connectCheck, isSameCheck, type WatchedParts } from './watched-parts.ts'

/** Why a server is not up that has had no result yet. */
export const NOT_CHECKED = 'not checked yet, so used only while no other is up'

/** How the latest of its askings ended. */
export interface Ended {
  /** Ms since 1970. */
  readonly atMs: number
  /** Null: it has passed. */
  readonly reason: string | null
  readonly ms: number
}

/** One of the checks of a server, which is up while all of them say so. */
export class OneCheck {
  readonly of: Watched
  check: ServerCheck
  /** As it speaks it; null: it does not. */
  tls: ServerTls | null = null
  judge = new Judge('starting')
  /** Why it says that the server is not up; null: it says that it is. */
  reason: string | null = NOT_CHECKED
  ended: Ended | null = null
  /** Takes the next asking back, or gives up the one that runs. */
  cancel: (() => void) | null = null
  isRunning = false
  startedMs = 0
  /** What part of its interval the next pause is, so that many spread over all of it; null: the whole. */
  phase: number | null = null

  constructor(of: Watched, check: ServerCheck, tls: ClientTls | null) {
    this.of = of
    this.check = check
    this.speak(tls)
  }

  /** Whom it asks. */
  get address(): ServerAddress {
    return addressOf(this.check, this.of.url, this.of.address)
  }

  /** Another TLS, or none, from the next connection on. */
  speak(tls: ClientTls | null): void {
    const { host } = this.check
    this.tls = tls === null ? null : new ServerTls(tls, this.of.address.host, nameOf(host))
  }

  /** Asks this from now on. */
  ask(check: ServerCheck, tls: ClientTls | null): void {
    const hasOtherName = check.host !== this.check.host
    this.check = check
    if (hasOtherName || (this.tls?.client ?? null) !== tls) this.speak(tls)
  }

  /** It says that the server is up, until its first result. */
  trust(): void {
    this.judge = new Judge('up')
    this.reason = null
  }

  /** Nothing is known any more. */
  forget(): void {
    this.judge = new Judge('starting')
    this.reason = NOT_CHECKED
  }

  take(reason: string | null, atMs: number, ms: number): void {
    this.ended = { atMs, reason, ms }
    this.judge.take(reason === null, this.check)
    if (this.judge.verdict === 'up') this.reason = null
    else if (reason !== null) this.reason = reason
  }
}

/** What a person has ordered: that it is not checked, and how it is in place of what checks say. */
export interface HealthOrder {
  readonly isPaused: boolean
  readonly forced: { readonly is: 'up' | 'down'; readonly why: string } | null
}

/** Nothing. */
export const NO_HEALTH_ORDER: HealthOrder = { isPaused: false, forced: null }

const STATES: Readonly<Record<Verdict, number>> = { up: STATE_UP, down: STATE_DOWN, starting: STATE_STARTING }

/** A server, with or without checks. */
export class Watched {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  readonly address: ServerAddress
  tls: ClientTls | null
  checks: readonly OneCheck[] = []
  ordered: HealthOrder
  /** Why passive health has taken it out; null: it has not. */
  out: string | null = null
  readonly history = new HealthHistory()
  /** Its state is on the scoreboard: the plan that names it is served. */
  isServed = false
  /** What has been told of it: the state and the reason. */
  told: { readonly state: number; readonly reason: string | null }

  /** `knownAt` finds what is watched at a place already. */
  constructor(
    { backend, name, url, backendSlot, slot, checks, tls }: WatchedParts,
    knownAt: (place: string) => readonly Watched[],
    ordered: HealthOrder = NO_HEALTH_ORDER,
  ) {
    this.ordered = ordered
    this.backend = backend
    this.name = name
    this.url = url
    this.backendSlot = backendSlot
    this.slot = slot
    this.address = parseServerUrl(url)
    this.tls = tls
    this.checks = checks.map((check) => new OneCheck(this, check, tls))
    if (checks.length > 0) this.#inherit(knownAt(this.place))
    this.told = { state: this.state, reason: this.why }
  }

  /**
   * An address keeps its state in another backend and under another name. What another question was answered
   * to is no verdict, but whoever is in use there may be used here until the first result.
   */
  #inherit(known: readonly Watched[]): void {
    const all = known.flatMap(({ checks }) => checks)
    for (const own of this.checks) {
      const same = all.find((one) => one.judge.hasJudged && isSameCheck(one.check, own.check))
      if (same) {
        own.judge = same.judge.copy()
        own.reason = same.reason
      } else if (known.some((one) => one.verdict === 'up')) own.trust()
    }
  }

  /** What all its checks say together. */
  get verdict(): Verdict {
    const says = (verdict: Verdict) => this.checks.some(({ judge }) => judge.verdict === verdict)
    return says('down') ? 'down' : says('starting') ? 'starting' : 'up'
  }

  /** Why its checks say that it is not up; null: they say that it is. */
  get reason(): string | null {
    const { verdict } = this
    const against = this.checks.find(({ judge }) => verdict !== 'up' && judge.verdict === verdict)
    if (against === undefined) return null
    const { reason } = against
    return verdict === 'down' && this.checks.length > 1
      ? `${reason}, in check ${calledOf(against.check)}`
      : reason
  }

  /** What it is asked when somebody wants to know; none: it cannot be asked. */
  get askable(): readonly OneCheck[] {
    if (this.checks.length > 0) return this.checks
    const check = connectCheck(this.url)
    return check === null ? [] : [new OneCheck(this, check, this.tls)]
  }

  /** As the scoreboard has it. */
  get state(): number {
    return STATES[this.ordered.forced?.is ?? (this.out === null ? this.verdict : 'down')]
  }

  /** Why it is not up; null: it is. */
  get why(): string | null {
    const { forced } = this.ordered
    // What a check finds now says more than why it was taken out.
    if (forced === null) return this.verdict === 'down' ? this.reason : (this.out ?? this.reason)
    return forced.is === 'up' ? null : forced.why
  }

  /** A check has ended, or (null) its state is another one than it `was`. */
  remember(
    result: HealthEntry['result'],
    { was, ...facts }: Pick<HealthEntry, 'atMs' | 'reason' | 'ms' | 'check'> & { readonly was: number },
  ): void {
    const { state } = this
    const word = state === STATE_UP ? 'up' : state === STATE_DOWN ? 'down' : 'starting'
    this.history.add({ result, state: word, isChange: state !== was, ...facts })
  }

  /** Begins anew: it is used once all checks have passed, or while no other is up. */
  forget(): void {
    for (const one of this.checks) one.forget()
  }

  /** Whether a first result is awaited that may say more than is known. */
  get isUnjudged(): boolean {
    if (this.ordered.isPaused) return false
    const isDown = this.checks.some(({ judge }) => judge.hasJudged && judge.verdict === 'down')
    return !isDown && this.checks.some(({ judge }) => !judge.hasJudged)
  }

  /** Servers with the same are one and the same to whoever connects. */
  get place(): string {
    const { words } = this.tls ?? { words: null }
    return `${isUnixPath(this.address.host) ? this.address.host : this.address.host.toLowerCase()}:${this.address.port} ${JSON.stringify(words)}`
  }

  /** Whether this is the same use of the same slot for the same address. */
  isSame({ url, slot }: WatchedParts): boolean {
    return this.url === url && this.slot.index === slot.index && this.slot.generation === slot.generation
  }
}
