// Listening sockets that stop accepting before descriptors run out. A client needs two: its own, and that of
// its server. When all clients might need more than there are, every listener of this process is parked: its
// socket stays open and the kernel goes on queueing for it, but no event comes, so that waiting costs
// nothing. Otherwise the last descriptors would go to clients that nobody can serve, and an accept that fails
// would be tried again without end.
import type { SocketHandler, TCPSocketListener } from 'bun'
import { descriptorLimit, nextDescriptor } from '../lib/descriptors.ts'
import { closeFds, duplicateFd } from '../lib/pass-fds.ts'

/** Where a listening socket comes from: inherited, or bound here. */
export type ListenHow = { readonly fd: number } | { readonly hostname: string; readonly port: number }

/** For logs, names to be resolved, config, and connections to servers that outlive their clients. */
const SPARE = 24
/** So many clients must have gone before others are accepted. */
const AGAIN_CLIENTS = 4
const LOOK_EVERY_MS = 100

/** Hears that accepting has stopped at a limit, that it still is (every so often), and that it goes on. */
export interface AcceptNews {
  stopped(limit: number, clients: number): void
  waiting(): void
  resumed(): void
}

const all = new Set<Parked>()
const state = { clients: 0, isStopped: false, stops: 0, limit: Number.NaN, base: 0 }
let news: AcceptNews | null = null
let look: Timer | null = null

interface Parked {
  park(): void
  unpark(): void
}

/** Who hears of it. */
export function tellAcceptingTo(hears: AcceptNews): void {
  news = hears
}

/** Whether no client is accepted as descriptors have run short. */
export const isAcceptingStopped = (): boolean => state.isStopped

/** How often that happened. */
export const acceptingStops = (): number => state.stops

/** Most clients at a time. */
export function clientsMax(): number {
  if (Number.isNaN(state.limit)) limitAccepting(descriptorLimit(), nextDescriptor())
  return Math.max(1, Math.floor((state.limit - state.base - SPARE) / 2))
}

/** Takes another limit, of which `base` are in use for other things than clients. */
export function limitAccepting(limit: number, base: number): void {
  state.limit = limit
  state.base = base
}

/** A client was accepted; its descriptor, where that is known. */
export function clientAccepted(fd: number): void {
  state.clients++
  if (!state.isStopped && (state.clients >= clientsMax() || fd >= state.limit - SPARE)) stop()
}

export function clientGone(): void {
  state.clients--
}

function stop(): void {
  state.isStopped = true
  state.stops++
  for (const one of all) one.park()
  lookSoon()
  news?.stopped(state.limit, state.clients)
}

function lookSoon(): void {
  look ??= setInterval(lookAgain, LOOK_EVERY_MS)
  look.unref()
}

function lookAgain(): void {
  if (state.isStopped) {
    const isRoom = state.clients <= Math.max(0, clientsMax() - AGAIN_CLIENTS)
    if (!isRoom || nextDescriptor() >= state.limit - SPARE - AGAIN_CLIENTS) return news?.waiting()
    state.isStopped = false
    news?.resumed()
  }
  let isBack = true
  // The first of them may bring as many clients as are missing.
  for (const one of all) if (!state.isStopped && !takeBack(one)) isBack = false
  // One that could not be taken back is tried again: left alone it would accept nobody for good.
  if (!isBack || state.isStopped || look === null) return
  clearInterval(look)
  look = null
}

function takeBack(one: Parked): boolean {
  try {
    one.unpark()
    return true
  } catch {
    return false
  }
}

/** A listening socket of Bun's, parked and unparked with the others. */
export class Accepting<T> implements Parked {
  readonly port: number
  #handlers: SocketHandler<T>
  #socket: TCPSocketListener<T> | null
  /** What keeps it open while it is parked; -1: it is not. */
  #parkedFd = -1

  /** Throws what Bun.listen throws: the address is in use, or no right to it. */
  constructor(how: ListenHow, handlers: SocketHandler<T>) {
    this.#handlers = handlers
    this.#socket = listenOn(how, handlers)
    this.port = this.#socket.port
    all.add(this)
    if (state.isStopped) this.park()
  }

  /** Of the socket as it is now; -1: it is closed. */
  get fd(): number {
    return this.#socket ? (this.#socket as unknown as { fd: number }).fd : this.#parkedFd
  }

  park(): void {
    if (!this.#socket || process.platform !== 'linux') return
    try {
      this.#parkedFd = duplicateFd(this.fd)
    } catch {
      return // not even one: then it goes on as it is
    }
    this.#socket.stop(false)
    this.#socket = null
  }

  unpark(): void {
    if (this.#parkedFd === -1) return
    this.#socket = listenOn({ fd: this.#parkedFd }, this.#handlers)
    this.#parkedFd = -1
  }

  /**
   * Other handlers, for who comes from now on; the present ones are all of these and more, or the other way
   * round.
   */
  useHandlers(handlers: SocketHandler<T>): void {
    const isMore = handlers.data !== undefined
    this.#handlers = handlers
    if (this.#socket === null) return
    // Who is there already has no use for what is new.
    if (isMore || process.platform !== 'linux') return this.#socket.reload({ socket: handlers })
    this.park() // where no descriptor is left, it goes on with more handlers than are needed
    if (!takeBack(this)) lookSoon()
  }

  /** Accepts no more; who still waits in its queue is lost. */
  stop(): void {
    all.delete(this)
    this.#socket?.stop(false)
    this.#socket = null
    if (this.#parkedFd !== -1) closeFds([this.#parkedFd])
    this.#parkedFd = -1
  }
}

function listenOn<T>(how: ListenHow, handlers: SocketHandler<T>): TCPSocketListener<T> {
  // The public types know neither `fd` nor this use of `allowHalfOpen` (a FIN must be seen apart from a
  // close).
  const options = { ...how, allowHalfOpen: true, socket: handlers } as unknown as Parameters<
    typeof Bun.listen<T>
  >[0]
  return Bun.listen<T>(options) as unknown as TCPSocketListener<T>
}
