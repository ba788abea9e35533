// Certificates on demand, as the supervisor decides on them: a name that a client asks for gets one where
// the words of a certificate allow it, whoever is asked by `ask` admits it, and neither the names in all nor
// those of an hour are too many. Whoever connects may ask for any name: none of that may use up what a CA
// allows.
import { isAllowed, isPlainName, learnedName, readLearned } from '../../lib/demanded-name.ts'
import type { PemPair } from '../../tls/certificate.ts'
import type { DemandNews } from '../../tls/on-demand.ts'
import type { AcmeConfig } from './acme.options.ts'
import { waitsUntil } from './failures.ts'
import { keysOf } from './followed.ts'
import { type Learned, NOTHING_LEARNED, type Store } from './store.ts'
import { wantedOf } from './wanted.ts'

export type DemandResult = 'admitted' | 'not_allowed' | 'not_admitted' | 'limit' | 'waits'

export interface OnDemandParts {
  readonly store: Store
  readonly nowMs: () => number
  /** Whether whoever is asked at this URL admits the name; may reject. */
  readonly ask: (url: string, name: string) => Promise<boolean>
  /** Whether it was obtained in this run, kept or not. */
  readonly isObtained: (learned: string) => boolean
  /** Others are to be kept from here on: see wanted(). */
  readonly changed: () => void
  /** Workers are told that there is none for now. */
  readonly refuse: (learned: string) => void
  /** Workers get it; null: it is forgotten. */
  readonly serve: (learned: string, pair: PemPair | null) => void
  readonly count: (certificate: string, result: DemandResult) => void
  readonly bug: (error: unknown) => void
  /** A limit was reached; told once an hour. */
  readonly limited: (certificate: string, limit: 'per_hour' | 'names', value: number) => void
}

type LearnedOf = Learned[string]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ASKED_AT_ONCE = 16

export class OnDemandNames {
  readonly #parts: OnDemandParts
  /** Words of those certificates that have some, by name. */
  #words: ReadonlyMap<string, AcmeConfig> = new Map()
  #learned: Learned = NOTHING_LEARNED
  readonly #asking = new Set<string>()
  /** When clients asked last, as far as that is not in the file yet. */
  readonly #used = new Map<string, number>()
  readonly #toldMs = new Map<string, number>()
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(parts: OnDemandParts) {
    this.#parts = parts
  }

  /** These certificates of the config may come on demand, and no others. */
  follow(words: ReadonlyMap<string, AcmeConfig>): void {
    this.#words = words
  }

