// The keys by which tokens are checked (auth.jwt): fetched from their issuers or read from files, and told to
// workers without another plan. What was good last goes on while an issuer is away, over a restart as well.
import type { Config } from '../../config/schema.ts'
import { keySourceOf, whyNoKeys } from '../../lib/jwt-words.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { KeysNews, KeyTexts } from '../../tokens/token-keys.ts'
import type { PlanBody } from '../processes/worker.ts'
import { problemOf } from '../problem.ts'
import { fetchKeys, type FetchKeysOptions } from '../source/fetch-keys.ts'
import { textOf } from '../source/file-text.ts'
import { KeptKeys } from '../source/kept-keys.ts'
import type { RefusedFiles } from '../source/refused-files.ts'
import type { Amended } from './live-certificates.ts'
import type { Part } from './part.ts'

export interface LiveKeysOptions {
  /** The data folder. */
  readonly data: string
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  readonly isWatching: boolean
  readonly refused: RefusedFiles
  readonly nowMs?: () => number
  readonly fetch?: (options: FetchKeysOptions) => Promise<string>
}

/** A start or a change waits no longer for an issuer whose keys nobody has. */
const FIRST_MS_MAX = 2000
/** However many tokens name keys that nobody knows, an issuer is asked no oftener. */
const WANTED_EVERY_MS = 10_000
const AGAIN_MS = { first: 2000, most: 60_000 }

interface Issuer {
  /** As `auth.jwt` calls it; of several that share a source the first. */
  readonly name: string
  readonly source: string
  readonly isFile: boolean
  readonly ca: string | null
  readonly refreshMs: number
}

/** What is known of a source. */
interface Known {
  text: string | null
  /** When it is fetched next, and when it was as somebody wanted that. */
  dueMs: number
  wantedMs: number
  failures: number
  under: Promise<void> | null
}

export class LiveKeys implements Part {
  readonly name = 'keys'
  readonly #options: LiveKeysOptions
  readonly #kept: KeptKeys
  readonly #known = new Map<string, Known>()
  readonly #stop = new AbortController()
  #issuers: readonly Issuer[] = []

  constructor(options: LiveKeysOptions) {
    this.#options = options
    this.#kept = new KeptKeys(options.data)
  }

