// Clients of every kind on a gateway, good and bad, as one soak or another has them; at first also reloads
// and killed workers. When all have gone, nothing of them is left: no memory, descriptor, buffer or place.
import type { Gateway } from '../support/gateway.ts'
import { descriptorsOf, pipeEndsOf, residentBytes, sendSignal } from '../support/processes.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { SPARE_MAX } from '../../server/sockets/pipes.ts'
import type { SocketsKind } from '../../server/sockets/socket.ts'
import { pause, waitFor } from '../support/wait.ts'
import { gaugeOf } from './gauge.ts'

export interface StormOptions {
  readonly seconds: number
  readonly kind: SocketsKind
  readonly random: Random
  readonly workers: number
  /** Of a worker, between two quiet moments: what an engine's heap may keep for later. */
  readonly growthMax: number
}

export interface StormResult {
  readonly notes: readonly string[]
  /** Empty: all was well. */
  readonly problems: readonly string[]
}

const AT_ONCE = 24
/** A worker that lives for less counts as an early death, and a few of these take the config back. */
const KILL_EVERY_MS = 15_000
const ROUNDS = 3
/** Gauges that are back at none when nobody is connected. */
export const IN_USE = [
  'active_connections',
  'sockets_buffers_lent',
  'sockets_slots_used',
  'sockets_pipes_used',
  // One leaves only when the last of its requests is completed: so none of these is left, either.
  'sockets_ring_connections',
]

/** Runs it and looks at what is left. */
export async function storm(options: StormOptions, stage: Stage): Promise<StormResult> {
  const one = new Storm(options, stage)
  await one.all()
  return one
}

/** What a storm goes over. */
export interface Stage {
  readonly gateway: Gateway
  /** Clients; each plays its part once, and throws what must not be. */
  readonly parts: Readonly<Record<string, (random: Random) => Promise<void>>>
  /** Gauges that are back at none when nobody is connected. */
  readonly inUse: readonly string[]
  config(round: number): Record<string, unknown>
  /** Clients come from now on, in rough times with reloads and killed workers; all of them have gone. */
  begins?(isRough: boolean): void
  ends?(): void
  /** A part is over. */
  played(): void
}

/** Of each worker. */
type Footprint = ReadonlyMap<number, { readonly bytes: number; readonly descriptors: number }>

class Storm implements StormResult {
  readonly notes: string[] = []
  readonly problems: string[] = []
  readonly #options: StormOptions
  readonly #stage: Stage
  #lives = 0
  #kills = 0
  /** Whose worker was killed. */
  #lost = 0
  #round = 0

  constructor(options: StormOptions, stage: Stage) {
    this.#options = options
    this.#stage = stage
  }

