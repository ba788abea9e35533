// One server as the prober sees it: what is known about it, and when it is checked next.
import type { Config } from '../../config/schema.ts'
import {
  isUnixPath,
  checkTypeOf,
  parseServerUrl,
  schemeOf,
  type ServerAddress,
} from '../../lib/server-url.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../../scoreboard/states.ts'
import type { BackendSlots, Slot } from '../../scoreboard/slot.ts'
import { type ClientTls, ServerTls } from '../../tls/server-tls.ts'
import { type HealthEntry, HealthHistory } from './history.ts'
import { Judge, type Verdict } from './judge.ts'
import type { ServerCheck } from './probe.ts'

export interface WatchedParts {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  readonly check: ServerCheck | null
  /** How TLS is spoken with it; null: it is not. */
  readonly tls: ClientTls | null
}

/** What a person has ordered: that it is not checked, and how it is in place of what checks say. */
export interface HealthOrder {
  readonly isPaused: boolean
  readonly forced: { readonly is: 'up' | 'down'; readonly why: string } | null
}

/** Nothing. */
export const NO_HEALTH_ORDER: HealthOrder = { isPaused: false, forced: null }

/** Why a server is not up that has had no result yet. */
export const NOT_CHECKED = 'not checked yet, so used only while no other is up'

const STATES: Readonly<Record<Verdict, number>> = { up: STATE_UP, down: STATE_DOWN, starting: STATE_STARTING }

/** A server, with or without a check. */
export class Watched {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  readonly address: ServerAddress
  check: ServerCheck | null
  /** As checks speak it. */
  tls: ServerTls | null
  judge: Judge
  /** Why its checks say that it is not up; null: they say that it is. */
  reason: string | null
  ordered: HealthOrder
  readonly history = new HealthHistory()
  /** Its state is on the scoreboard: the plan that names it is served. */
  isServed = false
  /** What has been told of it: the state and the reason. */
  told: { readonly state: number; readonly reason: string | null }
  /** Takes the next check back, or gives up the one that runs. */
  cancel: (() => void) | null = null
  isRunning = false
  startedMs = 0

  /** `knownAt` finds what is watched at a place already. */
  constructor(
    { backend, name, url, backendSlot, slot, check, tls }: WatchedParts,
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
    this.check = check
    this.tls = tls === null ? null : new ServerTls(tls, this.address.host)
    this.judge = new Judge(check === null ? 'up' : 'starting')
    this.reason = check === null ? null : NOT_CHECKED
    if (check !== null) this.#inherit(knownAt(this.place))
    this.told = { state: this.state, reason: this.why }
  }

  /**
   * An address keeps its state in another backend and under another name. What another question was answered
   * to is no verdict, but whoever is in use there may be used here until the first result.
   */
  #inherit(known: readonly Watched[]): void {
    const same = known.find((one) => one.judge.hasJudged && isSameCheck(one.check, this.check))
    if (same) {
      this.judge = same.judge.copy()
      this.reason = same.reason
    } else if (known.some((one) => one.judge.verdict === 'up')) {
      this.judge = new Judge('up')
      this.reason = null
    }
  }

  /** What it is asked when somebody wants to know; null: it cannot be asked. */
  get askable(): ServerCheck | null {
    return this.check ?? connectCheck(this.url)
  }

  /** As the scoreboard has it. */
  get state(): number {
    return STATES[this.ordered.forced?.is ?? this.judge.verdict]
  }

  /** Why it is not up; null: it is. */
  get why(): string | null {
    const { forced } = this.ordered
    if (forced === null) return this.reason
    return forced.is === 'up' ? null : forced.why
  }

  /** A check has ended, or (null) its state is another one than it `was`. */
  remember(
    result: HealthEntry['result'],
    { was, ...facts }: Pick<HealthEntry, 'atMs' | 'reason' | 'ms'> & { readonly was: number },
  ): void {
    const { state } = this
    const word = state === STATE_UP ? 'up' : state === STATE_DOWN ? 'down' : 'unchecked'
    this.history.add({ result, state: word, isChange: state !== was, ...facts })
  }

  /** Begins anew: it is used once a check has passed, or while no other is up. */
  forget(): void {
    if (this.check === null) return
    this.judge = new Judge('starting')
    this.reason = NOT_CHECKED
  }

  /** Whether the first result is awaited. */
  get isUnjudged(): boolean {
    return this.check !== null && !this.ordered.isPaused && !this.judge.hasJudged
  }

  /** Servers with the same are one and the same to whoever connects. */
  get place(): string {
    const { words } = this.tls?.client ?? { words: null }
    return `${isUnixPath(this.address.host) ? this.address.host : this.address.host.toLowerCase()}:${this.address.port} ${JSON.stringify(words)}`
  }

  /** Whether this is the same use of the same slot for the same address. */
  isSame({ url, slot }: WatchedParts): boolean {
    return this.url === url && this.slot.index === slot.index && this.slot.generation === slot.generation
  }
}

type Check = ServerCheck | null

/** Whether both say the same, down to the pace. */
export const isSameCheck = (one: Check, other: Check): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** Whether both put the same question to the server. */
export function asksTheSame(one: ServerCheck, other: ServerCheck): boolean {
  const pace = { interval: 0, interval_down: 0, timeout: 0, rise: 0, fall: 0 }
  return isSameCheck({ ...one, ...pace }, { ...other, ...pace })
}

/** Asks no more than whether somebody is there: of servers that have no check. Null: that cannot be asked. */
function connectCheck(url: string): ServerCheck | null {
  return url.startsWith('udp:') ? null : { ...CONNECT, type: 'tcp' }
}

const CONNECT: ServerCheck = {
  path: '/',
  method: 'GET',
  headers: {},
  interval: 10_000,
  interval_down: 5000,
  timeout: 2000,
  rise: 2,
  fall: 3,
  expect: { status: [], body_limit: 1, data_limit: 1 },
}

/** By backend and server. */
export const identityOf = ({ backend, name }: Pick<WatchedParts, 'backend' | 'name'>): string =>
  `${backend}\n${name}`

/** The servers of a config. */
export function* partsOf(
  { backends }: Config,
  slots: Readonly<Record<string, BackendSlots>>,
  tlsOf: (backend: string) => ClientTls | null = () => null,
): Generator<[identity: string, parts: WatchedParts]> {
  for (const [backend, { servers, health_check, answers, proxy_protocol }] of Object.entries(backends)) {
    const check =
      health_check === undefined
        ? null
        : { ...health_check, type: checkTypeOf(health_check, servers), answers, proxy_protocol }
    const tls = tlsOf(backend)
    for (const { name: given, url } of servers) {
      const name = given ?? url
      const own = slots[backend]
      const slot = own?.servers[name]
      if (own === undefined || slot === undefined)
        throw new Error(`no slot for server "${name}" of backend "${backend}"`)
      const parts = {
        backend,
        name,
        url,
        backendSlot: own.slot.index,
        slot,
        check,
        tls: schemeOf(url)?.isTls === true ? tls : null,
      }
      yield [identityOf(parts), parts]
    }
  }
}