  /** What is known of what the config names. Throws what stands against a file, with its place as `path`. */
  async gather(config: Config): Promise<KeyTexts> {
    const issuers = issuersOf(config)
    await Promise.all(issuers.map((issuer) => this.#first(issuer)))
    return this.#textsOf(issuers)
  }

  stage(): readonly [] {
    return []
  }

  commit({ config }: PlanBody): void {
    this.#issuers = issuersOf(config)
    const sources = new Set(this.#issuers.map(({ source }) => source))
    for (const source of this.#known.keys()) if (!sources.has(source)) this.#known.delete(source)
    this.#options.refused.keep('jwt', new Set(this.#issuers.map(({ name }) => name)))
  }

  drop(): void {}

  /** Fetches what is due and looks for files that have changed; to be called every few seconds. */
  look(): void {
    for (const issuer of this.#issuers) {
      if (issuer.isFile) {
        if (this.#options.isWatching) void this.#lookAtFile(issuer)
      } else if (this.#now() >= this.#of(issuer).dueMs) void this.#fetch(issuer)
    }
  }

  /** A worker has met a token whose key is missing. It waits for an answer, whatever comes of it. */
  heard({ source }: KeysNews): void {
    const issuer = this.#issuers.find((one) => one.source === source && !one.isFile)
    if (issuer === undefined) return
    const known = this.#of(issuer)
    const isSoon = this.#now() - known.wantedMs < WANTED_EVERY_MS
    if (known.under === null && isSoon) return void this.#tell(issuer)
    known.wantedMs = this.#now()
    void this.#fetch(issuer).then(() => this.#tell(issuer))
  }

  stop(): void {
    this.#issuers = []
    this.#stop.abort()
  }

  #textsOf(issuers: readonly Issuer[]): KeyTexts {
    const texts: Record<string, string> = {}
    for (const { source } of issuers) {
      const text = this.#known.get(source)?.text ?? null
      if (text !== null) texts[source] = text
    }
    return texts
  }

  /** Of one that was not there before. */
  async #first(issuer: Issuer): Promise<void> {
    if (issuer.isFile) return await this.#readFirst(issuer)
    const known = this.#of(issuer)
    if (known.text !== null) return
    known.text = this.#kept.read(issuer.source)
    const fetching = this.#fetch(issuer)
    if (known.text === null) await Promise.race([fetching, after(FIRST_MS_MAX)])
  }

  async #readFirst(issuer: Issuer): Promise<void> {
    const known = this.#of(issuer)
    const path = `auth.jwt.${issuer.name}.jwks_file`
    try {
      known.text = await keysIn(issuer.source, path)
    } catch (error) {
      if (known.text === null) throw error
      this.#failed(issuer, problemOf(error).message)
    }
  }

  async #lookAtFile(issuer: Issuer): Promise<void> {
    const known = this.#of(issuer)
    try {
      const text = await keysIn(issuer.source, `auth.jwt.${issuer.name}.jwks_file`)
      this.#options.refused.mended('jwt', issuer.name)
      if (text === known.text) return
      known.text = text
      await this.#replaced(issuer)
    } catch (error) {
      this.#failed(issuer, problemOf(error).message)
    }
  }

  /** Once at a time. Never fails: that is told. */
  #fetch(issuer: Issuer): Promise<void> {
    const known = this.#of(issuer)
    return (known.under ??= this.#fetchNow(issuer, known).finally(() => (known.under = null)))
  }

  async #fetchNow(issuer: Issuer, known: Known): Promise<void> {
    const { source: url, ca, refreshMs } = issuer
    try {
      const text = await (this.#options.fetch ?? fetchKeys)({ url, ca, signal: this.#stop.signal })
      known.failures = 0
      known.dueMs = this.#now() + refreshMs
      this.#options.refused.mended('jwt', issuer.name)
      if (text === known.text) return
      known.text = text
      this.#keep(url, text)
      await this.#replaced(issuer)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const again = Math.min(AGAIN_MS.first * 2 ** known.failures++, AGAIN_MS.most)
      known.dueMs = this.#now() + again
      this.#failed(issuer, problemOf(error).message)
    }
  }

  #keep(url: string, text: string): void {
    try {
      this.#kept.write(url, text)
    } catch (error) {
      logEvent('warn', 'jwks_not_kept', { url, why: problemOf(error).message })
    }
  }

  /** Workers have others from here on. */
  async #replaced(issuer: Issuer): Promise<void> {
    if (!this.#isServed(issuer)) return
    await this.#tell(issuer)
    const { keys } = JSON.parse(this.#of(issuer).text ?? '{"keys":[]}') as {
      readonly keys: readonly unknown[]
    }
    logEvent('info', 'jwks_replaced', { issuer: issuer.name, keys: keys.length })
  }

  async #tell({ source }: Issuer): Promise<void> {
    const text = this.#known.get(source)?.text ?? null
    if (text === null) return
    await this.#options.amend((plan) => {
      if (!issuersOf(plan.config).some((one) => one.source === source)) return null
      const keys = { ...plan.keys, [source]: text }
      return { plan: { ...plan, keys }, amendment: { type: 'keys', texts: keys } }
    })
  }

  /** It is told once. */
  #failed(issuer: Issuer, why: string): void {
    if (!this.#options.refused.add('jwt', issuer.name, why)) return
    const hasSome = this.#of(issuer).text !== null
    const hint = hasSome ? 'the keys of before go on' : 'until there are some, its tokens get 503'
    logEvent('warn', 'jwks_failed', { issuer: issuer.name, source: issuer.source, why, hint })
  }

  #isServed({ source }: Issuer): boolean {
    return this.#issuers.some((one) => one.source === source)
  }

  #of({ source }: Issuer): Known {
    const known = this.#known.get(source) ?? {
      text: null,
      dueMs: 0,
      wantedMs: Number.NEGATIVE_INFINITY,
      failures: 0,
      under: null,
    }
    this.#known.set(source, known)
    return known
  }

  #now(): number {
    return this.#options.nowMs === undefined ? performance.now() : this.#options.nowMs()
  }
}

/** Those whose keys are looked up, each source once. */
function issuersOf({ auth }: Config): readonly Issuer[] {
  const issuers = new Map<string, Issuer>()
  for (const [name, words] of Object.entries(auth.jwt)) {
    const source = keySourceOf(words)
    if (source === null || issuers.has(source)) continue
    const { ca = null, refresh: refreshMs, jwks_file: file } = words
    issuers.set(source, { name, source, isFile: file !== undefined, ca, refreshMs })
  }
  return [...issuers.values()]
}

async function keysIn(file: string, path: string): Promise<string> {
  const text = await textOf(file, path)
  const why = whyNoKeys(text)
  if (why !== null) throw Object.assign(new Error(`cannot use ${file}: ${why}`), { path })
  return text
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
