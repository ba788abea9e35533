// A keeper of ACME certificates in this process, with a clock of its own, beside a CA.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AcmeConfig } from '../../server/control/acme/acme.options.ts'
import type { Challenger } from '../../server/control/acme/challenger.ts'
import { DnsHook } from '../../server/control/acme/dns-hook.ts'
import { HttpChallenges } from '../../server/control/acme/http-challenges.ts'
import type { FailureNews } from '../../server/control/acme/followed.ts'
import { AcmeKeeper } from '../../server/control/acme/keeper.ts'
import { type KeptCertificate, Store } from '../../server/control/acme/store.ts'
import type { PemPair } from '../../server/tls/certificate.ts'
import type { Pebble } from './pebble.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export class AcmeWorld implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
  readonly store = new Store(this.folder)
  /** What is served, by name. */
  readonly served = new Map<string, PemPair>()
  readonly obtained: string[] = []
  /** Failures that were told. */
  readonly told: FailureNews[] = []
  readonly bugs: unknown[] = []
  readonly http = new HttpChallenges(() => Promise.resolve())
  /** How far the clock is ahead. */
  aheadMs = 0
  keeper: AcmeKeeper
  readonly #pebble: Pebble
  readonly #server: Bun.Server<undefined>

  constructor(pebble: Pebble) {
    this.#pebble = pebble
    this.keeper = this.#keeper()
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: pebble.httpPort,
      fetch: (request) => {
        const token = new URL(request.url).pathname.replace('/.well-known/acme-challenge/', '')
        const answer = this.http.tokens[token]
        return new Response(answer ?? 'nothing', { status: answer === undefined ? 404 : 200 })
      },
    })
  }

  /** Words of a certificate, with the defaults of the schema. */
  config(more: Partial<AcmeConfig> & Pick<AcmeConfig, 'domains'>): AcmeConfig {
    return {
      agree_to_terms: true,
      directory: this.#pebble.directory,
      ca: this.#pebble.ca,
      fallbacks: [],
      challenge: 'http-01',
      key_type: 'ecdsa',
      ...more,
    }
  }

  /** What is kept of a certificate. */
  kept(name: string): KeptCertificate | null {
    const folder = this.store.folderOf(name)
    const file = readdirSync(folder).find((one) => one.endsWith('.json'))
    return file === undefined
      ? null
      : (JSON.parse(readFileSync(join(folder, file), 'utf8')) as KeptCertificate)
  }

  /** Wants these, and does what is due; settles when nothing is under way. */
  async want(certificates: Readonly<Record<string, AcmeConfig>>): Promise<void> {
    this.keeper.want(new Map(Object.entries(certificates)))
    await this.look()
  }

  async look(): Promise<void> {
    this.keeper.look()
    await this.keeper.idle()
  }

  /** Time passes, and it looks again and again. */
  async pass(ms: number, everyMs = ms): Promise<void> {
    for (let passed = 0; passed < ms; passed += everyMs) {
      this.aheadMs += everyMs
      await this.look()
    }
  }

  /** The same folder, another process. */
  restart(): void {
    this.keeper.stop()
    this.keeper = this.#keeper()
  }

  /** A second gateway on the same folder. */
  another(): AcmeKeeper {
    return this.#keeper()
  }

  /** What was done for a certificate. */
  steps(name: string): string {
    return (this.keeper.steps(name) ?? []).map(({ step }) => step).join('\n')
  }

  [Symbol.dispose](): void {
    this.keeper.stop()
    void this.#server.stop(true)
    rmSync(this.folder, { recursive: true, force: true })
  }

  #keeper(): AcmeKeeper {
    const pause = (ms: number): Promise<void> => Bun.sleep(Math.min(ms, 1))
    return new AcmeKeeper({
      store: this.store,
      agent: 'sluice/test',
      nowMs: () => Date.now() + this.aheadMs,
      chance: () => 0,
      readFile: (path) => readFileSync(path, 'utf8'),
      pause,
      challenger: ({ config: { challenge, dns } }, log, rest): Challenger =>
        challenge === 'http-01' || dns === undefined
          ? this.http
          : new DnsHook({
              command: dns.command,
              timeoutMs: dns.timeout,
              waitMs: dns.wait,
              folder: this.folder,
              env: process.env,
              log,
              pause: rest,
            }),
      serve: (name, text) => {
        this.served.set(name, text)
        return Promise.resolve()
      },
      news: {
        obtained: (name) => this.obtained.push(name),
        failed: (failure, isNew) => isNew && this.told.push(failure),
        bug: (error) => this.bugs.push(error),
      },
    })
  }
}
