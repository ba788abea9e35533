// What the answer to a check must be like.
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import type { AskAnswer } from '../../http1/ask.ts'
import { formatSize } from '../../lib/sizes.ts'
import { type StatusRange, statusRange } from '../../lib/status-ranges.ts'

const DEFAULT_STATUS = '200-399'
const written = (status: readonly (string | number)[] | undefined): string[] =>
  status === undefined || status.length === 0 ? [DEFAULT_STATUS] : status.map(String)
const wantedStatus = (status: readonly string[] | undefined): string =>
  // Checked words write a single status as a range of one.
  written(status)
    .map((text) => text.replace(/^(\d{3})-\1$/, '$1'))
    .join(', ')

/** Reads statuses and ranges of them: 200, 200-399, 2xx. */
export function statusRanges(status: readonly (string | number)[] | undefined): StatusRange[] {
  return written(status).map(statusRange)
}

type Expect = HealthCheckConfig['expect']

export class WantedAnswer {
  readonly #expect: Expect
  readonly #ranges: readonly StatusRange[]

  constructor(expect: Expect) {
    this.#expect = expect
    this.#ranges = statusRanges(expect.status)
  }

  /** Whether what follows a head with this status is looked at. */
  wantsBody(status: number): boolean {
    const { body, body_regex } = this.#expect
    return this.#passes(status) && (body !== undefined || body_regex !== undefined)
  }

  /** Why an answer does not pass; null: it does. */
  whyNot(answer: AskAnswer): string | null {
    const { status, body, body_regex, body_limit } = this.#expect
    if (!this.#passes(answer.status)) return `status ${answer.status}, wanted ${wantedStatus(status)}`
    if (!this.wantsBody(answer.status)) return null
    const text = new TextDecoder().decode(answer.body)
    const where = answer.isCut ? ` in its first ${formatSize(body_limit)}` : ''
    if (body !== undefined && !text.includes(body)) return `body lacks ${JSON.stringify(body)}${where}`
    if (body_regex !== undefined && !new RegExp(body_regex).test(text))
      return `body does not match /${body_regex}/${where}`
    return null
  }

  #passes(status: number): boolean {
    return this.#ranges.some(([from, to]) => status >= from && status <= to)
  }
}
