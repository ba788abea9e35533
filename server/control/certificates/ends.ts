// Certificates that are about to end: told a month, two weeks, a week and a day before, and once they have.
import { logEvent } from '../../telemetry/log.ts'
import type { CertificateText } from '../../tls/certificate.ts'
import { Nearing } from './nearing.ts'

const DAY_MS = 86_400_000
const TOLD_AT_DAYS = [0, 1, 7, 14, 30]

/** Days that are left, in whole ones; below 0 once it has ended. */
export const daysLeft = ({ endsMs }: Pick<CertificateText, 'endsMs'>, nowMs: number): number =>
  Math.floor((endsMs - nowMs) / DAY_MS)

type Served = Readonly<Record<string, CertificateText>>

export class CertificateEnds {
  readonly #nowMs: () => number
  readonly #tell: typeof logEvent
  readonly #nearing = new Nearing(TOLD_AT_DAYS)

  constructor(nowMs: () => number, tell = logEvent) {
    this.#nowMs = nowMs
    this.#tell = tell
  }

  /** Looks now and then; of one that is renewed in time by itself nothing is told. */
  look(certificates: Served, isRenewed: (name: string) => boolean = () => false): void {
    if (this.#nearing.isDue(this.#nowMs())) this.lookNow(certificates, isRenewed)
  }

  lookNow(certificates: Served, isRenewed: (name: string) => boolean = () => false): void {
    this.#nearing.begin(this.#nowMs(), new Set(Object.keys(certificates)))
    for (const [name, text] of Object.entries(certificates)) if (!isRenewed(name)) this.#lookAt(name, text)
  }

  #lookAt(name: string, { endsMs, names }: CertificateText): void {
    const leftMs = endsMs - this.#nowMs()
    const days = this.#nearing.reached(name, endsMs, this.#nowMs())
    if (days === null) return
    const isOver = leftMs <= 0
    this.#tell(isOver || days === 1 ? 'error' : 'warn', 'certificate_expires', {
      certificate: name,
      names,
      until: new Date(endsMs).toISOString(),
      days_left: Math.max(0, Math.floor(leftMs / DAY_MS)),
      hint: isOver
        ? 'it has expired, and is served all the same: clients refuse it'
        : 'renew it before clients refuse it',
    })
  }
}
