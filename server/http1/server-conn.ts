// What a connection to a server is, apart from the exchanges that pass on it: whose it is, where it stands,
// how slow it may be.
import { type AnswerLimits, ResponseHead } from '../head/response-head.ts'
import type { Wheel } from '../lib/wheel.ts'
import { BodyReader } from './body.ts'
import { Conn } from './conn.ts'
import type { Endpoint } from './endpoint.ts'
import { isQuiet } from './pump.ts'

/** connecting · idle: in the pool · head: an answer is awaited · body: an answer is read · rest: it is read, and more of the
 *  request goes out · tunnel · over: nothing more is read. */
type Place = 'connecting' | 'idle' | 'head' | 'body' | 'rest' | 'tunnel' | 'over'

const LINGER_BYTES_MAX = 64 * 1024
/** A server that takes less of a request is as good as stalled. */
const LEAST_RATE = 240

export abstract class ServerConn extends Conn {
  readonly endpoint: Endpoint
  place: Place = 'connecting'
  head = new ResponseHead()
  readonly reader = new BodyReader()
  /** It has served an exchange before: its server may have closed it meanwhile. */
  isReused = false
  /** Why it failed, in more words than the fault's code; null: that says all. */
  why: string | null = null
  /** At least one byte of the present answer has come. */
  hasAnswered = false

  constructor(endpoint: Endpoint, wheel: Wheel) {
    super(wheel, LINGER_BYTES_MAX)
    this.endpoint = endpoint
    endpoint.live.open++
  }

  /**
   * Nothing has come meanwhile on an idle connection, not even its end: what must not be sent twice may be
   * sent on it.
   */
  get isFit(): boolean {
    return isQuiet(this.rawFd)
  }

  protected get limits(): AnswerLimits {
    return this.endpoint.answers
  }

  /**
   * The exchange keeps the head that it was given, though this connection may read another before it is done
   * with it.
   */
  yieldHead(): void {
    this.head = new ResponseHead()
  }

  /** Content of the present answer so far. */
  get answerBytes(): number {
    return this.reader.contentBytes
  }

  protected get leastRate(): number {
    return LEAST_RATE
  }

  protected get idleMs(): number {
    return this.endpoint.timeouts.idle
  }

  /**
   * How long the answer may be silent: one of no known length is a stream where it pauses between two pieces.
   */
  protected get silenceMs(): number {
    const { idle, stream } = this.endpoint.timeouts
    return this.reader.isBetweenPieces ? Math.max(idle, stream) : idle
  }
}
