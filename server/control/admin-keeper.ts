// The admin listener through changes of its address: the new one is open before the old one closes, and a
// plan that is dropped leaves the old one alone. Where both have the same port, as when 127.0.0.1 becomes
// 0.0.0.0, only one can be open: then the old one makes way, and comes back when the plan is dropped. One
// that moved still answers whoever moved it, and as long as that waits to be confirmed over the new one.
import type { AdminConfig } from '../admin/admin.options.ts'
import { copyListening } from '../lib/adopt-listening.ts'
import { parseBind } from '../lib/bind.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { logEvent } from '../telemetry/log.ts'
import { type AdminOpening, AdminTls, fingerprintOf, openingKey } from './admin-tls.ts'
import type { Part } from './change/part.ts'
import { ALL_SLOTS, type HandedOn, HandedSockets } from './sockets/handed-sockets.ts'
import type { PlanBody } from './processes/worker.ts'
import { type ApplyProblem, type Edition, problemOf } from './problem.ts'

/** An admin listener that is open. */
export interface OpenAdmin {
  /** `host:port` as it really is. */
  readonly address: string
  stop(): void
  /** Takes nothing new; who is connected is answered. */
  close?(): void
  /** Ends all that came by it; another process has its address. */
  leave?(): void
  /** What requests that come by it have as their server. */
  readonly server?: unknown
  /** Called every few seconds: it makes way when descriptors run short. */
  look?(): void
}

/** Opens an admin listener, or says why not. */
export type OpenAdminAt = (opening: AdminOpening) => Promise<OpenAdmin | AdminProblem>

interface AdminProblem {
  readonly problem: string
  /** Of the system, where it gave one. */
  readonly code?: string | null
}

/** What the socket of one is called that is handed on. */
export const adminKey = (bind: string): string => `admin ${bind}`

/** An answer that is under way has been read by then. */
const LEAVING_MS = 1000
const MOVE = 'stop it, or move the admin listener: admin: { bind: "127.0.0.1:PORT" }, or admin: false'

interface BoundAdmin {
  readonly opening: AdminOpening
  readonly admin: OpenAdmin
}

/** What the config says of it, and where its own certificate is kept. */
interface Wanted {
  readonly admin: AdminConfig
  readonly data: string
}

export class AdminKeeper implements Part {
  readonly name = 'admin'
  readonly #openAt: OpenAdminAt
  readonly #openOn: OpenAdminAt
  /** Settles when the first config is served: who asks earlier at a socket that was handed over waits. */
  readonly #served = Promise.withResolvers<void>()
  /** Another gateway opens it: a copy of its socket. */
  #resting: { readonly fd: number | null } | null = null
  readonly #tls = new AdminTls(Date.now)
  #wanted: Wanted | null = null
  #next: Wanted | null = null
  #open: BoundAdmin | null = null
  #staged: BoundAdmin | null = null
  /** It moved, and answers for a while. */
  #leaving: BoundAdmin | null = null
  #leavingTimer: Timer | null = null
  /** Whether the move waits to be confirmed. */
  isAwaited: () => boolean = () => false
  /** The address of the one that made way. */
  #madeWay: string | null = null
  #reopening: Promise<void> | null = null
  /** Why a certificate that was put in place of that of the config is not served. */
  #refused: string | null = null

