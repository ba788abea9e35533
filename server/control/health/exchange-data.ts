// A check of a server that is given bytes as they come: it connects, sends what is asked, and reads until the
// answer is what was wanted, or cannot become that any more.
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import { nowMs } from '../../lib/clock.ts'
import { askFailure } from '../../http1/ask.ts'
import { connectionEnds } from '../../lib/descriptor-budget.ts'
import { formatDuration } from '../../lib/durations.ts'
import { bytesOf } from '../../lib/escapes.ts'
import { formatSize } from '../../lib/sizes.ts'
import { ownProxyHeader, type ProxyVersion } from '../../lib/proxy-header-out.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'
import { Reach, type ReachWorld } from '../../reach/reach.ts'
import type { Socket, SocketEvents } from '../../sockets/socket.ts'
import type { ServerTls } from '../../tls/server-tls.ts'
import type { FaultCode } from '../../tables/faults.ts'
import type { TcpDial, TcpDialEvents, TcpReached } from '../../tcp/dial-tcp.ts'

export interface DataTarget {
  readonly host: string
  readonly port: number
  readonly tls?: ServerTls | null
  readonly check: Pick<HealthCheckConfig, 'send' | 'expect' | 'timeout'> & {
    readonly proxy_protocol?: ProxyVersion | undefined
  }
}

export interface DataWorld extends ReachWorld<TcpReached, TcpDial> {
  readonly wheel: Wheel
}

/** How a check ended. */
export type DataEnd =
  | { readonly is: 'passed' }
  | { readonly is: 'failed'; readonly code: FaultCode | null; readonly words: string }

const LINGER_MS = 1000
const NOTHING = Buffer.alloc(0)

/** Why no connection stood, as checks over HTTP say it. */
function wordsOf(code: FaultCode, detail: string | null): string {
  const target = { phase: 'connection', host: '', limits: { total: 0, body: 0 }, why: detail } as const
  return askFailure(code, target).words
}

/** Starts a check; calling the answer gives it up. `done` is called once, never before `begin`. */
export class DataExchange implements TcpDialEvents, SocketEvents, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #target: DataTarget
  readonly #world: DataWorld
  readonly #wanted: Buffer | null
  #header: Buffer | null = null
  #done: ((end: DataEnd, received: Buffer) => void) | null
  #reach: Reach<TcpReached, TcpDial> | null = null
  #socket: Socket | null = null
  #pieces: Buffer[] = []
  #bytes = 0

  /** `done` hears what came of the answer as well. */
  constructor(target: DataTarget, world: DataWorld, done: (end: DataEnd, received: Buffer) => void) {
    const { data } = target.check.expect
    this.#target = target
    this.#world = world
    this.#done = done
    this.#wanted = data === undefined ? null : bytesOf(data)
  }

  begin(): void {
    if (this.#done === null) return
    const { host, port, tls = null, check } = this.#target
    this.#world.wheel.due(this, nowMs + check.timeout)
    const { proxy_protocol: version } = check
    this.#header = version === undefined ? null : ownProxyHeader(version)
    const header = this.#header
    const endpoint = { host, port, tls, header, timeouts: { connect: check.timeout }, live: { addressAt: 0 } }
    this.#reach = new Reach<TcpReached, TcpDial>(endpoint, this.#world, this)
    this.#reach.start()
  }

  cancel(): void {
    this.#done = null
    this.#reach?.cancel()
    this.#reach = null
    this.#world.wheel.remove(this)
    this.#socket?.terminate()
  }

  serverOpen({ socket }: TcpDial): void {
    this.#reach = null
    if (socket === null) return
    this.#socket = socket
    socket.owner = this
    const { tls = null, check } = this.#target
    // By TLS it went out before the handshake.
    const header = tls === null ? this.#header : null
    const said = check.send === undefined ? null : bytesOf(check.send)
    const bytes = Buffer.concat([header ?? NOTHING, said ?? NOTHING])
    // A few bytes on a new connection are taken whole.
    if (bytes.length > 0) socket.write(bytes, 0, bytes.length)
  }

  serverGone(code: FaultCode, detail: string | null): void {
    this.#fail(wordsOf(code, detail), code)
  }

  onData(bytes: Buffer): void {
    if (this.#done === null) return
    const { data_limit } = this.#target.check.expect
    const room = data_limit - this.#bytes
    this.#pieces.push(Buffer.from(bytes.subarray(0, room)))
    this.#bytes += Math.min(bytes.length, room)
    const why = this.#whyNot()
    if (why === null) this.#tell({ is: 'passed' })
    else if (this.#bytes >= data_limit) this.#fail(`${why} in its first ${formatSize(data_limit)}`)
  }

  /** Why what has come so far is not what is wanted. */
  #whyNot(): string | null {
    const { data, data_regex } = this.#target.check.expect
    const all = Buffer.concat(this.#pieces)
    this.#pieces = [all]
    if (this.#wanted !== null && !all.includes(this.#wanted)) return `answer lacks ${JSON.stringify(data)}`
    if (data_regex !== undefined && !new RegExp(data_regex).test(all.toString('latin1')))
      return `answer does not match /${data_regex}/`
    return null
  }

  onEnd(): void {
    if (this.#done === null) return
    this.#fail(
      this.#bytes === 0 ? 'connection closed before an answer' : `${this.#whyNot()}, and it has ended`,
    )
  }

  onClose(): void {
    this.#socket = null
    connectionEnds()
    this.#fail('connection closed before an answer')
    this.#world.wheel.remove(this)
  }

  onBroken(): void {
    this.terminate()
  }

  onDrain(): void {}

  terminate(): void {
    this.#socket?.terminate()
  }

  expire(): void {
    if (this.#done === null) return this.terminate()
    const { timeout } = this.#target.check
    const doing = this.#socket === null ? 'connecting' : 'waiting for the answer'
    const why = this.#bytes === 0 ? '' : `: ${this.#whyNot()}`
    this.#fail(`timed out after ${formatDuration(timeout)} while ${doing}${why}`)
  }

  #fail(words: string, code: FaultCode | null = null): void {
    this.#tell({ is: 'failed', code, words })
  }

  #tell(end: DataEnd): void {
    const done = this.#done
    if (done === null) return
    this.#done = null
    this.#reach?.cancel()
    this.#reach = null
    const received = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#leave()
    done(end, received)
  }

  /** The server sees an end in order: one that is cut off each time says so in its log. It has a while. */
  #leave(): void {
    const { wheel } = this.#world
    if (this.#socket === null) return wheel.remove(this)
    wheel.due(this, nowMs + LINGER_MS)
    this.#socket.shutdown()
  }
}
