// Steady load on keep-alive connections, as clients that reconnect when they are told to.
import { RawClient, type WireAnswer } from './client.ts'
import { pause } from './wait.ts'

export interface LoadOptions {
  readonly connections?: number
  readonly target?: string
  /** Further field lines, each with CRLF. */
  readonly fields?: string
  /**
   * Repeats, on a new connection, a request whose kept connection ended by FIN before any byte of its answer,
   * as clients do (RFC 9112 §9.3.1): the other side may end an idle connection while the request is on its
   * way.
   */
  readonly repeats?: boolean
  /**
   * What each client rests between two requests: for load that is there all the time and leaves the machine
   * to what it is there for.
   */
  readonly restMs?: number
  /** What a right answer is; default: 200, complete. */
  readonly isRight?: (answer: WireAnswer) => boolean
}

export interface LoadResult {
  readonly answered: number
  /** How often a request was repeated on a new connection. */
  readonly repeated: number
  /** Why requests failed; at most 50 are described, all are counted. */
  readonly failures: readonly string[]
  readonly failed: number
}

export interface Load {
  /** So far. */
  readonly answered: number
  readonly failed: number
  /** Lets requests in flight finish, then tells the result. */
  stop(): Promise<LoadResult>
}

/** Starts clients that send one request after the other until stopped. */
export function startLoad(
  port: number,
  { connections = 8, target = '/load', fields = '', isRight = isOk, ...more }: LoadOptions = {},
): Load {
  const { repeats = false, restMs = 0 } = more
  let isStopping = false
  let answered = 0
  let failed = 0
  let repeated = 0
  const failures: string[] = []
  const fail = (why: string): void => {
    failed++
    if (failures.length < 50) failures.push(why)
  }
  const run = async (): Promise<void> => {
    let client: RawClient | null = null
    let wasEnded = (): boolean => false
    while (!isStopping) {
      try {
        const isKept = client !== null
        client ??= await RawClient.connect(port)
        const before = client.reader.total
        wasEnded = () => isKept && client?.reader.ending === 'fin' && client.reader.total === before
        const answer = await client.get(target, fields)
        if (isRight(answer)) answered++
        else fail(`${answer.status} ${answer.complete ? '' : 'incomplete '}${answer.body.slice(0, 200)}`)
        // As the standard wants it: a connection that the other side closes is not used again.
        if (answer.get('connection')?.toLowerCase() === 'close' || !client.isOpen) {
          client.rst()
          client = null
        }
        if (restMs > 0) await pause(restMs)
      } catch (problem) {
        if (repeats && wasEnded()) repeated++
        else fail(String(problem))
        client?.rst()
        client = null
        await pause(1)
      }
    }
    client?.rst()
  }
  const runs = Array.from({ length: connections }, run)
  return {
    get answered() {
      return answered
    },
    get failed() {
      return failed
    },
    async stop() {
      isStopping = true
      await Promise.all(runs)
      return { answered, repeated, failures, failed }
    },
  }
}

const isOk = ({ status, complete }: WireAnswer): boolean => status === 200 && complete
