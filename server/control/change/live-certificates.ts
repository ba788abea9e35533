// Follows the files of the certificates that are served. A pair that was changed takes the place of the old
// one for handshakes from then on; nothing else is touched. One that is broken changes nothing, and is told.
import { X509Certificate } from 'node:crypto'
import { logEvent } from '../../telemetry/log.ts'
import { Certificate, type CertificateText } from '../../tls/certificate.ts'
import type { Amendment } from '../../worker/messages.ts'
import type { PlanBody } from '../processes/worker.ts'
import { type ApplyProblem, problemOf } from '../problem.ts'
import { type FileWatch, watchFile } from '../source/watch-file.ts'
import { certificateFiles, type NamedFiles } from '../source/certificate-files.ts'
import { readCertificate, whyUnfit } from './certificates.ts'
import type { Part } from './part.ts'

/** Both files of a pair are written within so long: what does not fit before is no news. */
const SETTLE_MS = 500

export interface LiveCertificatesOptions {
  /** Changes one thing of the plan that is served, between two changes; null: it has no such certificate. */
  readonly amend: (change: (plan: PlanBody) => Amended | null) => Promise<void>
  readonly isWatching: boolean
  readonly settleMs?: number
}

/** A plan with one thing changed, and what the workers are told of it. */
export interface Amended {
  readonly plan: PlanBody
  readonly amendment: Amendment
}

interface Followed {
  readonly watches: readonly FileWatch[]
  readonly look: () => void
}

export class LiveCertificates implements Part {
  readonly name = 'certificates'
  readonly #options: LiveCertificatesOptions
  /** By name. */
  readonly #followed = new Map<string, Followed>()
  readonly #settling = new Map<string, Timer>()

  constructor(options: LiveCertificatesOptions) {
    this.#options = options
  }

  stage(): readonly ApplyProblem[] {
    return []
  }

  /** Follows those of this plan from here on. */
  commit(plan: PlanBody): void {
    if (!this.#options.isWatching) return
    const files = certificateFiles(plan.config)
    for (const name of this.#followed.keys()) if (!files.has(name)) this.#forget(name)
    for (const [name, pair] of files) {
      const text = plan.certificates[name]
      if (this.#followed.has(name) || text === undefined) continue
      const look = (): void => this.#lookSoon(name, () => this.#replace(name, pair))
      const watch = (path: string, known: string): FileWatch =>
        watchFile(known, { path, onChange: look, missingMs: 0 })
      const watches = [watch(pair.cert, text.cert), watch(pair.key, text.key)]
      this.#followed.set(name, { watches, look })
    }
  }

  drop(): void {}

  /** Looks for changes that no event told; to be called every few seconds. */
  look(): void {
    for (const { watches } of this.#followed.values()) for (const watch of watches) watch.look()
  }

  stop(): void {
    for (const name of this.#followed.keys()) this.#forget(name)
  }

  #lookSoon(name: string, act: () => Promise<void>): void {
    clearTimeout(this.#settling.get(name))
    const timer = setTimeout(() => {
      this.#settling.delete(name)
      void act()
    }, this.#options.settleMs ?? SETTLE_MS)
    this.#settling.set(name, timer)
  }

  async #replace(name: string, pair: NamedFiles): Promise<void> {
    const { cert, key } = pair
    let text: CertificateText | null = null
    try {
      const read = await readCertificate(pair)
      text = read
      let isNew = false
      await this.#options.amend((plan) => {
        const before = plan.certificates[name]
        if (before === undefined || (before.cert === read.cert && before.key === read.key)) return null
        // Throws what workers would meet, so that they do not.
        void new Certificate(read)
        isNew = true
        const certificates = { ...plan.certificates, [name]: read }
        return { plan: { ...plan, certificates }, amendment: { type: 'certificate', name, text: read } }
      })
      if (isNew) logEvent('info', 'certificate_replaced', { cert, key, ...factsOf(read) })
    } catch (error) {
      const { message } = problemOf(error)
      const plain = text === null ? null : whyUnfit(text, pair)
      const why = plain === null ? { why: message } : { why: plain, error: message }
      logEvent('warn', 'certificate_refused', { cert, key, ...why, hint: 'the one before goes on' })
    }
  }

  #forget(name: string): void {
    clearTimeout(this.#settling.get(name))
    this.#settling.delete(name)
    for (const watch of this.#followed.get(name)?.watches ?? []) watch.stop()
    this.#followed.delete(name)
  }
}

function factsOf({ cert }: CertificateText): object {
  const { subject, validTo } = new X509Certificate(cert)
  return { subject: subject.replaceAll('\n', ', '), until: new Date(validTo).toISOString() }
}
