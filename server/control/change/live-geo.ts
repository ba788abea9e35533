// Follows the files of geo databases. One that says something else is taken up by all workers without another
// plan; one that is of no use changes nothing, and is told.
import type { Config } from '../../config/schema.ts'
import { GEO_KINDS, type GeoKind } from '../../geo/database.ts'
import { type GeoFiles, openDatabases, serveDatabases } from '../../geo/where.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { PlanBody } from '../processes/worker.ts'
import { problemOf } from '../problem.ts'
import { GeoCopies } from '../source/geo-copies.ts'
import type { RefusedFiles } from '../source/refused-files.ts'
import type { Amended } from './live-certificates.ts'
import type { Part } from './part.ts'

export interface LiveGeoOptions {
  /** The data folder. */
  readonly data: string
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  readonly isWatching: boolean
  readonly refused: RefusedFiles
}

export class LiveGeo implements Part {
  readonly name = 'geo'
  readonly #options: LiveGeoOptions
  readonly #copies: GeoCopies
  #config: Config | null = null
  #served: GeoFiles = {}
  #isLooking = false

  constructor(options: LiveGeoOptions) {
    this.#options = options
    this.#copies = new GeoCopies(options.data)
  }

  /** Copies of what the config names. Throws what stands against one, with its place as `path`. */
  async gather({ geo = {} }: Config): Promise<GeoFiles> {
    const files: Partial<Record<GeoKind, string>> = {}
    for (const kind of GEO_KINDS) {
      const file = geo[kind]
      if (file === undefined) continue
      try {
        files[kind] = await this.#copies.copyOf(file)
      } catch (error) {
        const served = this.#config?.geo?.[kind] === file ? this.#served[kind] : undefined
        const why = await whyNot(file, error)
        if (served === undefined)
          throw Object.assign(new Error(why, { cause: error }), { path: `geo.${kind}` })
        files[kind] = served
        this.#refuse(kind, why)
      }
    }
    return files
  }

  stage(): readonly [] {
    return []
  }

  commit({ config, geo = {} }: PlanBody): void {
    this.#config = config
    this.#served = geo
    const wanted = GEO_KINDS.filter((kind) => config.geo?.[kind] !== undefined)
    this.#options.refused.keep('geo', new Set(wanted))
    this.#serve(geo)
  }

  drop(): void {}

  /** Looks for changes; to be called every few seconds. */
  look(): void {
    if (this.#options.isWatching && !this.#isLooking) void this.#look()
  }

  stop(): void {
    this.#config = null
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      for (const kind of GEO_KINDS) {
        const file = this.#config?.geo?.[kind]
        if (file !== undefined && this.#copies.isOther(file)) await this.#replace(kind, file)
      }
    } finally {
      this.#isLooking = false
    }
  }

  async #replace(kind: GeoKind, file: string): Promise<void> {
    try {
      const copy = await this.#copies.copyOf(file)
      let isNew = false
      await this.#options.amend((plan) => {
        if (plan.config.geo?.[kind] !== file || plan.geo?.[kind] === copy) return null
        const geo = { ...plan.geo, [kind]: copy }
        isNew = true
        return { plan: { ...plan, geo }, amendment: { type: 'geo', files: geo } }
      })
      this.#options.refused.mended('geo', kind)
      if (!isNew) return
      this.#served = { ...this.#served, [kind]: copy }
      this.#serve(this.#served)
      logEvent('info', 'geo_replaced', { database: kind, file })
    } catch (error) {
      this.#refuse(kind, await whyNot(file, error))
    }
  }

  /** Who explains and tests here asks the same. */
  #serve(files: GeoFiles): void {
    serveDatabases(openDatabases(files))
    this.#copies.keep(new Set(Object.values(files)))
  }

  /** It is told once. */
  #refuse(kind: GeoKind, why: string): void {
    if (this.#options.refused.add('geo', kind, why))
      logEvent('warn', 'geo_refused', { database: kind, why, hint: 'what was there before goes on' })
  }
}

async function whyNot(file: string, error: unknown): Promise<string> {
  const { message } = problemOf(error)
  if (!(error instanceof Error && 'code' in error)) return `cannot use ${file}: ${message}`
  const { whyUnread } = await import('../../config/why-unread.ts')
  return `cannot read ${file}: ${whyUnread(error)}`
}
