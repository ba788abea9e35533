import { socketError } from '../../lib/native.ts'
import { IPPROTO_TCP, setOption, TCP_NODELAY } from '../calls.ts'
import { type Pollable, WRITABLE } from '../poller.ts'
import { handOver } from '../own-socket.ts'
import { type Dial, type DialFailure, type Dialler, NOBODY } from '../socket.ts'
import { failureOf, startConnect, startConnectUnix } from '../start-connect.ts'
import type { EpollHost } from './epoll-host.ts'
import type { EpollEnds } from './epoll-ends.ts'
import { EpollSocket } from './epoll-socket.ts'

/** A connection that is being made, and afterwards the way to give it up. */
export class EpollDial implements Dial, Pollable {
  readonly #host: EpollHost
  readonly #ends: EpollEnds
  /** Null: it has heard what became of it, or does not want to. */
  #dialler: Dialler | null
  /** -1: it is no longer being made. */
  #fd = -1
  #socket: EpollSocket | null = null

  constructor(host: EpollHost, dialler: Dialler, ends: EpollEnds) {
    this.#host = host
    this.#dialler = dialler
    this.#ends = ends
  }

  connect(): void {
    const { address, port } = this.#ends
    this.#wait(startConnect(address, port))
    // What is sent waits for nothing: it is written together already.
    if (this.#fd >= 0) setOption(this.#fd, IPPROTO_TCP, TCP_NODELAY, 1)
  }

  connectUnix(path: string): void {
    const started = startConnectUnix(path)
    if (typeof started === 'number') this.#wait(started)
    else this.#failed(started.failure, started.detail)
  }

  /** One that is connected already is told of as well: that it can be written to. */
  #wait(started: number | DialFailure): void {
    if (typeof started !== 'number') return this.#failed(started)
    const { libc, loop, poller } = this.#host
    if (poller.tryAdd(started, WRITABLE, this) !== 0) {
      libc.close(started)
      return this.#failed('descriptor_limit') // the system has no room to poll one more
    }
    this.#fd = started
    loop.hold()
  }

  #failed(failure: DialFailure, detail: string | null = null): void {
    const dialler = this.#dialler
    this.#dialler = null
    dialler?.onDialFailed(failure, detail)
  }

  onReady(): void {
    const code = socketError(this.#fd)
    this.#host.event(() => (code === 0 ? this.#connected() : this.#refused(code)))
  }

  #refused(code: number): void {
    this.#close()
    this.#failed(failureOf(code))
  }

  #connected(): void {
    const dialler = this.#dialler
    if (dialler === null) return
    const socket = new EpollSocket(this.#host, this.#fd, this.#ends, WRITABLE)
    this.#host.loop.release()
    this.#host.poller.hand(this.#fd, socket)
    this.#fd = -1
    this.#dialler = null
    this.#socket = socket
    handOver(socket, dialler)
  }

  cancel(): void {
    this.#dialler = null
    this.#close()
    if (this.#socket === null) return
    this.#socket.owner = NOBODY
    this.#socket.terminate()
  }

  #close(): void {
    if (this.#fd < 0) return
    this.#host.poller.forget(this.#fd)
    this.#host.libc.close(this.#fd)
    this.#host.loop.release()
    this.#fd = -1
  }
}
