// Which groups of servers carry a backend now, and what part of it each: told when it is another one. Found
// by the code by which workers pick.
import type { BackendConfig } from '../../backends/backend.options.ts'
import { isBlind } from '../../backends/picks.ts'
import { newServer, type Server } from '../../backends/server.ts'
import { inUse } from '../../backends/usable.ts'
import { baseWeights, weigh } from '../../backends/weights.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { PlanBody } from '../processes/worker.ts'

/** By group, "backup" for backups, in hundredths; those that carry nothing are left out. */
export type GroupShares = Readonly<Record<string, number>>

export interface GroupsNews {
  readonly backend: string
  readonly shares: GroupShares
  /** Null: it is the first that is known. */
  readonly was: GroupShares | null
  /** Servers of the first group carry all, as they are meant to. */
  readonly isAsMeant: boolean
}

interface Watched {
  readonly backend: string
  readonly options: BackendConfig
  readonly servers: readonly Server[]
  readonly slot: number
  epoch: number
  shares: GroupShares | null
}

export class GroupsInUse {
  readonly #board: () => Scoreboard
  readonly #onNews: (news: GroupsNews) => void
  #watched: readonly Watched[] = []

  constructor(board: () => Scoreboard, onNews: (news: GroupsNews) => void) {
    this.#board = board
    this.#onNews = onNews
  }

  /** Whether any backend has several groups, or backups. */
  get isAny(): boolean {
    return this.#watched.length > 0
  }

  /** A plan is about to be served. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = new Map(this.#watched.map((one) => [one.backend, one.shares]))
    this.#watched = Object.entries(config.backends).flatMap(([backend, options]) => {
      const own = slots[backend]
      const groups = new Set(options.servers.map(groupOf))
      if (own === undefined || groups.size < 2) return []
      const servers = options.servers.flatMap(({ name, url }, index) => {
        const slot = own.servers[name ?? url]
        return slot ? [newServer({ backend, options, index, slot, tls: null, previous: null })] : []
      })
      const shares = before.get(backend) ?? null
      return [{ backend, options, servers, slot: own.slot.index, epoch: Number.NaN, shares }]
    })
  }

  /** Tells what is new. */
  look(): void {
    for (const one of this.#watched) {
      const epoch = this.#board().epoch(one.slot)
      if (epoch === one.epoch) continue
      one.epoch = epoch
      this.#tell(one)
    }
  }

  #tell(one: Watched): void {
    const { backend, servers } = one
    const shares = this.#sharesOf(one)
    // Nobody is up, or nothing is known yet: that is told elsewhere.
    if (shares === null || Bun.deepEquals(shares, one.shares)) return
    const was = one.shares
    one.shares = shares
    const first = Math.min(...servers.filter(({ backup }) => !backup).map(({ group }) => group))
    const isAsMeant = shares[first] === WHOLE
    if (was !== null || !isAsMeant) this.#onNews({ backend, shares, was, isAsMeant })
  }

  #sharesOf({ servers, options }: Watched): GroupShares | null {
    const board = this.#board()
    baseWeights(servers, board)
    const used = inUse(servers, board, options)
    weigh(servers, used, board, isBlind(options))
    const all = used.usable.reduce((sum, { weight }) => sum + weight, 0)
    if (all === 0) return null
    const shares: Record<string, number> = {}
    for (const one of used.usable) {
      const group = groupOf(one)
      shares[group] = (shares[group] ?? 0) + one.weight
    }
    for (const [group, weight] of Object.entries(shares)) shares[group] = Math.round((weight / all) * WHOLE)
    return shares
  }
}

const WHOLE = 100

const groupOf = ({ backup, group = 1 }: { readonly backup: boolean; readonly group?: number | undefined }) =>
  backup ? 'backup' : String(group)
