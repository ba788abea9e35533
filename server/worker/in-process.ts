// `workers: 0`: the same machine in the supervisor's own process, with the same steps. No descriptors travel:
// on Linux it adopts copies of the supervisor's, elsewhere it binds by itself.
import type { Steps } from '../lib/slices.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { flowBindsOf, tcpBindsOf } from '../lib/bind.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { DataPlane } from './data-plane.ts'
import type { Plan, PlanSocket } from '../snapshot/plan.ts'

/** Where a plan's sockets come from: copies to keep, by key; null: bind by yourself. */
export type SocketSource = ((key: string) => { readonly fd: number; readonly port: number } | null) | null

export class InProcess {
  readonly plane: DataPlane
  readonly #socket: SocketSource
  #keys = new Set<string>()

  constructor(board: Scoreboard, socket: SocketSource) {
    this.plane = new DataPlane(board, 'supervisor')
    this.#socket = socket
  }

  /** Null, or why not. */
  async prepare(plan: Omit<Plan, 'sockets'>): Promise<string | null> {
    try {
      const sockets = this.#socketsFor(keysOf(plan).filter((key) => !this.#keys.has(key)))
      await this.plane.prepare(
        given({ ...plan, sockets }),
        sockets,
        sockets.map(({ fd }) => fd),
      )
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  /** Copies for all of these addresses, or for none. */
  #socketsFor(missing: readonly string[]): (PlanSocket & { readonly fd: number })[] {
    const socket = this.#socket
    if (socket === null) return []
    const sockets: (PlanSocket & { readonly fd: number })[] = []
    try {
      for (const key of missing) {
        const taken = socket(key)
        if (taken !== null) sockets.push({ key, ...taken })
      }
      return sockets
    } catch (error) {
      closeFds(sockets.map(({ fd }) => fd))
      throw error
    }
  }

  commit(plan: Pick<Plan, 'config'>): void {
    this.#keys = new Set(keysOf(plan))
    this.plane.commit()
  }
}

/** A plan that is there whole. */
function* given(plan: Plan): Steps<Plan> {
  yield
  return plan
}

const keysOf = ({ config }: Pick<Plan, 'config'>): string[] =>
  Object.entries(config.listeners)
    .flatMap(([name, listener]) => [...tcpBindsOf(name, listener), ...flowBindsOf(name, listener)])
    .map(({ key }) => key)
