// A request that was served, as a worker keeps it: objects that are used again and again, so that to keep one
// leaves no garbage. Names are kept, not what they name: a snapshot that is gone is not held by them.
import type { Stuck } from '../backends/sticky.ts'
import type { Exchange, Try } from '../http/exchange.ts'
import type { FaultCode } from '../tables/faults.ts'
import { backendOf } from './exchange-meter.ts'
import type { Filterable } from './request-filter.ts'

/** Of one head at most so much is kept. */
export const HEAD_BYTES_MAX = 4096

/** The first attempt was at the server that its session has. */
const isStuck = ({ result, why }: Stuck): boolean =>
  result === 'hit' || (result === 'elsewhere' && why === 'failed')

export class KeptRequest implements Filterable {
  /** Counts all requests of the worker. */
  seq = 0
  /** Bytes that were kept before its head; and where that begins. */
  before = 0
  at = 0
  headBytes = 0
  /** More of it came than is kept. */
  isHeadCut = false
  targetStart = 0
  targetEnd = 0
  /** Fields that rules did not see, as no trusted proxy has written them. */
  hidden = 0
  /** Of a head that was refused. */
  refusedTarget = ''
  version = 11
  id = ''
  client: string | null = null
  user: string | null = null
  cache: Exchange['cache'] = null
  scheme: 'http' | 'https' = 'http'
  listener = ''
  method = ''
  host = ''
  rule: string | null = null
  backend: string | null = null
  /** Of the backend that its rule names; sticky: its session chose. */
  algorithm: string | null = null
  server: string | null = null
  status = 0
  bytesIn = 0
  bytesOut = 0
  attempts = 0
  fault: FaultCode | null = null
  detail: string | null = null
  shadow: string | null = null
  tries: readonly Try[] | null = null
  startedMs = 0
  endedMs = 0
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Of an exchange that has just ended. */
  take(x: Exchange): void {
    const { rule, to, server, fault, client } = x
    this.id = x.id
    this.client = client.address
    this.user = x.identity?.name || null
    this.cache = x.cache
    this.scheme = client.scheme
    this.listener = x.listener.name
    this.rule = rule === null ? null : rule.name
    this.backend = backendOf(x)
    this.algorithm = to !== null && to.is === 'backend' ? to.backend.options.algorithm : null
    if (x.sticky !== null && isStuck(x.sticky)) this.algorithm = 'sticky'
    this.server = server === null ? null : server.name
    this.status = x.status
    this.bytesIn = x.bytesIn
    this.bytesOut = x.bytesOut
    this.attempts = x.attempts
    this.fault = fault === null ? null : fault.code
    this.detail = x.detail
    this.shadow = x.shadow
    this.tries = x.tries
    this.startedMs = x.startedMs
    this.endedMs = x.endedMs
    this.queueMs = x.queueMs
    this.connectMs = x.connectMs
    this.firstByteMs = x.firstByteMs
  }

  get totalMs(): number {
    return this.endedMs - this.startedMs
  }

  /** Path and query as they came. */
  get target(): string {
    const { at, targetStart, targetEnd } = this
    return this.headBytes === 0
      ? this.refusedTarget
      : this.#bytes.latin1Slice(at + targetStart, at + targetEnd) || '/'
  }

  /** The head as it came, or as much of it as is kept. */
  get head(): string {
    return this.#bytes.latin1Slice(this.at, this.at + this.headBytes)
  }
}
