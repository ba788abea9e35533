// The certificates that are served: what a plan has of them, and how one takes the place of another while it
// is served, for handshakes from then on, with nothing else touched.
import type { Config } from '../../config/schema.ts'
import type { ChallengeTokens } from '../../http/challenges.ts'
import { readLearned } from '../../lib/demanded-name.ts'
import { logEvent } from '../../telemetry/log.ts'
import { type CertificateText, isSame, type PemPair } from '../../tls/certificate.ts'
import type { Amendment } from '../../worker/messages.ts'
import { CertificateEnds } from '../certificates/ends.ts'
import type { RememberedPairs } from '../source/good-pairs.ts'
import { named } from '../certificates/file-certificates.ts'
import type { CertificateHands, CertificateSource } from '../certificates/source.ts'
import type { PlanBody } from '../processes/worker.ts'
import { type ApplyProblem } from '../problem.ts'
import { takeRead } from '../source/read-once.ts'
import type { RefusedFiles } from '../source/refused-files.ts'
import { filesOf, type WantedCertificate, wantedCertificates } from '../source/wanted-certificates.ts'
import type { Part } from './part.ts'

export interface LiveCertificatesOptions {
  /** Changes one thing of the plan that is served, between two changes; null: it stays as it is. */
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  /** They are given hands. */
  readonly sources: (hands: CertificateHands) => readonly CertificateSource[]
  readonly nowMs: () => number
  readonly refused: RefusedFiles
  /** Those of files that are served, over restarts. */
  readonly good: RememberedPairs
}

/** A plan with one thing changed, and what the workers are told of it. */
export interface Amended {
  readonly plan: PlanBody
  readonly amendment: Amendment
}

export class LiveCertificates implements Part, CertificateHands {
  readonly name = 'certificates'
  readonly #options: LiveCertificatesOptions
  readonly #sources: readonly CertificateSource[]
  readonly #ends: CertificateEnds
  #challenges: Readonly<Record<string, CertificateText>> = {}
  #httpChallenges: ChallengeTokens = {}
  #served: Readonly<Record<string, CertificateText>> = {}
  /** What is served, in the words of the config. */
  #wanted: ReadonlyMap<string, WantedCertificate> = new Map()
  /** What the plan that was gathered last leaves as it is, and why. */
  #left: readonly (readonly [wanted: WantedCertificate, why: string])[] = []

  constructor(options: LiveCertificatesOptions) {
    this.#options = options
    this.#sources = options.sources(this)
    this.#ends = new CertificateEnds(options.nowMs)
  }

