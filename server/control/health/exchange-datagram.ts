// A check of a server of datagrams: one is sent, and an answer waited for. Where none is asked for, a server
// passes when the time of the check is over and the network has not told that nobody is there (ICMP).
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import { nowMs } from '../../lib/clock.ts'
import { formatDuration } from '../../lib/durations.ts'
import { bytesOf } from '../../lib/escapes.ts'
import { event } from '../../lib/event.ts'
import type { Resolver } from '../../lib/resolver.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'

export interface DatagramTarget {
  readonly host: string
  readonly port: number
  readonly check: Pick<HealthCheckConfig, 'send' | 'expect' | 'timeout'>
}

export interface DatagramWorld {
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly wheel: Wheel
}

type Socket = Bun.udp.ConnectedSocket<'buffer'>

/** Hears how it ended, and the latest answer. */
type DatagramDone = (reason: string | null, seen: Buffer) => void

const NOTHING = Buffer.alloc(0)

/** Starts with `begin`; `done` is called once, with null for a pass, else why it failed. */
export class DatagramExchange implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #target: DatagramTarget
  readonly #world: DatagramWorld
  readonly #wanted: Buffer | null
  #done: DatagramDone | null
  #socket: Socket | null = null
  /** Why the latest answer was not what is wanted. */
  #why: string | null = null
  /** The latest answer. */
  #seen: Buffer = NOTHING

  constructor(target: DatagramTarget, world: DatagramWorld, done: DatagramDone) {
    const { data } = target.check.expect
    this.#target = target
    this.#world = world
    this.#done = done
    this.#wanted = data === undefined ? null : bytesOf(data)
  }

  begin(): void {
    if (this.#done === null) return
    const { host, check } = this.#target
    this.#world.wheel.due(this, nowMs + check.timeout)
    this.#world.resolver.lookup(host, ([address], why) =>
      event(() => (address === undefined ? this.#end(why ?? 'name not resolved') : this.#open(address))),
    )
  }

  cancel(): void {
    this.#done = null
    this.#close()
  }

  expire(): void {
    const { timeout } = this.#target.check
    if (!this.#isAnswerWanted && this.#socket !== null) return this.#end(null)
    const why = this.#why === null ? '' : `: ${this.#why}`
    this.#end(`timed out after ${formatDuration(timeout)} while waiting for the answer${why}`)
  }

  get #isAnswerWanted(): boolean {
    const { data, data_regex } = this.#target.check.expect
    return data !== undefined || data_regex !== undefined
  }

  #open(hostname: string): void {
    const { port } = this.#target
    const socket = {
      data: (_: Socket, bytes: Buffer) => event(() => this.#answered(bytes)),
      // It is called with the error alone.
      error: () => event(() => this.#end('connection refused')),
    }
    Bun.udpSocket({ connect: { hostname, port }, socket }).then(
      (made) => event(() => this.#opened(made)),
      (error: unknown) => event(() => this.#end(error instanceof Error ? error.message : String(error))),
    )
  }

  #opened(socket: Socket): void {
    if (this.#done === null) return socket.close()
    this.#socket = socket
    const { send = '' } = this.#target.check
    try {
      socket.send(bytesOf(send) ?? Buffer.alloc(0))
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error))
    }
  }

  #answered(bytes: Buffer): void {
    const { data, data_regex, data_limit } = this.#target.check.expect
    const seen = Buffer.from(bytes.subarray(0, data_limit))
    this.#seen = seen
    if (this.#wanted !== null && !seen.includes(this.#wanted))
      this.#why = `answer lacks ${JSON.stringify(data)}`
    else if (data_regex !== undefined && !new RegExp(data_regex).test(seen.toString('latin1')))
      this.#why = `answer does not match /${data_regex}/`
    else this.#end(null)
  }

  #end(reason: string | null): void {
    const done = this.#done
    this.#done = null
    this.#close()
    done?.(reason, this.#seen)
  }

  #close(): void {
    this.#world.wheel.remove(this)
    this.#socket?.close()
    this.#socket = null
  }
}
