// Certificates that come by ACME, as a source of those that are served: what was obtained before goes into
// each plan, a stand-in where there is none yet; what is obtained later is served without another plan.
import { dirname } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'
import { readLearned } from '../../lib/demanded-name.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import type { PemPair } from '../../tls/certificate.ts'
import type { CertificateHands, CertificateSource } from '../certificates/source.ts'
import type { WantedCertificate } from '../source/wanted-certificates.ts'
import type { AcmeConfig } from './acme.options.ts'
import type { DemandNews } from '../../tls/on-demand.ts'
import type { Challenger } from './challenger.ts'
import { DemandMishaps } from './demand-mishaps.ts'
import { learnedPairs } from './learned-pairs.ts'
import type { AcmeFacts, AcmeNews } from './followed.ts'
import type { AcmeKeeper } from './keeper.ts'
import type { OnDemandNames } from './on-demand.ts'
import type { Step } from './step-log.ts'

export interface AcmeCertificatesOptions {
  /** The config of the start: the data folder stays. */
  readonly config: { readonly data: string }
  /** The config file: commands run in its folder. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What CAs are told that we are. */
  readonly build: { readonly version: string }
  readonly totals: Totals
}

/** Of issuers that CAs themselves have. */
const FILE_BYTES_MAX = 1_048_576

/** All that is needed for it, loaded with the first certificate that asks for it. */
type Modules = Awaited<ReturnType<typeof loadModules>>

interface Loaded {
  readonly modules: Modules
  readonly keeper: AcmeKeeper
  readonly demand: OnDemandNames
}

export class AcmeCertificates implements CertificateSource {
  readonly #options: AcmeCertificatesOptions
  #hands: CertificateHands | null = null
  #loaded: Loaded | null = null
  /** Those of the config that have names of their own. */
  #base: ReadonlyMap<string, AcmeConfig> = new Map()
  /** What is served where nothing was obtained yet, by name. */
  readonly #standIns = new Map<string, PemPair>()
  /** What was obtained in this run: it is good also where it could not be kept. */
  readonly #obtained = new Map<string, PemPair>()
  readonly #told = new Set<string>()
  readonly #mishaps = new DemandMishaps(logEvent, Date.now)

  constructor(options: AcmeCertificatesOptions) {
    this.#options = options
  }

  /** What it has is served by these. */
  with(hands: CertificateHands): this {
    this.#hands = hands
    return this
  }

  isFor({ acme }: CertificateConfig): boolean {
    return acme !== undefined
  }

