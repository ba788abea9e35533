// The admin listener through changes of its address: the new one is open before the old one closes, and a plan that is
// dropped leaves the old one alone.
import type { Config } from '../config/schema.ts'
import type { ApplyProblem } from './apply.ts'

/** An admin listener that is open. */
export interface OpenAdmin {
  /** `host:port` as it really is. */
  readonly address: string
  stop(): void
}

/** Opens an admin listener, or says why not. */
export type OpenAdminAt = (bind: string) => Promise<OpenAdmin | { readonly problem: string }>

interface BoundAdmin {
  readonly bind: string
  readonly admin: OpenAdmin
}

export class AdminKeeper {
  private readonly openAt: OpenAdminAt
  private open: BoundAdmin | null = null
  private staged: BoundAdmin | null = null

  constructor(openAt: OpenAdminAt) {
    this.openAt = openAt
  }

  /** Where it listens; null: it is turned off. */
  get address(): string | null {
    return this.open?.admin.address ?? null
  }

  /** Opens the address of a config unless it is open already; what stands against it. */
  async stage({ admin }: Config): Promise<ApplyProblem | null> {
    this.drop()
    if (admin === false || admin.bind === this.open?.bind) return null
    const opened = await this.openAt(admin.bind)
    if ('problem' in opened) return { path: 'admin.bind', message: opened.problem }
    this.staged = { bind: admin.bind, admin: opened }
    return null
  }

  commit({ admin }: Config): void {
    if (this.staged || admin === false) {
      this.open?.admin.stop()
      this.open = this.staged
    }
    this.staged = null
  }

  drop(): void {
    this.staged?.admin.stop()
    this.staged = null
  }

  stop(): void {
    this.drop()
    this.open?.admin.stop()
    this.open = null
  }
}