  /** What a plan has of them. Throws what stands against one, with its place as `path`. */
  async gather(config: Config): Promise<Pick<PlanBody, Gathered>> {
    const certificates: Record<string, CertificateText> = {}
    const wanted = [...wantedCertificates(config).values()]
    // Most have none, and what reads them is loaded with the first.
    const read = wanted.length === 0 ? null : await import('../../tls/read-certificate.ts')
    const left: [WantedCertificate, string][] = []
    const texts = takeRead(config)
    for (const [place, one] of wanted.entries()) {
      // Health checks and the rest of the supervisor go on beside thousands of files.
      if (place % TURN === TURN - 1) await new Promise(setImmediate)
      const pairs = await this.#sources.find((source) => source.isFor(one.words))?.textOf(one, texts)
      const before = this.#served[one.name]
      if (pairs === undefined || read === null) continue
      const isNew = before === undefined || !isSame(before.pairs, pairs)
      const why = isNew && before !== undefined ? await this.#whyLeft(one, pairs, before) : null
      if (why !== null) left.push([one, why])
      certificates[one.name] =
        isNew && why === null
          ? (this.#remembered(pairs) ?? readAt(one, () => read.certificateText(pairs)))
          : (before as CertificateText)
    }
    this.#left = left
    for (const source of this.#sources)
      for (const [name, pair] of (await source.more?.(wanted)) ?? []) {
        const before = this.#served[name]
        const isKnown = before !== undefined && (pair === null || isSame(before.pairs, [pair]))
        if (isKnown) certificates[name] = before
        else if (read !== null && pair !== null) certificates[name] = read.certificateText([pair])
      }
    return { certificates, challenges: this.#challenges, httpChallenges: this.#httpChallenges }
  }

  #remembered(pairs: readonly PemPair[]): CertificateText | null {
    const [pair, another] = pairs
    if (pair === undefined || another !== undefined) return null
    const facts = this.#options.good.find(pair.cert, pair.key)
    return facts === undefined ? null : { pairs, names: facts.names, endsMs: facts.endsMs }
  }

  /** Not while anything waits for it. */
  #remember(served: Readonly<Record<string, CertificateText>>): void {
    const texts = [...this.#wanted.values()].flatMap(({ name, words }) =>
      words.cert === undefined ? [] : (served[name] ?? []),
    )
    setImmediate(() => void this.#options.good.keep(texts, () => this.#served === served))
  }

  /**
   * Why one is left as it is though its files say something else: whatever is edited or read again elsewhere,
   * a slip in them takes the place of nothing that clients take. Null: it is not.
   */
  async #whyLeft(
    one: WantedCertificate,
    pairs: readonly PemPair[],
    before: CertificateText,
  ): Promise<string | null> {
    const { whyUnfit } = await import('../../tls/why-unfit.ts')
    if (!Bun.deepEquals(this.#wanted.get(one.name)?.words, one.words)) return null
    const when = { nowMs: this.#options.nowMs(), before: before.pairs }
    return whyNotServed(one, pairs, (pair, files) => whyUnfit(pair, files, when))
  }

  stage(): readonly ApplyProblem[] {
    return []
  }

  /** Follows those of this plan from here on. */
  commit({ config, certificates }: PlanBody): void {
    this.#served = certificates
    this.#wanted = wantedCertificates(config)
    this.#options.refused.keep('certificate', new Set(this.#left.map(([{ name }]) => name)))
    for (const [one, why] of this.#left) this.refused(one, why)
    this.#left = []
    const wanted = [...this.#wanted.values()]
    for (const source of this.#sources) source.follow(wanted.filter(({ words }) => source.isFor(words)))
    this.#ends.lookNow(certificates, this.#isRenewed)
    this.#remember(certificates)
  }

  drop(): void {}

  look(): void {
    for (const source of this.#sources) source.look()
    this.#ends.look(this.#served, this.#isRenewed)
  }

  stop(): void {
    for (const source of this.#sources) source.stop()
  }

  readonly #isRenewed = (name: string): boolean =>
    this.#sources.some((source) => source.isRenewed?.(name) === true)

  async replace(name: string, pairs: readonly PemPair[]): Promise<boolean> {
    const [{ certificateText }, { whyUnfit }, { makeContext }, { PLAIN_SETTINGS }] = await Promise.all([
      import('../../tls/read-certificate.ts'),
      import('../../tls/why-unfit.ts'),
      import('../../tls/certificate.ts'),
      import('../../tls/tls-settings.ts'),
    ])
    let replaced: { readonly wanted: WantedCertificate; readonly text: CertificateText } | null = null
    await this.#options.amend((plan) => {
      const before = plan.certificates[name]
      const wanted = wantedCertificates(plan.config).get(name)
      if (before === undefined || wanted === undefined || isSame(before.pairs, pairs)) return null
      const why = whyNotServed(wanted, pairs, (pair, files) =>
        whyUnfit(pair, files, { nowMs: this.#options.nowMs(), before: before.pairs }),
      )
      if (why !== null)
        throw new Error(why, { cause: whyByTls(() => void makeContext(pairs, PLAIN_SETTINGS)) })
      // What workers would meet, so that they do not.
      void makeContext(pairs, PLAIN_SETTINGS)
      const text = certificateText(pairs)
      replaced = { wanted, text }
      const certificates = { ...plan.certificates, [name]: text }
      this.#served = certificates
      return { plan: { ...plan, certificates }, amendment: { type: 'certificate', name, text } }
    })
    this.#options.refused.mended('certificate', name)
    if (replaced === null) return false
    await tellReplaced(replaced)
    return true
  }

  refused(wanted: WantedCertificate, why: string, more: object = {}): void {
    this.#options.refused.add('certificate', wanted.name, why)
    logEvent('warn', 'certificate_refused', {
      ...named(wanted),
      why,
      ...more,
      hint: 'the one before goes on',
    })
  }

  async learn(learned: string, pair: PemPair | null): Promise<void> {
    const { certificateText } = await import('../../tls/read-certificate.ts')
    const { makeContext } = await import('../../tls/certificate.ts')
    const { PLAIN_SETTINGS } = await import('../../tls/tls-settings.ts')
    if (pair !== null) void makeContext([pair], PLAIN_SETTINGS)
    const text = pair === null ? null : certificateText([pair])
    await this.#options.amend((plan) => {
      const { certificate = '' } = readLearned(learned) ?? {}
      // Its words may be gone from the config by now.
      if (text !== null && plan.config.certificates[certificate]?.acme?.on_demand === undefined) return null
      const { [learned]: _, ...others } = plan.certificates
      const certificates = text === null ? others : { ...others, [learned]: text }
      this.#served = certificates
      return { plan: { ...plan, certificates }, amendment: { type: 'certificate', name: learned, text } }
    })
  }

  async refuse(learned: string): Promise<void> {
    await this.#options.amend((plan) => ({ plan, amendment: { type: 'name-refused', learned } }))
  }

  async challenge(serverName: string, pair: PemPair | null): Promise<void> {
    const { certificateText } = await import('../../tls/read-certificate.ts')
    const text = pair === null ? null : certificateText([pair])
    await this.#options.amend((plan) => {
      const { [serverName]: _, ...others } = this.#challenges
      this.#challenges = text === null ? others : { ...others, [serverName]: text }
      const amendment = { type: 'challenge', serverName, text } as const
      return { plan: { ...plan, challenges: this.#challenges }, amendment }
    })
  }

  async httpChallenges(tokens: ChallengeTokens): Promise<void> {
    await this.#options.amend((plan) => {
      this.#httpChallenges = tokens
      const amendment = { type: 'http-challenges', tokens } as const
      return { plan: { ...plan, httpChallenges: tokens }, amendment }
    })
  }
}

/** So many are gathered in one turn of the loop. */
const TURN = 128

type Gathered = 'certificates' | 'challenges' | 'httpChallenges'

function readAt<T>({ path }: WantedCertificate, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw Object.assign(new Error('its certificate cannot be read', { cause: error }), { path })
  }
}

/** Of the first pair that something stands against; null: of none. */
function whyNotServed(
  wanted: WantedCertificate,
  pairs: readonly PemPair[],
  why: (pair: PemPair, files: { readonly cert: string; readonly key: string }) => string | null,
): string | null {
  const files = filesOf(wanted)
  for (const [place, pair] of pairs.entries()) {
    const found = why(pair, files[place] ?? { cert: 'the new certificate', key: 'it' })
    if (found !== null) return found
  }
  return null
}

/** What TLS itself says; null: nothing. */
function whyByTls(make: () => void): Error | null {
  try {
    make()
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function tellReplaced(replaced: {
  readonly wanted: WantedCertificate
  readonly text: CertificateText
}): Promise<void> {
  const { X509Certificate } = await import('node:crypto')
  const { pairs, endsMs } = replaced.text
  const leaves = pairs.map(({ cert }) => new X509Certificate(cert))
  const told = (of: (leaf: InstanceType<typeof X509Certificate>) => string): string | readonly string[] => {
    const all = leaves.map(of)
    return new Set(all).size === 1 ? (all[0] ?? all) : all
  }
  logEvent('info', 'certificate_replaced', {
    ...named(replaced.wanted),
    subject: told(({ subject }) => subject.replaceAll('\n', ', ')),
    // Most are renewed under the same name.
    serial: told(({ serialNumber }) => serialNumber.toLowerCase()),
    fingerprint: told(({ fingerprint256 }) => fingerprint256.replaceAll(':', '').toLowerCase()),
    until: new Date(endsMs).toISOString(),
  })
}
