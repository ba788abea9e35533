// Keeps certificates that come by ACME: obtains what there is none of, renews in time, and waits where a CA
// refused. What stands in the data folder decides, so that neither a restart nor an unrelated edit asks a CA
// for anything; a gateway that shares the folder sees what this one obtained.
import type { PemPair } from '../../tls/certificate.ts'
import type { AcmeConfig } from './acme.options.ts'
import { advised } from './advised.ts'
import { unlessAborted } from '../../lib/unless-aborted.ts'
import { attempt, type AttemptGround, type Refused } from './attempt.ts'
import type { Challenger } from './challenger.ts'
import { cleared, failed, failureKeys, waitsUntil } from './failures.ts'
import { afterRefusals } from './after-refusals.ts'
import { type Held, takeLock } from '../../lib/file-lock.ts'
import {
  type AcmeFacts,
  type AcmeNews,
  certificateKey,
  factsOf,
  type Followed,
  issuerOf,
  keysOf,
  mishap,
  nextMs,
  pick,
  readable,
  renewalMs,
  untilOf,
} from './followed.ts'
import { StepLog, type Step } from './step-log.ts'
import { isWanted, type KeptCertificate, type Store } from './store.ts'
import { type Wanted, wantedOf } from './wanted.ts'

export interface AcmeKeeperParts extends Pick<AttemptGround, 'agent' | 'nowMs' | 'chance' | 'readFile'> {
  readonly store: Store
  /** Who answers the challenges of a certificate. */
  readonly challenger: (
    wanted: Wanted,
    log: (step: string) => void,
    pause: AttemptGround['pause'],
  ) => Challenger
  /** Serves it for handshakes from then on. */
  readonly serve: (name: string, text: PemPair) => Promise<void>
  readonly news: AcmeNews
  /** Settles after so long. */
  readonly pause: (ms: number) => Promise<void>
}

/** So many are obtained at a time. */
const AT_ONCE = 4
/** What is no failure of a CA's is tried again after so long. */
const BUG_PAUSE_MS = 3_600_000
const CLOCK_MS = 60_000 // they are corrected by less all the time

export class AcmeKeeper {
  readonly #parts: AcmeKeeperParts
  readonly #followed = new Map<string, Followed>()
  readonly #running = new Set<Promise<void>>()
  #lock: Held | null = null
  #lookedMs = 0

  constructor(parts: AcmeKeeperParts) {
    this.#parts = parts
  }

  /** Follows these from now on, by their names in the config. */
  want(certificates: ReadonlyMap<string, AcmeConfig>): void {
    for (const [name, { given }] of this.#followed) {
      if (certificates.has(name)) continue
      given.abort()
      this.#followed.delete(name)
    }
    for (const [name, config] of certificates) {
      const wanted = wantedOf(name, config)
      const before = this.#followed.get(name)
      if (before?.wanted.fingerprint === wanted.fingerprint) continue
      before?.given.abort()
      this.#follow(wanted)
    }
  }

