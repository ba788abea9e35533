// All that the supervisor has for turn listeners: the relay, its UDP sockets and its door. They take part in
// each change of the config.
import { randomBytes } from 'node:crypto'
import { parseBind, portsOf } from '../../lib/bind.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { Config } from '../../config/schema.ts'
import { testSecretOf } from '../../turn/state/rest-names.ts'
import { ALL_SLOTS, type HandedOn, type HandedSockets } from '../sockets/handed-sockets.ts'
import { listenerPath, type BindProblem } from '../sockets/bind-problem.ts'
import type { ApplyProblem } from '../problem.ts'
import { doorPath, openDoor, type Door } from './door.ts'
import { RelayKeeper, type RelayKeeperOptions } from './relay-keeper.ts'
import { makeRelayBody, turnListeners, type RelayBody } from './relay-plan.ts'
import type { StartRelay } from './relay-start.ts'
import { Relay } from './relay.ts'
import type { AddressesByName, BindsByName } from '../sockets/binds.ts'
import { turnKey, UdpSockets } from '../sockets/udp-sockets.ts'
import type { PlanBody } from '../processes/worker.ts'

/** What metrics call the relay. */
const PROCESS = 'turn-relay'

export interface TurnKeeperOptions extends Pick<
  RelayKeeperOptions,
  'onReplaced' | 'onNotStarted' | 'onExit'
> {
  /** The data folder. */
  readonly data: string
  /** The config file. */
  readonly file: string
  readonly totals: Totals
  readonly start: StartRelay
  /** Where listeners are open for TCP, by name. */
  readonly tcpAddresses: (listeners: BindsByName) => AddressesByName
  /** Where the admin listener is, or will be with the plan that is prepared. */
  readonly adminAddress: () => string | null
  readonly workersOf: (config: Config) => number
  /** Whether the relay of a supervisor that was killed has not ended yet. */
  readonly isEnding: () => boolean
  /** Sockets that were open before us. */
  readonly handed?: HandedSockets | undefined
}

export class TurnKeeper {
  readonly relay: RelayKeeper
  readonly #options: TurnKeeperOptions
  readonly #udp: UdpSockets
  #path: string | null = null
  #door: Door | null = null
  #stagedDoor: Door | null = null
  #prepared: RelayBody | null = null
  /** Nonces stay good when the relay is replaced. */
  readonly #nonceKey = randomBytes(32).toString('hex')

  constructor(options: TurnKeeperOptions) {
    this.#options = options
    const { handed } = options
    this.#udp = new UdpSockets({ isEnding: () => this.relay.isLeaving || options.isEnding(), handed })
    this.relay = new RelayKeeper({
      start: (onExit) =>
        new Relay({ start: options.start, onMetrics: (delta) => options.totals.merge(delta), onExit }),
      onExit: (relay, how) => {
        const lost = this.#countLost()
        this.#forgetGauges()
        options.onExit(relay, lost > 0 ? { ...how, lost } : how)
      },
      onReplaced: options.onReplaced,
      onNotStarted: options.onNotStarted,
    })
  }