  /** What is to be kept by these words, by what each is called. */
  wanted(words = this.#words): Map<string, AcmeConfig> {
    const found = new Map<string, AcmeConfig>()
    if (words.size > 0) this.#read()
    for (const certificate of words.keys())
      for (const name of Object.keys(this.#namesOf(certificate))) {
        const config = configOf(words.get(certificate), name)
        if (config !== null) found.set(learnedName(certificate, name), config)
      }
    return found
  }

  /** What was known goes on where the disk does not say it. Throws where nothing was known. */
  #read(): void {
    try {
      this.#learned = this.#parts.store.learned()
    } catch (error) {
      if (this.#learned === NOTHING_LEARNED) throw error
      this.#parts.bug(error)
    }
  }

  /** What a worker told. */
  heard({ type, certificate, name }: DemandNews): void {
    const learned = learnedName(certificate, name)
    if (type === 'name-wanted')
      return void this.#decide(certificate, name).catch((error: unknown) => {
        this.#parts.refuse(learned)
        this.#parts.bug(error)
      })
    if (Object.hasOwn(this.#namesOf(certificate), name)) this.#used.set(learned, this.#parts.nowMs())
  }

  /**
   * None could be obtained: it is no name of ours, and its failure waits by itself. One that is there
   * already, and could not be renewed, goes on.
   */
  failed(learned: string): void {
    this.#safely(() => this.#failed(learned))
  }

  #failed(learned: string): void {
    const read = readLearned(learned)
    if (read === null) return
    const { store, nowMs, isObtained, refuse } = this.#parts
    const config = this.#configOf(read.certificate, read.name)
    const isThere = (words: AcmeConfig): boolean =>
      isObtained(learned) || store.certificate(wantedOf(learned, words), nowMs()) !== null
    if (config !== null && isThere(config)) return
    refuse(learned)
    this.#change(read.certificate, ({ names: { [read.name]: _, ...names }, admitted }) => ({
      names,
      admitted,
    }))
    this.#parts.changed()
    this.#parts.store.forgetCertificate(learned)
  }

  /** Forgets, now and then, what nobody asks for any more. */
  look(): void {
    const { nowMs } = this.#parts
    if (this.#words.size === 0 || isWithinHour(this.#lookedMs, nowMs())) return
    this.#lookedMs = nowMs()
    this.#safely(() => this.#forget())
  }

  /** A disk that is full or gone costs what is kept there, and never the gateway. */
  #safely(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#parts.bug(error)
    }
  }

  #forget(): void {
    const { nowMs, serve, store, changed } = this.#parts
    const gone: string[] = []
    for (const [certificate, words] of this.#words)
      this.#change(certificate, ({ names: asked, admitted }) => {
        const names = mapped(asked, (ms) => Math.min(ms, nowMs()))
        const sinceMs = nowMs() - (words.on_demand?.forget_days ?? 0) * DAY_MS
        const [kept, old] = partitioned(names, (askedMs) => askedMs >= sinceMs)
        gone.push(...old.map((name) => learnedName(certificate, name)))
        return { names: kept, admitted }
      })
    if (gone.length === 0) return
    changed()
    for (const learned of gone) {
      serve(learned, null)
      store.forgetCertificate(learned)
    }
  }

  async #decide(certificate: string, name: string): Promise<void> {
    const { count, refuse, changed } = this.#parts
    const learned = learnedName(certificate, name)
    if (this.#asking.has(learned)) return
    const result = this.#isKnown(certificate, name) ? 'known' : await this.#judge(certificate, name)
    if (result === 'known') return this.#again(learned)
    count(certificate, result)
    if (result !== 'admitted') return refuse(learned)
    const nowMs = this.#parts.nowMs()
    this.#change(certificate, ({ names, admitted }) => ({
      names: { ...names, [name]: nowMs },
      admitted: [...admitted.filter((ms) => isLately(ms, nowMs)), nowMs],
    }))
    changed()
  }

  async #judge(certificate: string, name: string): Promise<DemandResult> {
    const words = this.#words.get(certificate)?.on_demand
    const config = this.#configOf(certificate, name)
    if (words === undefined || config === null) return 'not_allowed'
    const { store, nowMs, ask } = this.#parts
    // What failed waits as any other does, whoever asks for it.
    const wanted = wantedOf(learnedName(certificate, name), config)
    if (waitsUntil(store.failures(), keysOf(wanted), nowMs()) > nowMs()) return 'waits'
    if (this.#isFull(certificate)) return 'limit'
    if (words.ask === undefined) return 'admitted'
    if (this.#asking.size >= ASKED_AT_ONCE) return 'limit'
    const learned = learnedName(certificate, name)
    this.#asking.add(learned)
    const isAdmitted = await ask(words.ask, name).catch(() => false)
    this.#asking.delete(learned)
    if (!isAdmitted) return 'not_admitted'
    // Others may have come meanwhile.
    return this.#isFull(certificate) ? 'limit' : 'admitted'
  }

  /** It is there already, and a worker has not heard of it yet; or it is under way. */
  #again(learned: string): void {
    const { store, nowMs, serve, refuse } = this.#parts
    const read = readLearned(learned)
    const config = read && this.#configOf(read.certificate, read.name)
    if (config === null) return refuse(learned)
    const wanted = wantedOf(learned, config)
    const kept = store.certificate(wanted, nowMs())
    if (kept !== null) serve(learned, kept)
    else if (waitsUntil(store.failures(), keysOf(wanted), nowMs()) > nowMs()) refuse(learned)
  }

  #isKnown(certificate: string, name: string): boolean {
    return Object.hasOwn(this.#namesOf(certificate), name) && this.#configOf(certificate, name) !== null
  }

  #isFull(certificate: string): boolean {
    const { on_demand } = this.#words.get(certificate) ?? {}
    if (on_demand === undefined) return true
    const { names, per_hour } = on_demand
    const nowMs = this.#parts.nowMs()
    if (Object.keys(this.#namesOf(certificate)).length >= names)
      return this.#limited(certificate, 'names', names)
    const lately = this.#learned[certificate]?.admitted.filter((ms) => isLately(ms, nowMs)) ?? []
    return lately.length >= per_hour && this.#limited(certificate, 'per_hour', per_hour)
  }

  #limited(certificate: string, limit: 'per_hour' | 'names', value: number): true {
    const nowMs = this.#parts.nowMs()
    if (!isWithinHour(this.#toldMs.get(certificate) ?? Number.NEGATIVE_INFINITY, nowMs)) {
      this.#toldMs.set(certificate, nowMs)
      this.#parts.limited(certificate, limit, value)
    }
    return true
  }

  #namesOf(certificate: string): Readonly<Record<string, number>> {
    return this.#learned[certificate]?.names ?? {}
  }

  /** In the file, which others may have changed; with what was asked for since. Throws as a disk does. */
  #change(certificate: string, act: (before: LearnedOf) => LearnedOf): void {
    const { store } = this.#parts
    const kept = store.learned()
    const { names, admitted } = kept[certificate] ?? { names: {}, admitted: [] }
    const asked = Object.entries(names).map(([name, askedMs]) => {
      const usedMs = this.#used.get(learnedName(certificate, name)) ?? 0
      return [name, Math.max(askedMs, usedMs)] as const
    })
    const next = act({ names: Object.fromEntries(asked), admitted })
    this.#learned = { ...kept, [certificate]: next }
    store.keepLearned(this.#learned)
  }

  #configOf(certificate: string, name: string): AcmeConfig | null {
    return configOf(this.#words.get(certificate), name)
  }
}

/** The words for one name; null: they do not allow it. */
function configOf(config: AcmeConfig | undefined, name: string): AcmeConfig | null {
  if (config?.on_demand === undefined) return null
  if (!isPlainName(name) || !isAllowed(name, config.on_demand.allow)) return null
  const { on_demand: _, ...words } = config
  return { ...words, domains: [name] }
}

/** A clock that was set back counts for nothing. */
const isLately = (ms: number, nowMs: number): boolean => ms <= nowMs && nowMs - ms < HOUR_MS

/** A clock that was set back must not make anything wait for it. */
const isWithinHour = (ms: number, nowMs: number): boolean => Math.abs(nowMs - ms) < HOUR_MS

const mapped = (
  names: Readonly<Record<string, number>>,
  to: (askedMs: number) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(names).map(([name, askedMs]) => [name, to(askedMs)]))

function partitioned(
  names: Readonly<Record<string, number>>,
  isKept: (askedMs: number) => boolean,
): [kept: Record<string, number>, gone: string[]] {
  const all = Object.entries(names)
  const gone = all.filter(([, askedMs]) => !isKept(askedMs)).map(([name]) => name)
  return [Object.fromEntries(all.filter(([, askedMs]) => isKept(askedMs))), gone]
}
