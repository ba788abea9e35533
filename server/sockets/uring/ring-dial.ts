import { isOutOfDescriptors } from '../../lib/descriptors.ts'
import { tick } from '../../lib/clock.ts'
import { serverAddress } from '../../lib/socket-address.ts'
import { flush } from '../../lib/stage.ts'
import { AF_INET, AF_INET6, IPPROTO_TCP, OPEN_FLAGS, setOption, SOCK_STREAM, TCP_NODELAY } from '../calls.ts'
import { handOver } from '../own-socket.ts'
import { type Dial, type DialFailure, type Dialler, NOBODY } from '../socket.ts'
import { failureOf, startConnectUnix } from '../start-connect.ts'
import { askCancelOf, askClose, askConnect, setName } from './requests.ts'
import { type RingHost, NAME_BYTES } from './ring-host.ts'
import { RingSocket } from './ring-socket.ts'
import type { Asker } from './ring-waiter.ts'
import { ENTRY_WORDS } from './ring.ts'

// Kinds of its requests.
const CONNECT = 0
const IGNORED = 1

/** A connection that is being made, and afterwards the way to give it up. */
export class RingDial implements Dial, Asker {
  number = -1
  inFlight = 0
  isDone = false
  readonly #host: RingHost
  /** Null: it has heard what became of it, or does not want to. */
  #dialler: Dialler | null
  /** -1: it is no longer being made. */
  #fd = -1
  #socket: RingSocket | null = null

  constructor(host: RingHost, dialler: Dialler) {
    this.#host = host
    this.#dialler = dialler
  }

  connect(address: string, port: number): void {
    const target = serverAddress(address, port)
    if (target === null) return this.#failed('connect_failed')
    const { libc, loop, names, waiter } = this.#host
    const family = target.byteLength === 16 ? AF_INET : AF_INET6
    const fd = libc.socket(family, SOCK_STREAM | OPEN_FLAGS, 0)
    if (fd < 0) return this.#failed(isOutOfDescriptors() ? 'descriptor_limit' : 'connect_failed')
    this.#fd = fd
    // What is sent waits for nothing: it is written together already.
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    waiter.add(this)
    loop.hold()
    const at = askConnect(waiter.ring, fd, waiter.tag(this, CONNECT))
    const place = (at / ENTRY_WORDS) * NAME_BYTES
    names.bytes.set(target, place)
    setName(waiter.ring, at, names.at + place, target.byteLength)
  }

  /** What becomes of it is known at once. */
  connectUnix(path: string): void {
    const started = startConnectUnix(path)
    if (typeof started === 'number') this.#connected(started, true)
    else this.#failed(started.failure, started.detail)
  }

  completed(kind: number, result: number): void {
    const fd = this.#fd
    if (kind !== CONNECT || fd < 0) return
    this.#fd = -1
    this.isDone = true
    tick()
    if (result === 0) this.#connected(fd)
    else {
      const { waiter } = this.#host
      askClose(waiter.ring, fd, waiter.tag(this, IGNORED))
      this.#failed(failureOf(-result))
    }
    flush()
  }

  #connected(fd: number, isUnix = false): void {
    const socket = new RingSocket(this.#host, fd)
    if (isUnix) socket.neverSaysMore()
    const dialler = this.#dialler
    if (dialler === null) return socket.terminate()
    this.#dialler = null
    this.#socket = socket
    handOver(socket, dialler)
  }

  #failed(failure: DialFailure, detail: string | null = null): void {
    const dialler = this.#dialler
    this.#dialler = null
    dialler?.onDialFailed(failure, detail)
  }

  cancel(): void {
    this.#dialler = null
    if (this.#fd >= 0) {
      const { waiter } = this.#host
      // In this order: what is in flight is found by its descriptor.
      askCancelOf(waiter.ring, this.#fd, waiter.tag(this, IGNORED))
      askClose(waiter.ring, this.#fd, waiter.tag(this, IGNORED))
      this.#fd = -1
      this.isDone = true
    }
    if (this.#socket === null) return
    this.#socket.owner = NOBODY
    this.#socket.terminate()
  }

  confused(): void {}

  left(): void {
    this.#host.loop.release()
  }
}
