// The algorithm that a user has written: it chooses, we take the place. Where it has nothing to say, or
// fails, the servers take turns.
import { messageOf } from '../plugins/load.ts'
import type * as api from '../plugins/api.ts'
import type { Pick, Usable } from './algorithm.ts'
import { roundRobin } from './by-order.ts'
import type { Server } from './server.ts'
import { isTried } from './tried.ts'

/** Another worker may take the last place at the server just chosen: then it chooses again, this often. */
const CHOICES = 4

/** Makes the pick of a plugin; null: nobody is served, and no code of users runs. */
export interface PluginAlgorithm {
  /** Tells one from another. */
  readonly code: string
  /** Throws what the plugin throws. */
  readonly make: (options: unknown) => api.Pick
  /** It has thrown, or chosen what is not there. */
  readonly failed: (why: string) => void
}

export function byPlugin(usable: Usable, options: unknown, plugin: PluginAlgorithm): Pick {
  const { servers, board } = usable
  const inTurn = roundRobin(usable)
  const views = servers.map((server) => new ServerView(server, usable))
  const pick = made(options, plugin)
  if (pick === null) return inTurn
  return (key, tried) => {
    for (let i = 0; i < CHOICES; i++) {
      const isOpen = ({ server }: ServerView): boolean =>
        !isTried(tried, server) && board.inFlight(server.slot) < server.maxConnections
      const open = views.every(isOpen) ? views : views.filter(isOpen)
      if (open.length === 0) return null
      const chosen = choice(pick, open, key, plugin)
      if (chosen === null) break
      const { server } = open[chosen] as ServerView
      if (board.enter(server.slot, server.maxConnections)) return server
    }
    return inTurn(key, tried)
  }
}

function made(options: unknown, plugin: PluginAlgorithm): api.Pick | null {
  try {
    return plugin.make(options)
  } catch (error) {
    plugin.failed(messageOf(error))
    return null
  }
}

function choice(
  pick: api.Pick,
  open: readonly ServerView[],
  key: number,
  { failed }: PluginAlgorithm,
): number | null {
  try {
    const place = pick(open, { key })
    if (place === null || place === undefined) return null
    if (Number.isInteger(place) && place >= 0 && place < open.length) return place
    failed(`it chose ${messageOf(place)} of ${open.length} servers`)
  } catch (error) {
    failed(messageOf(error))
  }
  return null
}

class ServerView implements api.Server {
  readonly server: Server
  readonly #usable: Usable

  constructor(server: Server, usable: Usable) {
    this.server = server
    this.#usable = usable
    Object.defineProperty(this, 'server', { enumerable: false, writable: false })
  }

  get name(): string {
    return this.server.name
  }
  get url(): string {
    return this.server.url
  }
  get weight(): number {
    return this.server.weight
  }
  get inFlight(): number {
    return this.#usable.board.inFlight(this.server.slot)
  }
  get latencyMs(): number | null {
    const { meanMs } = this.server.live.record
    return meanMs === 0 ? null : meanMs
  }
}
