// Certificates that are about to end: told a month, two weeks, a week and a day before, and once they have.
// Each is told once in a run; a start tells how it is then.
import { logEvent } from '../../telemetry/log.ts'
import type { CertificateText } from '../../tls/certificate.ts'

const DAY_MS = 86_400_000
const TOLD_AT_DAYS = [0, 1, 7, 14, 30]
const LOOK_EVERY_MS = 60_000

/** Days that are left, in whole ones; below 0 once it has ended. */
export const daysLeft = ({ endsMs }: Pick<CertificateText, 'endsMs'>, nowMs: number): number =>
  Math.floor((endsMs - nowMs) / DAY_MS)

type Served = Readonly<Record<string, CertificateText>>

export class CertificateEnds {
  readonly #nowMs: () => number
  readonly #tell: typeof logEvent
  /** What was told last of each, by name: when it ends, and how near that was. */
  readonly #told = new Map<string, { readonly endsMs: number; readonly days: number }>()
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(nowMs: () => number, tell = logEvent) {
    this.#nowMs = nowMs
    this.#tell = tell
  }

  /** Looks now and then; of one that is renewed in time by itself nothing is told. */
  look(certificates: Served, isRenewed: (name: string) => boolean = () => false): void {
    // A clock may be set back.
    if (Math.abs(this.#nowMs() - this.#lookedMs) >= LOOK_EVERY_MS) this.lookNow(certificates, isRenewed)
  }

  lookNow(certificates: Served, isRenewed: (name: string) => boolean = () => false): void {
    this.#lookedMs = this.#nowMs()
    for (const name of this.#told.keys()) if (!Object.hasOwn(certificates, name)) this.#told.delete(name)
    for (const [name, text] of Object.entries(certificates)) if (!isRenewed(name)) this.#lookAt(name, text)
  }

  #lookAt(name: string, { endsMs, names }: CertificateText): void {
    const leftMs = endsMs - this.#nowMs()
    const days = TOLD_AT_DAYS.find((one) => leftMs <= one * DAY_MS)
    const told = this.#told.get(name)
    if (days === undefined) return void this.#told.delete(name)
    if (told?.endsMs === endsMs && told.days === days) return
    this.#told.set(name, { endsMs, days })
    // A clock that was ahead told more than is true: what comes nearer again is told again.
    if (told?.endsMs === endsMs && told.days < days) return
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
