// Follows the files that TLS with servers is made of, and those of what clients are asked. Where one says
// something else, connections from then on are made with that, and those of before serve no other request, or
// are judged by it; nothing else is touched. One that is of no use changes nothing, and is told.
import { type FileTexts, textsOf } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'
import { ruleFiles } from '../../lib/rule-files.ts'
import { logEvent } from '../../telemetry/log.ts'
import { ClientPolicies } from '../../tls/client-policies.ts'
import { ClientTls } from '../../tls/server-tls.ts'
import { settingsOf } from '../../tls/tls-settings.ts'
import type { whyUnfit as WhyUnfit } from '../../tls/why-unfit.ts'
import { CrlEnds } from '../certificates/crl-ends.ts'
import type { PlanBody } from '../processes/worker.ts'
import { problemOf } from '../problem.ts'
import type { RefusedFiles } from '../source/refused-files.ts'
import { type FileOwner, fileOwners, tlsFiles } from '../source/tls-files.ts'
import { type FileWatch, watchFile } from '../source/watch-file.ts'
import { textOf } from '../source/file-text.ts'
import type { Amended } from './live-certificates.ts'
import type { Part } from './part.ts'

/** A certificate and its key are written within so long: what does not fit before is no news. */
const SETTLE_MS = 500

export interface LiveTlsFilesOptions {
  /** Changes one thing of the plan that is served, between two changes; null: there is nothing to change. */
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  readonly isWatching: boolean
  readonly refused: RefusedFiles
  readonly settleMs?: number
}

/**
 * What stands now in those files, and in those that rules name. Throws what stands against one, with its
 * place as `path`.
 */
export async function readPlanFiles(config: Config): Promise<FileTexts> {
  const read: Record<string, string> = {}
  for (const [file, path] of [...tlsFiles(config), ...ruleFiles(config)])
    read[file] = await textOf(file, path)
  return read
}

export class LiveTlsFiles implements Part {
  readonly name = 'tls_files'
  readonly #options: LiveTlsFilesOptions
  readonly #watches = new Map<string, FileWatch>()
  readonly #crls = new CrlEnds(Date.now)
  #config: Config | null = null
  /** What stands in them, as it is served. */
  #texts: FileTexts = {}
  #settling: Timer | null = null

  constructor(options: LiveTlsFilesOptions) {
    this.#options = options
  }

  stage(): readonly [] {
    return []
  }

  commit({ config, files = {} }: PlanBody): void {
    this.#config = config
    for (const owner of ['backend', 'listener'] as const) this.#options.refused.keep(owner, new Set())
    this.#texts = files
    this.#crls.lookNow(config, files)
    if (!this.#options.isWatching) return
    const wanted = tlsFiles(config)
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
    if (this.#config !== null) this.#crls.look(this.#config, this.#texts)
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
    if (this.#config === null) return
    for (const owner of fileOwners(this.#config)) await this.#replaceOf(owner)
  }

  /** Each by itself: what is broken in one keeps no other from its own. */
  async #replaceOf({ kind, name, files: wanted }: FileOwner): Promise<void> {
    const event = kind === 'backend' ? 'server_tls' : 'client_certificates'
    try {
      const files: Record<string, string> = {}
      for (const [file, place] of wanted) files[file] = await textOf(file, place)
      let changed: readonly string[] = []
      let isNew = false
      const { whyUnfit } = await import('../../tls/why-unfit.ts')
      await this.#options.amend((plan) => {
        const texts = { ...plan.files, ...files }
        changed = Object.keys(files).filter((path) => plan.files?.[path] !== files[path])
        if (changed.length === 0) return null
        // What workers would meet, so that they do not: another owner may make something else of a file.
        for (const owner of fileOwners(plan.config)) {
          if (!changed.some((path) => owner.files.has(path))) continue
          const why = whyUseless(plan.config, owner, texts, whyUnfit)
          const isOther = owner.kind !== kind || owner.name !== name
          if (why !== null) throw new Error(isOther ? `${why} (${owner.kind} "${owner.name}")` : why)
        }
        isNew = true
        this.#texts = texts
        return { plan: { ...plan, files: texts }, amendment: { type: 'files', texts: files } }
      })
      this.#options.refused.mended(kind, name)
      if (!isNew) return
      logEvent('info', `${event}_replaced`, { [kind]: name, files: changed })
      if (this.#config !== null) this.#crls.lookNow(this.#config, this.#texts)
    } catch (error) {
      const { message: why } = problemOf(error)
      // It is told once.
      if (this.#options.refused.add(kind, name, why))
        logEvent('warn', `${event}_refused`, { [kind]: name, why, hint: 'what was there before goes on' })
    }
  }
}

/** What stands against these texts as this owner makes use of them; null: nothing. */
function whyUseless(
  config: Config,
  { kind, name }: FileOwner,
  texts: FileTexts,
  why: typeof WhyUnfit,
): string | null {
  try {
    return kind === 'backend' ? whyNotByServers(config, name, texts, why) : tryClients(config, name, texts)
  } catch (error) {
    return problemOf(error).message
  }
}

function whyNotByServers(
  { backends }: Config,
  name: string,
  files: FileTexts,
  why: typeof WhyUnfit,
): string | null {
  const { tls: words } = backends[name] ?? {}
  const { cert, key } = words ?? {}
  const texts = textsOf(words, files)
  if (cert !== undefined && key !== undefined && texts.cert !== null && texts.key !== null) {
    const found = why({ cert: texts.cert, key: texts.key }, { cert, key })
    if (found !== null) return found
  }
  void new ClientTls(words, texts)
  return null
}

function tryClients({ listeners }: Config, name: string, texts: FileTexts): null {
  const options = listeners[name]
  if (options?.protocol !== 'https' && options?.protocol !== 'tcp') return null
  const { client_certificate: words, tls } = options
  if (words !== undefined) void new ClientPolicies(settingsOf(tls), words, texts)
  return null
}