  /** What credentials of a test by the gateway's own people are made with. */
  get testSecret(): string {
    return testSecretOf(this.#nonceKey)
  }

  /** Where workers find the relay; null: the config has no turn listener. */
  doorOf(config: Config): string | null {
    if (!hasTurn(config)) return null
    this.#path ??= doorPath(this.#options.data, this.#options.file)
    return this.#path
  }

  /**
   * Opens the UDP sockets that are not open yet, and the door; all that stands against them, and then nothing
   * was opened.
   */
  async stage(config: Config): Promise<readonly BindProblem[]> {
    this.#dropStaged()
    const listeners = turnListeners(config)
    const [first] = Object.keys(listeners)
    if (first !== undefined && process.platform !== 'linux')
      throw Object.assign(new Error('found turn: it needs Linux'), {
        path: `${listenerPath(first)}.protocol`,
      })
    const problems = await this.#udp.stage(listeners, this.#tcpPorts(listeners))
    const path = this.doorOf(config)
    if (problems.length > 0 || path === null || this.#door) return problems
    try {
      this.#stagedDoor = openDoor(path)
    } catch (error) {
      this.#udp.drop()
      const message = `cannot make the door of the TURN relay, ${path}: ${error instanceof Error ? error.message : String(error)}`
      throw Object.assign(new Error(message, { cause: error }), { path: 'data' })
    }
    return []
  }

  /** Asks the relay to be ready; what stands against the plan. */
  async prepare(plan: PlanBody): Promise<readonly ApplyProblem[]> {
    const options = this.#options
    const tcp = options.tcpAddresses(plan.config.listeners)
    const body = makeRelayBody({
      plan,
      udp: this.#udp.sockets,
      door: hasTurn(plan.config) ? ((this.#stagedDoor ?? this.#door)?.socket ?? null) : null,
      ownAddresses: [...Object.values(tcp).flat().flatMap(portsOf), options.adminAddress()].filter(
        (address) => address !== null,
      ),
      nonceKey: this.#nonceKey,
      workers: options.workersOf(plan.config),
    })
    this.#prepared = body
    const why = await this.relay.prepare(body)
    return why === null ? [] : [problemOf(why)]
  }

  async commit(): Promise<void> {
    const prepared = this.#prepared
    this.#prepared = null
    if (!prepared) return
    this.#udp.commit()
    this.#door = this.#stagedDoor ?? this.#door
    this.#stagedDoor = null
    await this.relay.commit(prepared)
    if (Object.keys(prepared.plan.listeners).length > 0) return
    this.#door?.close()
    this.#door = null
  }

  /**
   * Lets allocations end. Clients that knock later find the door closed, and do not wait for a relay that
   * never comes.
   */
  async drain(withinMs: number): Promise<void> {
    await this.relay.drain(withinMs)
    this.#door?.close()
    this.#door = null
  }

  drop(): void {
    if (this.#prepared) this.relay.drop(this.#prepared)
    this.#prepared = null
    this.#dropStaged()
  }

  /** Allocations now: as of the last second. */
  get allocations(): number {
    return this.#options.totals.gaugesOf('turn_allocations').reduce((sum, { value }) => sum + value, 0)
  }

  /** The same by listener. */
  allocationsOf(config: Config): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const name of Object.keys(turnListeners(config))) counts[name] = 0
    for (const { labels, value } of this.#options.totals.gaugesOf('turn_allocations')) {
      const [name = ''] = labels
      if (name in counts) counts[name] = (counts[name] ?? 0) + value
    }
    return counts
  }

  /**
   * Where listeners are open for UDP, as a person knows them; `NAME.tcp` where TCP is not on the same port.
   */
  addresses(listeners: BindsByName): AddressesByName {
    const tcp = this.#options.tcpAddresses(listeners)
    const found: Record<string, string | readonly string[]> = {}
    for (const [name, address] of Object.entries(this.#udp.addresses(listeners))) {
      found[name] = address
      if (tcp[name] !== undefined && tcp[name] !== address) found[`${name}.tcp`] = tcp[name]
    }
    return found
  }

  /** Its UDP sockets, for another gateway. */
  handed(): readonly HandedOn[] {
    return this.#udp.sockets.map(({ key, fd }) => ({
      ...{ key: turnKey(key), slot: ALL_SLOTS, fd, isLent: false },
    }))
  }

  /** Closes our copies of the sockets; removes the door. */
  close(): void {
    this.#dropStaged()
    this.#udp.close()
    this.#door?.close()
    this.#door = null
  }

  #dropStaged(): void {
    this.#udp.drop()
    this.#stagedDoor?.close()
    this.#stagedDoor = null
  }

  /** Where any port will do, UDP takes that of TCP if it can. */
  #tcpPorts(listeners: BindsByName): Record<string, number> {
    const addresses = Object.entries(this.#options.tcpAddresses(listeners))
    return Object.fromEntries(
      addresses.flatMap(([name, address]) =>
        typeof address === 'string' ? [[name, parseBind(address).port] as const] : [],
      ),
    )
  }

  /** Counts what it had as ended: it cannot say so itself any more. */
  #countLost(): number {
    const { totals } = this.#options
    let lost = 0
    for (const { labels, value } of totals.gaugesOf('turn_allocations')) {
      const [listener = '', realm = ''] = labels
      if (value > 0)
        totals.counter('turn_allocations_ended_total', [listener, realm, 'relay_died']).add(value)
      lost += value
    }
    return lost
  }

  #forgetGauges(): void {
    const { totals } = this.#options
    totals.clear('turn_allocations')
    totals.clear('turn_connections')
    totals.forgetProcess(PROCESS)
  }
}

const hasTurn = (config: Config): boolean => Object.keys(turnListeners(config)).length > 0

/** The relay's words begin with the place in the config, where they are about one. */
function problemOf(why: string): ApplyProblem {
  const [, path, message] = /^(listeners[.[]\S*): (.*)$/s.exec(why) ?? []
  return path === undefined || message === undefined ? { path: '', message: why } : { path, message }
}