  /** Does what is due; to be called every few seconds. */
  look(): void {
    const nowMs = this.#parts.nowMs()
    this.#heedClock(nowMs)
    for (const one of this.#followed.values()) {
      if (this.#running.size >= AT_ONCE) return
      if (one.isBusy || nextMs(one) > nowMs) continue
      this.#safely(one, () => (this.#lock ??= takeLock(this.#parts.store.lockFile)))
      // Another gateway is at it, or the folder cannot be written.
      if (this.#lock === null) return
      one.isBusy = true
      const run = this.#attend(one).finally(() => {
        one.isBusy = false
        this.#running.delete(run)
        if (this.#running.size > 0) return
        this.#lock?.release()
        this.#lock = null
      })
      this.#running.add(run)
    }
  }

  /** What was to be done at a time that a clock showed which was ahead. */
  #heedClock(nowMs: number): void {
    const isBack = nowMs < this.#lookedMs - CLOCK_MS
    this.#lookedMs = nowMs
    if (!isBack) return
    for (const one of this.#followed.values()) if (!one.isBusy) this.#safely(one, () => this.#appraise(one))
  }

  /** Tries it now, however often it failed; false: there is none such. */
  retry(name: string): boolean {
    const one = this.#followed.get(name)
    if (one === undefined) return false
    const { store } = this.#parts
    const cas = one.wanted.issuers.map(({ directory }) => failureKeys.ca(directory))
    const all = [...keysOf(one.wanted), ...cas]
    store.keepFailures(cleared(store.failures(), all))
    one.log.add('told to try now')
    this.#appraise(one)
    this.look()
    return true
  }

  stop(): void {
    for (const { given } of this.#followed.values()) given.abort()
    this.#followed.clear()
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  facts(): AcmeFacts[] {
    const { store, nowMs } = this.#parts
    const failures = readable(() => store.failures()) ?? {}
    return [...this.#followed.values()].map((one) => factsOf(one, failures, nowMs()))
  }

  /** Whether there is one, which is not to be renewed yet. */
  isRenewed(name: string): boolean {
    return (this.#followed.get(name)?.renewMs ?? 0) > this.#parts.nowMs()
  }

  /** What was done for one lately; null: there is none such. */
  steps(name: string): readonly Step[] | null {
    return this.#followed.get(name)?.log.read() ?? null
  }

  #follow(wanted: Wanted): void {
    const { store, nowMs } = this.#parts
    const one: Followed = {
      wanted,
      log: new StepLog(store.folderOf(wanted.name), nowMs),
      given: new AbortController(),
      kept: null,
      unkept: null,
      served: '',
      renewMs: 0,
      dueMs: 0,
      isBusy: false,
      told: null,
    }
    this.#followed.set(wanted.name, one)
    this.#safely(one, () => {
      this.#appraise(one)
      // What is in the folder at the start is in the plan already.
      one.served = one.kept?.cert ?? ''
    })
  }

  async #attend(one: Followed): Promise<void> {
    const { nowMs } = this.#parts
    try {
      this.#keepLate(one)
      this.#appraise(one)
      await this.#serve(one)
      if (one.dueMs <= nowMs()) await this.#obtain(one)
      else if (one.kept !== null && one.kept.adviseAtMs <= nowMs()) await this.#advise(one, one.kept)
    } catch (error) {
      this.#safely(one, () => {
        throw error
      })
    }
  }

  /** What was obtained and could not be kept then; throws where it still cannot. */
  #keepLate(one: Followed): void {
    if (one.unkept === null) return
    this.#parts.store.keepCertificate(one.wanted.name, one.unkept)
    one.unkept = null
  }

  /** What stands in the folder, and when something is to be done about it. */
  #appraise(one: Followed): void {
    const { store, nowMs } = this.#parts
    const { wanted } = one
    one.kept = one.unkept ?? store.certificate(wanted, nowMs())
    one.renewMs = one.kept !== null && isWanted(one.kept, wanted) ? renewalMs(one.kept, nowMs()) : 0
    one.dueMs = Math.max(one.renewMs, waitsUntil(store.failures(), keysOf(wanted), nowMs()))
  }

  async #obtain(one: Followed): Promise<void> {
    const { store, nowMs, chance, news } = this.#parts
    const { wanted, log } = one
    const failures = store.failures()
    const key = certificateKey(wanted)
    store.prove(wanted.name)
    // Counted before it is tried: one that ends the gateway each time is tried no more often.
    store.keepFailures(failed(failures, [key], { nowMs: nowMs(), chance }))
    const renewal = one.kept !== null
    log.add(renewal ? 'renews it' : 'obtains it')
    const refused: Refused[] = []
    const kept = await attempt(wanted, this.#ground(one), (refusal) => refused.push(refusal)).catch(
      (error: unknown) => {
        if (!one.given.signal.aborted) throw error
        // Nobody failed: the gateway stops, or its words have changed.
        log.add('given up: it is not wanted any more')
        store.keepFailures({ ...cleared(store.failures(), [key]), ...pick(failures, key) })
      },
    )
    if (one.given.signal.aborted && !kept) return
    if (!kept) return this.#fail(one, refused)
    // It was signed before anybody gave it up: who comes to want these names again has it.
    if (one.given.signal.aborted) return store.keepCertificate(wanted.name, kept)
    one.kept = one.unkept = kept
    one.told = null
    // Served also where the disk is full: that is told, and no other is asked for.
    try {
      this.#keepLate(one)
      store.keepFailures(cleared(store.failures(), keysOf(wanted)))
    } finally {
      one.dueMs = one.renewMs = renewalMs(kept, nowMs())
      await this.#serve(one)
      const [issuer, until] = [issuerOf(wanted, kept), untilOf(kept)]
      log.add(`obtained it from ${issuer}, until ${until}`)
      const renew_at = new Date(one.dueMs).toISOString()
      news.obtained(wanted.name, { names: wanted.names, renewal, issuer, until, renew_at })
    }
  }

  #fail(one: Followed, refused: readonly Refused[]): void {
    const { store, nowMs, chance, news } = this.#parts
    const { wanted, log } = one
    const counted = afterRefusals(store.failures(), wanted, refused, { nowMs: nowMs(), chance })
    if (counted === null) return
    const { failures, why } = counted
    store.keepFailures(failures)
    one.dueMs = Math.max(one.dueMs, waitsUntil(failures, keysOf(wanted), nowMs()))
    log.add(`tries again at ${new Date(one.dueMs).toISOString()}`)
    const isNew = one.told?.kind !== why.type
    one.told = { kind: why.type, mishap: null, atMs: nowMs() }
    const { count = 1 } = failures[certificateKey(wanted)] ?? {}
    const { name: certificate, names } = wanted
    const told = { certificate, names, why: why.text, hint: why.hint, failures: count }
    news.failed({ ...told, nextTryMs: one.dueMs }, isNew)
  }

  async #advise(one: Followed, kept: KeptCertificate): Promise<void> {
    const issuer = one.wanted.issuers.find(({ directory }) => directory === kept.directory)
    if (issuer === undefined) return
    one.kept = await advised(kept, issuer, this.#ground(one))
    this.#parts.store.keepCertificate(one.wanted.name, one.kept)
    this.#appraise(one)
  }

  async #serve(one: Followed): Promise<void> {
    if (one.kept === null || one.kept.cert === one.served) return
    const { cert, key } = one.kept
    await this.#parts.serve(one.wanted.name, { cert, key })
    one.served = cert
  }

  #ground(one: Followed): AttemptGround {
    const { store, agent, nowMs, chance, readFile, challenger } = this.#parts
    const { signal } = one.given
    const log = (step: string): void => one.log.add(step)
    const pause = (ms: number): Promise<void> => unlessAborted(this.#parts.pause(ms), signal)
    const before = one.kept
    const given = { store, agent, nowMs, chance, readFile, signal, log, pause, before }
    return { ...given, challenger: challenger(one.wanted, log, pause) }
  }

  /** What is none of a CA's failures: the folder cannot be read or written, or a bug. */
  #safely(one: Followed, act: () => void): void {
    const { news, nowMs } = this.#parts
    try {
      act()
    } catch (error) {
      if (one.given.signal.aborted) return
      const nextTryMs = (one.dueMs = nowMs() + BUG_PAUSE_MS)
      const told = mishap(one, error, nextTryMs)
      one.log.add(`failed: ${told.why}`)
      if (told.hint === null) news.bug(error)
      const isNew = one.told?.kind !== told.why
      one.told = { kind: told.why, mishap: told, atMs: nowMs() }
      news.failed(told, isNew)
    }
  }
}