  async all(): Promise<void> {
    const { seconds, kind, growthMax } = this.#options
    const { gateway } = this.#stage
    const has = gateway.last('serving')?.['sockets']
    if (has !== kind) this.problems.push(`it has ${String(has)}`)
    await this.#live(seconds * 0.4, true)
    // Once before it counts: what grows once for all is no leak.
    await this.#live(seconds * 0.2, false)
    const prints = [await this.#quiet(null)]
    let grown = 0
    // A heap that has not been collected yet is larger once; a leak grows again each time.
    for (let rounds = 0; rounds === 0 || (rounds < ROUNDS && grown > growthMax); rounds++) {
      await this.#live(seconds * 0.4, false)
      prints.push(await this.#quiet(prints[0] ?? null))
      grown = growth(prints.at(-2), prints.at(-1))
    }
    if (grown > growthMax)
      this.problems.push(`a worker grew by ${megabytes(grown)}, ${ROUNDS} times in a row`)
    if (this.#lost > this.#kills * AT_ONCE)
      this.problems.push(`${this.#lost} were lost by ${this.#kills} kills`)
    const bugs = gateway.events.filter(({ event }) => event === 'bug')
    this.problems.push(...bugs.map((bug) => JSON.stringify(bug)))
    this.notes.push(
      `on ${kind}: ${this.#lives} clients, ${this.#round} reloads, ${this.#kills} kills that ${this.#lost} were lost by`,
      prints.map(show).join(' → '),
    )
  }

  /** Lets clients of all kinds live for so long; in rough times the config changes and workers are killed. */
  async #live(seconds: number, isRough: boolean): Promise<void> {
    const untilMs = performance.now() + seconds * 1000
    const isOver = (): boolean => performance.now() >= untilMs || this.problems.length >= 20
    const { random } = this.#options
    this.#stage.begins?.(isRough)
    const clients = Array.from({ length: AT_ONCE }, () => {
      const own = seededRandom(1 + random.below(2 ** 31))
      return this.#clients(own, isOver, isRough)
    })
    await Promise.all(isRough ? [...clients, this.#rough(isOver)] : clients)
    this.#stage.ends?.()
  }

  async #clients(random: Random, isOver: () => boolean, isRough: boolean): Promise<void> {
    const { parts } = this.#stage
    const names = Object.keys(parts)
    while (!isOver()) {
      const name = random.pick(names)
      try {
        await parts[name]?.(random)
        this.#lives++
      } catch (problem) {
        if (isRough) this.#lost++
        else this.problems.push(`${name}: ${String(problem)}`)
      }
      this.#stage.played()
    }
  }

  /** A kill at the beginning, so that also a short run has one, and reloads all the time. */
  async #rough(isOver: () => boolean): Promise<void> {
    const { random } = this.#options
    const { gateway, config } = this.#stage
    let killAtMs = performance.now() + 500
    while (!isOver()) {
      await pause(200 + random.below(800))
      this.#round++
      await gateway.writeConfig(config(this.#round))
      gateway.signal('SIGHUP')
      const { event } = await waitFor(
        () =>
          gateway.events.findLast((one) => one['revision'] === this.#round + 1 || one.event === 'rejected'),
        { what: 'the reload' },
      )
      if (event === 'rejected') this.problems.push(`reload ${this.#round} was rejected`)
      if (performance.now() < killAtMs) continue
      killAtMs = performance.now() + KILL_EVERY_MS
      this.#kills++
      sendSignal(random.pick(gateway.workers), 'SIGKILL')
      await gateway.event('worker_replaced')
    }
  }

  /** What the workers hold once nobody is connected and memory stands still. */
  async #quiet(before: Footprint | null): Promise<Footprint> {
    const { gateway, inUse } = this.#stage
    for (const name of inUse)
      await waitFor(async () => (await gaugeOf(gateway, name)) === 0, { everyMs: 200 }).catch(async () =>
        this.problems.push(`${name}: ${await gaugeOf(gateway, name)} are left`),
      )
    for (const [pid, { descriptors }] of before ?? [])
      await waitFor(() => heldBy(pid) <= descriptors, { everyMs: 200 }).catch(() =>
        this.problems.push(`descriptors of ${pid}: ${descriptors} → ${heldBy(pid)}`),
      )
    let last = footprint(gateway)
    for (let looks = 0, quiet = 0; looks < 60 && quiet < 8; looks++) {
      await pause(250)
      const now = footprint(gateway)
      quiet = Math.abs(growth(last, now)) < 256 << 10 ? quiet + 1 : 0
      last = now
    }
    return last
  }
}

const footprint = ({ workers }: Gateway): Footprint =>
  new Map(workers.map((pid) => [pid, { bytes: residentBytes(pid), descriptors: heldBy(pid) }]))

/** Of the worker that grew most. */
const growth = (before: Footprint = new Map(), after: Footprint = new Map()): number =>
  Math.max(...[...after].map(([pid, { bytes }]) => bytes - (before.get(pid)?.bytes ?? 0)))

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const show = (print: Footprint): string =>
  [...print.values()]
    .map(({ bytes, descriptors }) => `${megabytes(bytes)}, ${descriptors} descriptors`)
    .join(' · ')

/** Descriptors, but for pipes that are kept for volume to come: a few of them are no leak. */
const heldBy = (pid: number): number => descriptorsOf(pid) - Math.min(pipeEndsOf(pid), 2 * SPARE_MAX)
