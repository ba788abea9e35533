// Leads each client of an address to one worker, by the client's address (`steer`), as TLS sessions can be
// resumed only at the worker that began them. The sockets that share an address are a group of the kernel's,
// in the order in which they began to listen; when one closes the last takes its place. A program on the
// group chooses among them by its count of them, so that is told anew whenever one comes or goes. A worker
// that is replaced changes nothing: its socket stays.
import { fstatSync } from 'node:fs'
import { ptr } from 'bun:ffi'
import { attachProgram } from '../../lib/classic-bpf.ts'
import { SystemProblem } from '../../lib/bind-fd.ts'
import { errno, libc } from '../../lib/native.ts'
import { steerProgram } from '../../lib/steer-program.ts'
import { listeningBeside } from '../../lib/tcp-table.ts'
import { logEvent } from '../../telemetry/log.ts'

const SOL_SOCKET = 1
const SO_ATTACH_REUSEPORT_CBPF = 51
const SO_DETACH_REUSEPORT_BPF = 68

/** Between looks at those that were there before us; twice as long after each, up to the second. */
const LOOK_MS_MIN = 250
const LOOK_MS_MAX = 60_000

/** Outside of tests: the system's own. An errno; 0: it was done. */
export interface SteeringWorld {
  readonly attach: (fd: number, count: number, first: number) => number
  readonly detach: (fd: number) => number
  readonly beside: (inode: string, port: number) => ReadonlySet<string>
}

const SYSTEM: SteeringWorld = {
  attach: (fd, count, first) =>
    attachProgram(fd, SO_ATTACH_REUSEPORT_CBPF, steerProgram(count, first)) ? 0 : errno(),
  detach: (fd) => {
    const nothing = new Int32Array(1)
    const { setsockopt } = libc()
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, ptr(nothing), nothing.byteLength) === 0
      ? 0
      : errno()
  },
  beside: listeningBeside,
}

/** Our sockets of an address. */
export interface SteeredSockets {
  readonly port: number
  readonly fdBySlot: ReadonlyMap<number, number>
}

export class Steering {
  readonly #sockets: SteeredSockets
  readonly #world: SteeringWorld
  /** Of workers that a killed supervisor left behind: their sockets come first in the group. */
  #before: ReadonlySet<string>
  /** The listener whose clients are steered; null: none; undefined: it was not said yet. */
  #listener: string | null | undefined
  #hasTold = false
  #lookMs = LOOK_MS_MIN
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `isShared`: others had the address already, and share it with us. */
  constructor(sockets: SteeredSockets, isShared: boolean, world: SteeringWorld = SYSTEM) {
    this.#sockets = sockets
    this.#world = world
    this.#before = isShared ? this.#others() : new Set()
  }

  /** For this listener; null: the kernel is to choose by itself. */
  set(listener: string | null): void {
    const was = this.#listener
    this.#listener = listener
    this.#forgetEnded()
    if (listener !== null) return this.changed()
    clearTimeout(this.#timer)
    // Those before us may have left their program on the group.
    const isOn = was === undefined ? this.#before.size > 0 : was !== null
    const [fd] = this.#sockets.fdBySlot.values()
    if (fd !== undefined && isOn) this.#world.detach(fd)
  }

  /** Sockets of ours came or go. */
  changed(): void {
    const { fdBySlot } = this.#sockets
    const [fd] = fdBySlot.values()
    if (typeof this.#listener !== 'string' || fd === undefined) return
    const failed = this.#world.attach(fd, fdBySlot.size, this.#before.size)
    if (failed !== 0) this.#tell(this.#listener, failed)
    this.#lookLater()
  }

  close(): void {
    this.#listener = null
    clearTimeout(this.#timer)
  }

  /**
   * While any of those before us is there, ours keep to the indexes behind all of them: where one has gone
   * and ours took its place, the kernel chooses by itself instead. So nobody is led to them, whatever state
   * they are in.
   */
  #lookLater(): void {
    clearTimeout(this.#timer)
    if (this.#before.size === 0) return
    this.#timer = setTimeout(() => {
      this.#lookMs = Math.min(2 * this.#lookMs, LOOK_MS_MAX)
      if (this.#forgetEnded()) this.changed()
      else this.#lookLater()
    }, this.#lookMs)
    this.#timer.unref()
  }

  /** Once none of those before us is there any more: whether it is so now, and was not. */
  #forgetEnded(): boolean {
    if (this.#before.size === 0) return false
    const now = this.#others()
    if ([...this.#before].some((inode) => now.has(inode))) return false
    this.#before = new Set()
    return true
  }

  #others(): Set<string> {
    const own = [...this.#sockets.fdBySlot.values()].map((fd) => String(fstatSync(fd).ino))
    const [first] = own
    if (first === undefined) return new Set()
    const all = new Set(this.#world.beside(first, this.#sockets.port))
    for (const inode of own) all.delete(inode)
    return all
  }

  #tell(listener: string, failed: number): void {
    if (this.#hasTold) return
    this.#hasTold = true
    logEvent('warn', 'not_steered', {
      listener,
      port: this.#sockets.port,
      why: new SystemProblem('setsockopt SO_ATTACH_REUSEPORT_CBPF', failed).message,
      hint: HINT,
    })
  }
}

const HINT =
  'it is served without "steer": TLS sessions are resumed only by chance; allow setsockopt in the seccomp profile, or leave "steer" out'
