import { tick } from '../../lib/clock.ts'
import { socketError } from '../../lib/native.ts'
import { IPPROTO_TCP, setOption, TCP_NODELAY } from '../calls.ts'
import { type Pollable, WRITABLE } from '../poller.ts'
import { handOver } from '../own-socket.ts'
import { type Dial, type DialFailure, type Dialler, NOBODY } from '../socket.ts'
import { connectedAtOnce, failureOf, startConnect, startConnectUnix } from '../start-connect.ts'
import type { EpollHost } from './epoll-host.ts'
import type { EpollEnds } from './epoll-ends.ts'
import { EpollSocket, READS } from './epoll-socket.ts'

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
    const fd = startConnect(address, port)
    if (typeof fd !== 'number') return this.#failed(fd)
    // What is sent waits for nothing: it is written together already.
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    const result = connectedAtOnce(fd, address, port)
    if (result === 'pending') this.#wait(fd)
    else if (result === 'connected') this.#standsAtOnce(fd)
    else {
      this.#host.libc.close(fd)
      this.#failed(result)
    }
  }

  connectUnix(path: string): void {
    const started = startConnectUnix(path)
    if (typeof started === 'number') this.#standsAtOnce(started)
    else this.#failed(started.failure, started.detail)
  }

  #wait(fd: number): void {
    if (!this.#poll(fd, WRITABLE)) return
    this.#fd = fd
    this.#host.loop.hold()
  }

  #standsAtOnce(fd: number): void {
    tick()
    if (this.#poll(fd, READS)) this.#stands(fd, READS)
  }

  #poll(fd: number, interest: number): boolean {
    const { libc, poller } = this.#host
    if (poller.tryAdd(fd, interest, this) === 0) return true
    libc.close(fd)
    this.#failed('descriptor_limit') // the system has no room to poll one more
    return false
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
    if (this.#dialler === null) return
    const fd = this.#fd
    this.#fd = -1
    this.#host.loop.release()
    this.#stands(fd, WRITABLE)
  }

  #stands(fd: number, interest: number): void {
    const dialler = this.#dialler!
    const socket = new EpollSocket(this.#host, fd, this.#ends, interest)
    this.#host.poller.hand(fd, socket)
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
