import type { PluginAlgorithm } from '../../../server/backends/by-plugin.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
// Backends on a scoreboard of their own, with every server up.
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import type { ServerConfig } from '../../../server/backends/server.options.ts'
import { Backend } from '../../../server/backends/backend.ts'
import { privateRegion, scoreboardOn, type Region } from '../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { packOrder, STATE_UP } from '../../../server/scoreboard/states.ts'
import type { BackendSlots } from '../../../server/scoreboard/slot.ts'

/** The defaults. */
export const RETRY: BackendConfig['retry'] = {
  attempts: 3,
  backoff: 25,
  backoff_max: 5000,
  statuses: [],
  faults: ['default'],
  retry_after_max: 5000,
  budget: { ratio: 0.2, least: 3 },
}

export function serverConfig(change: Partial<ServerConfig> & { name: string }): ServerConfig {
  return { url: `http://${change.name}:8080`, weight: 1, backup: false, ...change }
}

export function backendConfig(
  servers: readonly (Partial<ServerConfig> & { name: string })[],
  change: Partial<BackendConfig> = {},
): BackendConfig {
  return {
    algorithm: 'round_robin',
    servers: servers.map(serverConfig),
    panic_threshold: 0,
    retry: RETRY,
    queue: { size: 4, timeout: 5000 },
    timeouts: { connect: 5000, response: 60_000, idle: 30_000, stream: 600_000, rate_min: 240 },
    answers: 'strict',
    dashboard: false,
    keep_alive: { idle: 4000, connections: 1024 },
    ...change,
  }
}

/** Slots from 1 on, in order; the same name has the same slot in each config that is asked for. */
export class Bench {
  readonly region: Region = privateRegion(64, 4)
  readonly board: Scoreboard = scoreboardOn(this.region, 0)
  readonly #slots = new Map<string, number>()

  slots(options: BackendConfig): BackendSlots {
    const servers = Object.fromEntries(
      options.servers.map(({ name = '' }) => [name, { index: this.slotOf(name), generation: 0 }]),
    )
    return { slot: { index: 1, generation: 0 }, servers }
  }

  slotOf(server: string): number {
    const slot = this.#slots.get(server) ?? this.#slots.size + 2
    this.#slots.set(server, slot)
    return slot
  }

  /** A backend of worker `row`, all of whose servers are up. */
  backend(
    options: BackendConfig,
    parts: {
      row?: number
      previous?: Backend
      chance?: () => number
      now?: () => number
      shared?: () => number
      files?: Readonly<Record<string, string>>
      stickySecret?: string
      plugin?: PluginAlgorithm
    } = {},
  ) {
    const slots = this.slots(options)
    for (const { index } of Object.values(slots.servers))
      if (this.board.state(index) === 0) this.board.setState(index, STATE_UP)
    const { row = 0, previous = null, chance = Math.random } = parts
    return new Backend({
      name: 'api',
      options,
      slots,
      board: scoreboardOn(this.region, row),
      previous,
      chance,
      ...(parts.now ? { now: parts.now } : {}),
      ...(parts.shared ? { shared: parts.shared } : {}),
      ...(parts.files ? { files: parts.files } : {}),
      ...(parts.plugin ? { plugin: parts.plugin } : {}),
      stickySecret: parts.stickySecret,
    })
  }

  /** Orders something of a server as the supervisor does. */
  order(server: string, admin: number, weight: number | null = null): void {
    this.board.setOrder(this.slotOf(server), packOrder(admin, weight))
    this.board.bumpEpoch(1)
  }

  /** Sets a server's state as the supervisor does. */
  set(server: string, state: number): void {
    this.board.setState(this.slotOf(server), state)
    this.board.bumpEpoch(1)
  }
}

/** The names of the servers of so many picks, each given back at once. */
export function walk(backend: Backend, picks: number, key: (pick: number) => number = () => 0): string[] {
  return Array.from({ length: picks }, (_, i) => {
    const server = backend.pick(key(i), null)
    if (server) backend.release(server, ANSWERED)
    return server?.name ?? '-'
  })
}

/** How often each value occurs. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
