// `workers: 0`: the same machine in the supervisor's own process, with the same steps. No descriptors travel: on Linux it
// adopts copies of the supervisor's, elsewhere it binds by itself.
import { socketKey } from '../lib/bind.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { DataPlane } from './data-plane.ts'
import type { Plan } from './messages.ts'

/** Where a plan's sockets come from: copies to keep, by key; null: bind by yourself. */
export type SocketSource = ((key: string) => { readonly fd: number; readonly port: number }) | null

export class InProcess {
  readonly plane: DataPlane
  private readonly socket: SocketSource
  private keys = new Set<string>()

  constructor(board: Scoreboard, socket: SocketSource) {
    this.plane = new DataPlane(board, 'supervisor')
    this.socket = socket
  }

  /** Null, or why not. */
  prepare(plan: Omit<Plan, 'sockets'>): string | null {
    const { socket } = this
    try {
      const missing = Object.entries(plan.config.listeners)
        .map(([listener, { bind }]) => ({ listener, bind, key: socketKey(listener, bind) }))
        .filter(({ key }) => !this.keys.has(key))
      const sockets = socket ? missing.map(({ key, ...named }) => ({ ...named, ...socket(key) })) : []
      this.plane.prepare(
        { ...plan, sockets },
        sockets.map(({ fd }) => fd),
      )
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  commit(plan: Pick<Plan, 'config'>): void {
    this.keys = new Set(
      Object.entries(plan.config.listeners).map(([listener, { bind }]) => socketKey(listener, bind)),
    )
    this.plane.commit()
  }
}
