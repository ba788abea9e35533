// Certificates that come by ACME, as a source of those that are served: what was obtained before goes into
// each plan, a stand-in where there is none yet; what is obtained later is served without another plan.
import { dirname } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import type { PemPair } from '../../tls/certificate.ts'
import type { CertificateHands, CertificateSource } from '../certificates/source.ts'
import type { WantedCertificate } from '../source/wanted-certificates.ts'
import type { AcmeConfig } from './acme.options.ts'
import type { Challenger } from './challenger.ts'
import type { AcmeFacts, AcmeNews } from './followed.ts'
import type { AcmeKeeper } from './keeper.ts'
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

export class AcmeCertificates implements CertificateSource {
  readonly #options: AcmeCertificatesOptions
  #hands: CertificateHands | null = null
  #loaded: { readonly modules: Modules; readonly keeper: AcmeKeeper } | null = null
  /** What is served where nothing was obtained yet, by name. */
  readonly #standIns = new Map<string, PemPair>()
  /** What was obtained in this run: it is good also where it could not be kept. */
  readonly #obtained = new Map<string, PemPair>()
  readonly #told = new Set<string>()

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

  follow(all: readonly WantedCertificate[]): void {
    const wanted = new Map<string, AcmeConfig>()
    for (const { name, words } of all) if (words.acme !== undefined) wanted.set(name, words.acme)
    for (const name of [...this.#standIns.keys(), ...this.#obtained.keys()])
      if (!wanted.has(name)) this.#forget(name)
    this.#loaded?.keeper.want(wanted)
    for (const name of this.#standIns.keys()) this.#tellStandIn(name)
    this.look()
  }

  isRenewed(name: string): boolean {
    return this.#loaded?.keeper.isRenewed(name) ?? false
  }

  /** Whether clients get a stand-in for it. */
  isStandIn(name: string): boolean {
    return this.#standIns.has(name)
  }

  look(): void {
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

  #make(modules: Modules) {
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
        await hands.replace(name, [pair])
        this.#standIns.delete(name)
        this.#told.delete(name)
      },
      news: this.#news(),
    })
    return { modules, keeper }
  }

  #news(): AcmeNews {
    const tries = (certificate: string, result: 'obtained' | 'failed') =>
      this.#options.totals.counter('acme_tries_total', [certificate, result]).add(1)
    return {
      obtained: (certificate, facts) => {
        tries(certificate, 'obtained')
        logEvent('info', 'certificate_obtained', { certificate, ...facts })
      },
      failed: ({ certificate, names, why, hint, failures, nextTryMs }, isNew) => {
        tries(certificate, 'failed')
        const next_try = new Date(nextTryMs).toISOString()
        const told = { certificate, names, why, ...(hint !== null && { hint }), failures, next_try }
        logEvent(isNew ? 'warn' : 'debug', isNew ? 'certificate_failed' : 'certificate_failed_again', told)
      },
      bug: (error) => logEvent('error', 'bug', { process: 'supervisor', part: 'acme', error: String(error) }),
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

async function loadModules() {
  const [keeper, store, wanted, dns, http, { TlsAlpnChallenges }, own] = await Promise.all([
    import('./keeper.ts'),
    import('./store.ts'),
    import('./wanted.ts'),
    import('./dns-hook.ts'),
    import('./http-challenges.ts'),
    import('./tls-alpn-challenges.ts'),
    import('../../tls/self-signed.ts'),
  ])
  return { ...keeper, ...store, ...wanted, ...dns, ...http, TlsAlpnChallenges, ...own }
}
