// The admin listener through changes of its address: the new one is open before the old one closes, and a
// plan that is dropped leaves the old one alone. Where both have the same port, as when 127.0.0.1 becomes
// 0.0.0.0, only one can be open: then the old one makes way, and comes back when the plan is dropped.
import { parseBind } from '../lib/bind.ts'
import type { Part } from './change/part.ts'
import type { PlanBody } from './processes/worker.ts'
import type { ApplyProblem, Edition } from './problem.ts'

/** An admin listener that is open. */
export interface OpenAdmin {
  /** `host:port` as it really is. */
  readonly address: string
  stop(): void
}

/** Opens an admin listener, or says why not. */
export type OpenAdminAt = (bind: string) => Promise<OpenAdmin | AdminProblem>

interface AdminProblem {
  readonly problem: string
  /** Of the system, where it gave one. */
  readonly code?: string | null
}

const MOVE = 'stop it, or move the admin listener: admin: { bind: "127.0.0.1:PORT" }, or admin: false'

interface BoundAdmin {
  readonly bind: string
  readonly admin: OpenAdmin
}

export class AdminKeeper implements Part {
  readonly name = 'admin'
  readonly #openAt: OpenAdminAt
  #open: BoundAdmin | null = null
  #staged: BoundAdmin | null = null
  /** The address of the one that made way. */
  #madeWay: string | null = null
  #reopening: Promise<void> | null = null

  constructor(openAt: OpenAdminAt) {
    this.#openAt = openAt
  }

  /** Where it listens; null: it is turned off. */
  get address(): string | null {
    return this.#open?.admin.address ?? null
  }

  /** Where it will listen when what is staged is kept. */
  get nextAddress(): string | null {
    return this.#staged?.admin.address ?? this.address
  }

  /** Opens the address of a config unless it is open already; what stands against it. */
  async stage({ config: { admin } }: Pick<Edition, 'config'>): Promise<readonly ApplyProblem[]> {
    this.drop()
    await this.#reopening
    if (admin === false || admin.bind === this.#open?.bind) return []
    let opened = await this.#openAt(admin.bind)
    if ('problem' in opened && opened.code === 'EADDRINUSE' && this.#hasPortOf(admin.bind)) {
      this.#makeWay()
      opened = await this.#openAt(admin.bind)
    }
    if ('problem' in opened) {
      this.drop()
      await this.#reopening
      const hint = opened.code === 'EADDRINUSE' && { hint: MOVE }
      return [{ path: 'admin.bind', message: opened.problem, ...hint }]
    }
    this.#staged = { bind: admin.bind, admin: opened }
    return []
  }

  commit({ config: { admin } }: Pick<PlanBody, 'config'>): void {
    if (this.#staged || admin === false) {
      this.#open?.admin.stop()
      this.#open = this.#staged
    }
    this.#staged = null
    this.#madeWay = null
  }

  drop(): void {
    this.#staged?.admin.stop()
    this.#staged = null
    if (this.#madeWay === null || !this.#open) return
    this.#reopening = this.#reopen(this.#madeWay, this.#open.bind)
    this.#madeWay = null
  }

  stop(): void {
    this.#madeWay = null
    this.drop()
    this.#open?.admin.stop()
    this.#open = null
  }

  #hasPortOf(bind: string): boolean {
    return this.#open !== null && parseBind(this.#open.admin.address).port === parseBind(bind).port
  }

  #makeWay(): void {
    if (!this.#open) return
    this.#madeWay = this.#open.admin.address
    this.#open.admin.stop()
  }

  /** At the very port that it had. */
  async #reopen(address: string, bind: string): Promise<void> {
    const opened = await this.#openAt(address)
    this.#open = 'problem' in opened ? null : { bind, admin: opened }
    this.#reopening = null
  }
}
