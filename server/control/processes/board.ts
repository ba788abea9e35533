// The scoreboard as the supervisor holds it: makes the region, grows it, gives records to their tenants.
import { mkdirSync } from 'node:fs'
import {
  createRegion,
  growRegion,
  privateRegion,
  scoreboardOn,
  type Region,
} from '../../scoreboard/region.ts'
import { Buckets } from '../../scoreboard/buckets.ts'
import { Leases } from '../../scoreboard/leases.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { Windows } from '../../scoreboard/windows.ts'
import { AdaptiveLimits } from './adaptive-limits.ts'
import type { PlanBody } from './worker.ts'

const FIRST_RECORDS = 16
/** The record of the gateway itself counts connections. */
const GATEWAY = 0

export class Board {
  readonly scoreboard: Scoreboard
  /** Where memory is when /dev/shm is not writable. */
  readonly folder: string
  #region: Region
  /** The file of the buckets; null: they are of this process alone. */
  readonly #bucketsFd: number | null
  #hasBuckets = false
  /** The file of the sliding windows; null: they are of this process alone. */
  readonly #windowsFd: number | null
  #hasWindows = false
  /** The file of the leases; null: they are of this process alone. */
  readonly #leasesFd: number | null
  #hasLeases = false
  readonly #adaptive = new AdaptiveLimits(() => this.scoreboard)

  private constructor(region: Region, row: number, folder: string) {
    this.#region = region
    this.folder = folder
    this.scoreboard = scoreboardOn(region, row)
    this.#bucketsFd = region.fd === null ? null : createIn(folder, Buckets.createFile)
    this.#windowsFd = region.fd === null ? null : createIn(folder, Windows.createFile)
    this.#leasesFd = region.fd === null ? null : createIn(folder, Leases.createFile)
  }

  /** A board that worker processes share; `folder` is where its memory is when /dev/shm is not writable. */
  static shared(rows: number, folder: string): Board {
    try {
      return new Board(createRegion(FIRST_RECORDS, rows), -1, folder)
    } catch {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      return new Board(createRegion(FIRST_RECORDS, rows, folder), -1, folder)
    }
  }

  /** A board for everything in this process, which then writes row 0. */
  static alone(): Board {
    return new Board(privateRegion(FIRST_RECORDS, 1), 0, '')
  }

  /** What workers map. */
  get fd(): number {
    if (this.#region.fd === null) throw new Error('this scoreboard is not shared')
    return this.#region.fd
  }

  /** Where they find the buckets of rate limits. */
  get bucketsFd(): number {
    if (this.#bucketsFd === null) throw new Error('these buckets are not shared')
    return this.#bucketsFd
  }

  /** Makes the buckets, with the first plan that needs them; their size stays. */
  reserveBuckets(bytes: number): void {
    if (this.#hasBuckets) return
    if (this.#bucketsFd === null) this.scoreboard.buckets = Buckets.private(bytes)
    else {
      Buckets.sizeFile(this.#bucketsFd, bytes)
      this.scoreboard.buckets = Buckets.shared(this.#bucketsFd)
    }
    this.#hasBuckets = true
  }

  /** Where they find what sliding windows count. */
  get windowsFd(): number {
    if (this.#windowsFd === null) throw new Error('these windows are not shared')
    return this.#windowsFd
  }

  /** Makes the windows, with the first plan that needs them; their size stays. */
  reserveWindows(bytes: number): void {
    if (this.#hasWindows) return
    if (this.#windowsFd === null) this.scoreboard.windows = Windows.private(bytes)
    else {
      Windows.sizeFile(this.#windowsFd, bytes)
      this.scoreboard.windows = Windows.shared(this.#windowsFd)
    }
    this.#hasWindows = true
  }

  /** Where they find what keys of rules hold. */
  get leasesFd(): number {
    if (this.#leasesFd === null) throw new Error('these leases are not shared')
    return this.#leasesFd
  }

  /** Makes the memory for them, with the first plan that needs it; its size stays. */
  reserveLeases(bytes: number): void {
    if (this.#hasLeases) return
    const { rows, row } = this.scoreboard
    if (this.#leasesFd === null) this.scoreboard.leases = Leases.private(bytes, rows, row)
    else {
      Leases.sizeFile(this.#leasesFd, bytes, rows)
      this.scoreboard.leases = Leases.shared(this.#leasesFd, rows, row)
    }
    this.scoreboard.leases.open()
    this.#hasLeases = true
  }

  /** Exchanges that are with a server now. */
  inFlight(): number {
    let sum = 0
    for (let slot = GATEWAY + 1; slot < this.scoreboard.records; slot++) sum += this.scoreboard.inFlight(slot)
    return sum
  }

  /**
   * Makes room for so many records. By halves more than needed: each growth is mapped anew by every process.
   */
  reserve(records: number): void {
    if (records <= this.#region.records) return
    this.#region = growRegion(this.#region, Math.max(records, Math.ceil(this.#region.records * 1.5)))
    const { bytes } = this.#region
    this.scoreboard.remap(bytes)
  }

  /** Finds limits for the backends of a plan that is about to be served. */
  adapt(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#adaptive.commit(plan)
  }

  /** Gives the records of a new plan to their tenants; those that have a new one begin at zero. */
  occupy(slots: PlanBody['slots']): void {
    for (const { slot, servers } of Object.values(slots))
      for (const { index, generation } of [slot, ...Object.values(servers)])
        this.scoreboard.setGeneration(index, generation)
  }
}

function createIn(folder: string, create: (folder: string | null) => number): number {
  try {
    return create(null)
  } catch {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return create(folder)
  }
}
