// What a check says to an HTTP server, and how it reads the answer: strictly, within bounds, and no further
// than needed.
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import { type Tolerance, canonicalHead } from '../../head/canonical.ts'
import { whyAnswer } from '../../head/why-answer.ts'
import { formatSize } from '../../lib/sizes.ts'
import { BodyDecoder, framingOf, type Field } from './probe-body.ts'

/** A check, and how its answers are read: as those to requests are. */
export interface ServerCheck extends HealthCheckConfig {
  readonly answers?: Tolerance
}

/** How a talk ended: null for a pass. */
export interface Ending {
  readonly reason: string | null
}

const HEAD_BYTES_MAX = 16 * 1024
const INTERIM_MAX = 20
const USER_AGENT = 'sluice-health'

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: .*)?$/
/** What has come of it may be the begin of a status line. */
const STARTS = /^(?:HTTP\/1\.[01] |H(?:T(?:T(?:P(?:\/(?:1(?:\.[01]?)?)?)?)?)?)?$)/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/
const NOT_HTTP: Ending = { reason: 'the answer is not HTTP/1.1' }
const WHY_MAX = 200

/** One request and its answer. */
export class HttpTalk {
  readonly request: Uint8Array
  readonly #check: ServerCheck
  readonly #ranges: readonly StatusRange[]
  /** Bytes of the head so far, as latin1. */
  #head = ''
  #interims = 0
  #body: BodyDecoder | null = null

  constructor(check: ServerCheck, authority: string) {
    this.#check = check
    this.#ranges = statusRanges(check.expect.status)
    this.request = requestBytes(check, authority)
  }

  /** The head of the answer has come, and the body is what is read. */
  get hasHead(): boolean {
    return this.#body !== null
  }

  /** Takes bytes of the answer; null: more are needed. */
  take(bytes: Uint8Array): Ending | null {
    if (this.#body) return this.#takeBody(bytes)
    this.#head += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
    if (this.#head.length > 0 && !STARTS.test(this.#head)) return this.#notHttp(this.#head)
    for (;;) {
      this.#mend()
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0 ? this.#head.length > HEAD_BYTES_MAX : end > HEAD_BYTES_MAX)
        return { reason: `the head of the answer is over ${formatSize(HEAD_BYTES_MAX)}` }
      if (end < 0) return null
      const head = this.#head.slice(0, end)
      this.#head = this.#head.slice(end + 4)
      const ending = this.#takeHead(head)
      if (ending) return ending
      if (this.#body) return this.#takeBody(Buffer.from(this.#head, 'latin1'))
    }
  }

  /** A head that means one thing only goes on in canonical form, where the backend takes it. */
  #mend(): void {
    const bytes = Buffer.from(this.#head, 'latin1')
    const mended = canonicalHead(bytes, 0, bytes.length, this.#check.answers ?? 'exact')
    if (mended === null || mended === 'incomplete') return
    this.#head = mended.bytes.latin1Slice() + this.#head.slice(mended.end)
  }

  #notHttp(head: string): Ending {
    const bytes = Buffer.from(head, 'latin1')
    const why = whyAnswer(bytes, 0, bytes.length, this.#check.answers)
    return { reason: `${NOT_HTTP.reason}: ${why.slice(0, WHY_MAX)}` }
  }

  /** The server has ended the connection. */
  end(): Ending {
    if (!this.#body) {
      if (this.#head.includes('\n\n') || this.#head.includes('\n\r\n')) return this.#notHttp(this.#head)
      return { reason: this.#head === '' ? 'connection closed before an answer' : 'the answer ended early' }
    }
    return this.#body.endsWithConnection ? this.#judgeBody() : { reason: 'the answer ended early' }
  }

  /** Null for an interim answer too: the next head follows. */
  #takeHead(head: string): Ending | null {
    const [first = '', ...lines] = head.split('\r\n')
    const status = Number(STATUS_LINE.exec(first)?.[1])
    const fields = fieldsOf(lines)
    if (Number.isNaN(status) || fields === null) return this.#notHttp(`${head}\r\n\r\n`)
    if (status < 200 && status !== 101) return ++this.#interims > INTERIM_MAX ? NOT_HTTP : null
    if (!this.#ranges.some(([from, to]) => status >= from && status <= to))
      return { reason: `status ${status}, wanted ${wantedStatus(this.#check.expect.status)}` }
    const { body, body_regex, body_limit } = this.#check.expect
    if (body === undefined && body_regex === undefined) return { reason: null }
    const framing = framingOf(this.#check.method, status, fields)
    if (framing === null) return NOT_HTTP
    this.#body = new BodyDecoder(framing, body_limit)
    return null
  }

  #takeBody(bytes: Uint8Array): Ending | null {
    const progress = this.#body?.take(bytes)
    if (progress === 'broken') return NOT_HTTP
    return progress === 'whole' ? this.#judgeBody() : null
  }

  #judgeBody(): Ending {
    const { body, body_regex, body_limit } = this.#check.expect
    const text = this.#body?.text() ?? ''
    const where = this.#body?.isCut ? ` in its first ${formatSize(body_limit)}` : ''
    if (body !== undefined && !text.includes(body))
      return { reason: `body lacks ${JSON.stringify(body)}${where}` }
    if (body_regex !== undefined && !new RegExp(body_regex).test(text))
      return { reason: `body does not match /${body_regex}/${where}` }
    return { reason: null }
  }
}

function requestBytes({ method, path, headers = {} }: HealthCheckConfig, authority: string): Uint8Array {
  const fields = new Map([
    ['host', `Host: ${authority}`],
    ['user-agent', `User-Agent: ${USER_AGENT}`],
    ['accept', 'Accept: */*'],
  ])
  if (method === 'POST') fields.set('content-length', 'Content-Length: 0')
  for (const [name, value] of Object.entries(headers)) fields.set(name.toLowerCase(), `${name}: ${value}`)
  // The connection is for this request alone, whatever the config says.
  fields.set('connection', 'Connection: close')
  return Buffer.from(`${[`${method} ${path} HTTP/1.1`, ...fields.values()].join('\r\n')}\r\n\r\n`, 'latin1')
}

function fieldsOf(lines: readonly string[]): Field[] | null {
  const fields: Field[] = []
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? []
    if (name === undefined || value === undefined) return null
    fields.push([name.toLowerCase(), value])
  }
  return fields
}

type StatusRange = readonly [from: number, to: number]

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
  return written(status).map((text): StatusRange => {
    const [from = '', to = from] = text.split('-')
    const [first, last] = [Number(from.replaceAll(/x/gi, '0')), Number(to.replaceAll(/x/gi, '9'))]
    if (Number.isNaN(first + last)) throw new TypeError(`"${text}" is neither a status nor a range of them`)
    return [first, last]
  })
}