  async textOf({ name, path, words: { acme } }: WantedCertificate): Promise<readonly PemPair[]> {
    const { modules } = (this.#loaded ??= this.#make(await loadModules()))
    const wanted = acme === undefined ? null : modules.wantedOf(name, acme)
    try {
      const kept = wanted && new modules.Store(this.#options.config.data).certificate(wanted, Date.now())
      if (kept !== null) return [{ cert: kept.cert, key: kept.key }]
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw Object.assign(new Error(`what was obtained before cannot be read: ${why}`), { path })
    }
    const obtained = this.#obtained.get(name)
    if (obtained !== undefined) return [obtained]
    const names = wanted?.names ?? []
    const standIn = this.#standIns.get(name) ?? modules.selfSigned(names, { nowMs: Date.now() })
    this.#standIns.set(name, standIn)
    return [standIn]
  }

  async more(all: readonly WantedCertificate[]): Promise<ReadonlyMap<string, PemPair | null>> {
    if (this.#loaded === null) return new Map()
    const { demand, modules } = this.#loaded
    const store = new modules.Store(this.#options.config.data)
    return learnedPairs(demand.wanted(wordsOf(all, ({ on_demand }) => on_demand !== undefined)), {
      find: (learned, config) => {
        const kept =
          store.certificate(modules.wantedOf(learned, config), Date.now()) ?? this.#obtained.get(learned)
        return kept === undefined ? null : { cert: kept.cert, key: kept.key }
      },
      unread: (error) => this.#mishaps.tell(error),
    })
  }

  follow(all: readonly WantedCertificate[]): void {
    this.#base = wordsOf(all, ({ domains }) => domains !== undefined)
    for (const name of [...this.#standIns.keys(), ...this.#obtained.keys()])
      if (!all.some((one) => one.name === (readLearned(name)?.certificate ?? name))) this.#forget(name)
    this.#loaded?.demand.follow(wordsOf(all, ({ on_demand }) => on_demand !== undefined))
    this.#want()
    for (const name of this.#standIns.keys()) if (this.#base.has(name)) this.#tellStandIn(name)
    this.look()
  }

  /** What a worker told of a name that a client asked for. */
  heard(news: DemandNews): void {
    this.#loaded?.demand.heard(news)
  }

  #want(): void {
    if (this.#loaded === null) return
    const { keeper, demand } = this.#loaded
    keeper.want(new Map([...this.#base, ...demand.wanted()]))
  }

  isRenewed(name: string): boolean {
    return this.#loaded?.keeper.isRenewed(name) ?? false
  }

  /** Whether clients get a stand-in for it. */
  isStandIn(name: string): boolean {
    return this.#standIns.has(name)
  }

  look(): void {
    this.#loaded?.demand.look()
    this.#loaded?.keeper.look()
  }

  stop(): void {
    this.#loaded?.keeper.stop()
  }

  facts(): readonly AcmeFacts[] {
    return this.#loaded?.keeper.facts() ?? []
  }

  /** Null: there is no such certificate. */
  steps(name: string): readonly Step[] | null {
    return this.#loaded?.keeper.steps(name) ?? null
  }

  /** False: there is no such certificate. */
  retry(name: string): boolean {
    return this.#loaded?.keeper.retry(name) ?? false
  }

  #make(modules: Modules): Loaded {
    const {
      config: { data },
      build,
    } = this.#options
    const hands = this.#hands
    if (hands === null) throw new Error('it has no hands yet')
    const http = new modules.HttpChallenges((tokens) => hands.httpChallenges(tokens))
    const tls = new modules.TlsAlpnChallenges({
      tell: (name, pair) => hands.challenge(name, pair),
      nowMs: Date.now,
    })
    const keeper = new modules.AcmeKeeper({
      store: new modules.Store(data),
      agent: `sluice/${build.version}`,
      nowMs: Date.now,
      chance: Math.random,
      pause: Bun.sleep,
      readFile: (path) => Buffer.from(readBounded(path, FILE_BYTES_MAX)).toString('latin1'),
      challenger: ({ config }, log, pause): Challenger => {
        if (config.challenge === 'http-01') return http
        if (config.challenge === 'tls-alpn-01' || config.dns === undefined) return tls
        const { command, timeout, wait } = config.dns
        const { env, file } = this.#options
        const how = { command, timeoutMs: timeout, waitMs: wait, folder: dirname(file), env }
        return new modules.DnsHook({ ...how, log, pause })
      },
      serve: async (name, pair) => {
        this.#obtained.set(name, pair)
        if (readLearned(name) !== null) return hands.learn(name, pair)
        await hands.replace(name, [pair])
        this.#standIns.delete(name)
        this.#told.delete(name)
      },
      news: this.#news(),
    })
    return { modules, keeper, demand: this.#makeDemand(modules, hands) }
  }

  #makeDemand({ OnDemandNames, Store, admits }: Modules, hands: CertificateHands): OnDemandNames {
    const told = (promise: Promise<void>): void => void promise.catch((error: unknown) => bug(error))
    const { totals, config } = this.#options
    return new OnDemandNames({
      store: new Store(config.data),
      nowMs: Date.now,
      ask: admits,
      isObtained: (learned) => this.#obtained.has(learned),
      changed: () => {
        this.#want()
        this.look()
      },
      refuse: (learned) => told(hands.refuse(learned)),
      serve: (learned, pair) => {
        if (pair === null) this.#obtained.delete(learned)
        told(hands.learn(learned, pair))
      },
      count: (certificate, result) => totals.counter('acme_on_demand_total', [certificate, result]).add(1),
      bug: (error) => this.#mishaps.tell(error),
      limited: (certificate, limit, value) => {
        const hint = 'further names get none for now: raise it if they are yours, and the CA allows more'
        logEvent('warn', 'on_demand_limit', { certificate, limit: `on_demand.${limit}`, value, hint })
      },
    })
  }

  #news(): AcmeNews {
    // Labels and names of events come from the config.
    const base = (name: string): string => readLearned(name)?.certificate ?? name
    const tries = (name: string, result: 'obtained' | 'failed') =>
      this.#options.totals.counter('acme_tries_total', [base(name), result]).add(1)
    return {
      obtained: (certificate, facts) => {
        tries(certificate, 'obtained')
        logEvent('info', 'certificate_obtained', { certificate: base(certificate), ...facts })
      },
      failed: ({ certificate, names, why, hint, failures, nextTryMs }, isNew) => {
        tries(certificate, 'failed')
        const next_try = new Date(nextTryMs).toISOString()
        const told = {
          certificate: base(certificate),
          names,
          why,
          ...(hint !== null && { hint }),
          failures,
          next_try,
        }
        logEvent(isNew ? 'warn' : 'debug', isNew ? 'certificate_failed' : 'certificate_failed_again', told)
        this.#loaded?.demand.failed(certificate)
      },
      bug,
    }
  }

  #tellStandIn(name: string): void {
    if (this.#told.has(name)) return
    this.#told.add(name)
    const hint = 'clients do not trust it; it goes as soon as the first one is obtained'
    logEvent('warn', 'certificate_stand_in', { certificate: name, why: 'there is none yet', hint })
  }

  #forget(name: string): void {
    this.#obtained.delete(name)
    this.#standIns.delete(name)
    this.#told.delete(name)
  }
}

const bug = (error: unknown): void =>
  logEvent('error', 'bug', { process: 'supervisor', part: 'acme', error: String(error) })

function wordsOf(
  all: readonly WantedCertificate[],
  isOne: (words: AcmeConfig) => boolean,
): Map<string, AcmeConfig> {
  const found = new Map<string, AcmeConfig>()
  for (const { name, words } of all)
    if (words.acme !== undefined && isOne(words.acme)) found.set(name, words.acme)
  return found
}

async function loadModules() {
  const [keeper, store, wanted, dns, http, { TlsAlpnChallenges }, own, demand, { admits }] =
    await Promise.all([
      import('./keeper.ts'),
      import('./store.ts'),
      import('./wanted.ts'),
      import('./dns-hook.ts'),
      import('./http-challenges.ts'),
      import('./tls-alpn-challenges.ts'),
      import('../../tls/self-signed.ts'),
      import('./on-demand.ts'),
      import('./admits.ts'),
    ])
  return { ...keeper, ...store, ...wanted, ...dns, ...http, TlsAlpnChallenges, ...own, ...demand, admits }
}