  constructor(openAt: OpenAdminAt, handed: Pick<HandedSockets, 'take'> = new HandedSockets()) {
    this.#openOn = openAt
    this.#openAt = (opening) => {
      const { bind } = opening
      const take = (): number | null => handed.take('tcp', { key: adminKey(bind), bind }, [])[0]?.fd ?? null
      return openAt({ ...opening, handed: take, served: this.#served.promise })
    }
  }

  /** Where it listens; null: it is turned off. */
  get address(): string | null {
    return this.#open?.admin.address ?? null
  }

  /** Whether requests with this server come by it as it is now: not by the one before it moved. */
  isBy(server: unknown): boolean {
    return this.#open?.admin.server === server
  }

  /** SHA-256 of its certificate; null: it speaks no TLS, or is turned off. */
  get fingerprint(): string | null {
    const tls = this.#open?.opening.tls ?? null
    return tls === null ? null : fingerprintOf(tls)
  }

  /** Where it will listen when what is staged is kept. */
  get nextAddress(): string | null {
    return this.#staged?.admin.address ?? this.address
  }

  /** Opens the address of a config unless it is open already; what stands against it. */
  async stage({ config: { admin, data } }: Pick<Edition, 'config'>): Promise<readonly ApplyProblem[]> {
    this.drop()
    await this.#reopening
    if (admin === false) return []
    let opening: AdminOpening
    try {
      opening = await this.#tls.openingOf(admin, data)
    } catch (error) {
      return [{ path: 'admin.tls', message: `cannot be used: ${problemOf(error).message}` }]
    }
    this.#next = { admin, data }
    if (this.#open !== null && openingKey(opening) === openingKey(this.#open.opening)) return []
    // It comes back from where it moved to.
    if (this.#leaving !== null && openingKey(opening) === openingKey(this.#leaving.opening)) {
      this.#staged = this.#leaving
      return []
    }
    let opened = await this.#openAt(opening)
    if ('problem' in opened && opened.code === 'EADDRINUSE' && this.#hasPortOf(admin.bind)) {
      this.#makeWay()
      opened = await this.#openAt(opening)
    }
    if ('problem' in opened) {
      this.drop()
      await this.#reopening
      const hint = opened.code === 'EADDRINUSE' && { hint: MOVE }
      return [{ path: 'admin.bind', message: opened.problem, ...hint }]
    }
    this.#staged = { opening, admin: opened }
    return []
  }

  commit({ config: { admin } }: Pick<PlanBody, 'config'>): void {
    if (this.#staged || admin === false) {
      const before = this.#open
      this.#open = this.#staged
      if (this.#open === this.#leaving) this.#leaving = null
      this.#leave(this.#madeWay === null ? before : null)
    }
    this.#wanted = admin === false ? null : this.#next
    this.#staged = null
    this.#madeWay = null
  }

  /** All serve what was committed. */
  finish(): Promise<void> {
    this.#served.resolve()
    return this.#served.promise
  }

  /**
   * Called every few seconds: another certificate in its file, or one that we made anew as it comes to its
   * end, is served at once. One that is of no use is told, and the one before goes on.
   */
  async look(): Promise<void> {
    if (this.#resting !== null) return
    this.#open?.admin.look?.()
    const [open, wanted] = [this.#open, this.#wanted]
    if (open === null || open.opening.tls === null || wanted === null || this.#staged !== null) return
    try {
      const opening = await this.#tls.openingOf(wanted.admin, wanted.data)
      this.#refused = null
      if (this.#open !== open || this.#staged !== null || openingKey(opening) === openingKey(open.opening))
        return
      open.admin.stop()
      this.#reopening = this.#reopen({ ...opening, bind: open.admin.address }, opening)
      await this.#reopening
      logEvent('info', 'admin_certificate_replaced', { fingerprint: this.fingerprint })
    } catch (error) {
      const why = problemOf(error).message
      if (why !== this.#refused) logEvent('warn', 'admin_certificate_refused', { why })
      this.#refused = why
    }
  }

  drop(): void {
    if (this.#staged !== this.#leaving) this.#staged?.admin.stop()
    this.#staged = null
    if (this.#madeWay === null || !this.#open) return
    this.#reopening = this.#reopen({ ...this.#open.opening, bind: this.#madeWay }, this.#open.opening)
    this.#madeWay = null
  }

  /** Another gateway opens it: its socket, which it is to have; null: it has none. */
  rest(): HandedOn | null {
    if (this.#open === null) return null
    const { opening, admin } = this.#open
    const fd = copyListening(admin.address)
    this.#resting = { fd }
    this.#leave(null)
    if (admin.leave) admin.leave()
    else admin.stop()
    return fd === null ? null : { key: adminKey(opening.bind), slot: ALL_SLOTS, fd, isLent: false }
  }

  /** It does not, after all. */
  async wake(): Promise<void> {
    const [open, resting] = [this.#open, this.#resting]
    this.#resting = null
    if (open === null || resting === null) return
    let { fd } = resting
    const handed = (): number | null => {
      const one = fd
      fd = null
      return one
    }
    const { opening, admin } = open
    const opened = await this.#openOn({ ...opening, bind: admin.address, handed })
    this.#open = 'problem' in opened ? null : { opening, admin: opened }
  }

  stop(): void {
    if (this.#resting !== null) {
      closeFds(this.#resting.fd === null ? [] : [this.#resting.fd])
      this.#resting = null
      this.#open = null
    }
    this.#madeWay = null
    this.drop()
    this.#leave(null)
    this.#open?.admin.stop()
    this.#open = null
  }

  /** One that moves; another one that did so before is closed now. */
  #leave(one: BoundAdmin | null): void {
    if (this.#leavingTimer) clearTimeout(this.#leavingTimer)
    this.#leaving?.admin.stop()
    this.#leaving = one
    this.#leavingTimer = one === null ? null : setTimeout(() => this.#left(one), LEAVING_MS)
  }

  #left(one: BoundAdmin): void {
    if (this.isAwaited() || this.#staged === one)
      this.#leavingTimer = setTimeout(() => this.#left(one), LEAVING_MS)
    else this.#leave(null)
  }

  #hasPortOf(bind: string): boolean {
    return this.#open !== null && parseBind(this.#open.admin.address).port === parseBind(bind).port
  }

  #makeWay(): void {
    if (!this.#open) return
    const { admin } = this.#open
    this.#madeWay = admin.address
    // Who made this change hears of it.
    if (admin.close) admin.close()
    else admin.stop()
  }

  /** At the very port that it had. */
  async #reopen(there: AdminOpening, opening: AdminOpening): Promise<void> {
    const opened = await this.#openAt(there)
    this.#open = 'problem' in opened ? null : { opening, admin: opened }
    this.#reopening = null
  }
}
