// Follows the files that TLS with servers is made of. Where one says something else, connections from then on
// are made with that, and those of before serve no other request; nothing else is touched. One that is of no
// use changes nothing, and is told.
import type { FileTexts } from '../../backends/tls.ts'
import { textsOf, tlsFilesOf } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { ServerTlsWords } from '../../tls/server-tls.options.ts'
import { ClientTls } from '../../tls/server-tls.ts'
import type { whyUnfit as WhyUnfit } from '../../tls/why-unfit.ts'
import type { PlanBody } from '../processes/worker.ts'
import { problemOf } from '../problem.ts'
import type { RefusedFiles } from '../source/refused-files.ts'
import { serverFiles } from '../source/server-files.ts'
import { type FileWatch, watchFile } from '../source/watch-file.ts'
import { textOf } from '../source/file-text.ts'
import type { Amended } from './live-certificates.ts'
import type { Part } from './part.ts'

/** A certificate and its key are written within so long: what does not fit before is no news. */
const SETTLE_MS = 500

export interface LiveServerTlsOptions {
  /** Changes one thing of the plan that is served, between two changes; null: there is nothing to change. */
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  readonly isWatching: boolean
  readonly refused: RefusedFiles
  readonly settleMs?: number
}

/** What stands in those files now. Throws what stands against one, with its place as `path`. */
export async function readServerFiles(config: Config): Promise<FileTexts> {
  const read: Record<string, string> = {}
  for (const [file, path] of serverFiles(config)) read[file] = await textOf(file, path)
  return read
}

export class LiveServerTls implements Part {
  readonly name = 'server_tls'
  readonly #options: LiveServerTlsOptions
  readonly #watches = new Map<string, FileWatch>()
  #config: Config | null = null
  #settling: Timer | null = null

  constructor(options: LiveServerTlsOptions) {
    this.#options = options
  }

  stage(): readonly [] {
    return []
  }

  commit({ config, files = {} }: PlanBody): void {
    this.#config = config
    this.#options.refused.keep('backend', new Set())
    if (!this.#options.isWatching) return
    const wanted = serverFiles(config)
    for (const path of this.#watches.keys()) if (!wanted.has(path)) this.#forget(path)
    for (const path of wanted.keys()) {
      if (this.#watches.has(path)) continue
      const watch = watchFile(files[path] ?? null, { path, onChange: () => this.#lookSoon(), missingMs: 0 })
      this.#watches.set(path, watch)
    }
  }

  drop(): void {}

  /** Looks for changes that no event told; to be called every few seconds. */
  look(): void {
    for (const watch of this.#watches.values()) watch.look()
  }

  stop(): void {
    if (this.#settling !== null) clearTimeout(this.#settling)
    for (const path of this.#watches.keys()) this.#forget(path)
  }

  #forget(path: string): void {
    this.#watches.get(path)?.stop()
    this.#watches.delete(path)
  }

  #lookSoon(): void {
    if (this.#settling !== null) clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#settling = null
      void this.#replace()
    }, this.#options.settleMs ?? SETTLE_MS)
  }

  async #replace(): Promise<void> {
    for (const backend of Object.keys(this.#config?.backends ?? {})) await this.#replaceOf(backend)
  }

  /** Each backend by itself: what is broken in one keeps no other from its own. */
  async #replaceOf(backend: string): Promise<void> {
    try {
      const files = await this.#read(backend)
      const changed = Object.keys(files)
      if (changed.length === 0) return
      let isNew = false
      const { whyUnfit } = await import('../../tls/why-unfit.ts')
      await this.#options.amend((plan) => {
        const texts = { ...plan.files, ...files }
        if (changed.every((path) => plan.files?.[path] === files[path])) return null
        // What workers would meet, so that they do not: another backend may make something else of a file.
        for (const [name, { tls }] of Object.entries(plan.config.backends)) {
          if (!tlsFilesOf(tls).some((path) => changed.includes(path))) continue
          const why = whyUseless(tls, texts, whyUnfit)
          if (why !== null) throw new Error(name === backend ? why : `${why} (backend "${name}")`)
        }
        isNew = true
        return { plan: { ...plan, files: texts }, amendment: { type: 'files', texts: files } }
      })
      this.#options.refused.mended('backend', backend)
      if (isNew) logEvent('info', 'server_tls_replaced', { backend, files: changed })
    } catch (error) {
      const { message: why } = problemOf(error)
      // It is told once.
      if (this.#options.refused.add('backend', backend, why))
        logEvent('warn', 'server_tls_refused', { backend, why, hint: 'what was there before goes on' })
    }
  }

  async #read(backend: string): Promise<FileTexts> {
    const read: Record<string, string> = {}
    const path = `backends.${backend}.tls`
    for (const file of tlsFilesOf(this.#config?.backends[backend]?.tls)) read[file] = await textOf(file, path)
    return read
  }
}

/** What stands against these texts as words make use of them; null: nothing. */
function whyUseless(
  words: ServerTlsWords | undefined,
  files: FileTexts,
  why: typeof WhyUnfit,
): string | null {
  const { cert, key } = words ?? {}
  const texts = textsOf(words, files)
  if (cert !== undefined && key !== undefined && texts.cert !== null && texts.key !== null) {
    const found = why({ cert: texts.cert, key: texts.key }, { cert, key })
    if (found !== null) return found
  }
  try {
    void new ClientTls(words, texts)
    return null
  } catch (error) {
    return problemOf(error).message
  }
}
