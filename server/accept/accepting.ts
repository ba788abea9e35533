// Listening sockets that stop accepting before descriptors run out. A client needs two: its own, and that of
// its server. When all clients might need more than there are, every listener of this process is parked: its
// socket stays open and the kernel goes on queueing for it, but no event comes, so that waiting costs
// nothing. Otherwise the last descriptors would go to clients that nobody can serve, and an accept that fails
// would be tried again without end. Idle connections to servers are not reckoned with: they give way.
import {
  connectionBegins,
  connectionEnds,
  forConnections,
  giveUp,
  isScarce,
  limitOfDescriptors,
} from '../lib/descriptor-budget.ts'
import { hasDescriptors, nextDescriptor } from '../lib/descriptors.ts'
import { closeFds, duplicateFd } from '../lib/pass-fds.ts'
import { bunSockets } from '../sockets/bun/bun-sockets.ts'
import type { ListenHow, Listening, Socket } from '../sockets/socket.ts'
import { sockets } from '../sockets/sockets.ts'

/** So many clients must have gone before others are accepted; half of them where there are few. */
const AGAIN_CLIENTS = 4
/** Where many wait, the places of idle clients become free in such parts of all, and so many at most. */
const PART = 16
const PART_MAX = 64
const LOOK_EVERY_MS = 100
/** So many idle connections to servers end at once where descriptors are scarcer than was reckoned. */
const IDLE_ENDED = 16

/** Hears that accepting has stopped at a limit, that it still is (every so often), and that it goes on. */
export interface AcceptNews {
  stopped(limit: number, clients: number): void
  /** So many of those that are idle should go. */
  waiting(clients: number): void
  resumed(): void
}

const all = new Set<Parked>()
const state = { clients: 0, isStopped: false, stops: 0 }
let news: AcceptNews | null = null
let look: Timer | null = null

interface Parked {
  park(): void
  unpark(): void
}

/** Who hears of it; null: nobody. */
export function tellAcceptingTo(hears: AcceptNews | null): void {
  news = hears
}

/** Whether no client is accepted as descriptors have run short. */
export const isAcceptingStopped = (): boolean => state.isStopped

/** How often that happened. */
export const acceptingStops = (): number => state.stops

/** Most clients at a time. */
export const clientsMax = (): number => Math.max(1, Math.floor(forConnections() / 2))

/** A client was accepted; its descriptor, where that is known. */
export function clientAccepted(fd: number): void {
  state.clients++
  connectionBegins()
  if (state.isStopped) return
  if (state.clients >= clientsMax() || (isScarce(fd) && giveUp(IDLE_ENDED) === 0)) stop()
}

export function clientGone(): void {
  state.clients--
  connectionEnds()
}

function stop(): void {
  state.isStopped = true
  state.stops++
  for (const one of all) one.park()
  lookSoon()
  news?.stopped(limitOfDescriptors(), state.clients)
}

function lookSoon(): void {
  look ??= setInterval(lookAgain, LOOK_EVERY_MS)
  look.unref()
}

function lookAgain(): void {
  if (state.isStopped) {
    const again = againClients()
    const surplus = state.clients - Math.max(0, clientsMax() - again)
    if (surplus > 0) return news?.waiting(Math.max(surplus, partOfClients()))
    if (isScarce(nextDescriptor() + again)) {
      if (giveUp(IDLE_ENDED) > 0) return
      // Without a client nothing is about to be closed: what is there has to do, or nobody is served again.
      if (state.clients > 0 || !hasDescriptors()) return news?.waiting(Math.max(again, partOfClients()))
    }
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

const partOfClients = (): number => Math.min(PART_MAX, Math.floor(clientsMax() / PART))
const againClients = (): number => Math.max(1, Math.min(AGAIN_CLIENTS, Math.floor(clientsMax() / 2)))

function takeBack(one: Parked): boolean {
  try {
    one.unpark()
    return true
  } catch {
    return false
  }
}

/** A listening socket, parked and unparked with the others. */
export class Accepting implements Parked {
  readonly port: number
  readonly #accepted: (socket: Socket) => void
  /** The bytes of its connections are TLS, which is Bun's to read. */
  #isTls: boolean
  #listening: Listening | null
  /** What keeps it open while neither kind of sockets has it; -1: one has. */
  #heldFd = -1
  /** Others accept from it. */
  #isHeldBack = false

  /** Throws where it cannot be opened: the address is in use, or no right to it. */
  constructor(how: ListenHow, isTls: boolean, accepted: (socket: Socket) => void) {
    this.#accepted = accepted
    this.#isTls = isTls
    this.#listening = this.#open(how)
    this.port = this.#listening.port
    all.add(this)
    if (state.isStopped) this.park()
  }

  #open(how: ListenHow): Listening {
    const accepted = this.#accepted
    return this.#isTls ? bunSockets.listenTls(how, accepted) : sockets().listen(how, accepted)
  }

  /** Of the socket as it is now; -1: it is closed. */
  get fd(): number {
    return this.#listening ? this.#listening.fd : this.#heldFd
  }

  park(): void {
    this.#listening?.park()
  }

  /** Accepts no more until it goes on: others do, who have the same socket. */
  holdBack(): void {
    this.#isHeldBack = true
    this.park()
  }

  goOn(): void {
    this.#isHeldBack = false
    if (state.isStopped || !takeBack(this)) lookSoon()
  }

  unpark(): void {
    if (this.#isHeldBack) return
    if (this.#heldFd === -1) return this.#listening?.unpark()
    this.#listening = this.#open({ fd: this.#heldFd })
    this.#heldFd = -1
  }

  /** Whether the bytes of who comes from now on are TLS. */
  useTls(isTls: boolean): void {
    if (isTls === this.#isTls) return
    this.#isTls = isTls
    if (this.#listening !== null && !this.#hold(this.#listening)) return
    if (state.isStopped || !takeBack(this)) lookSoon()
  }

  /** Keeps it open for the other kind of sockets; false: there is not even one descriptor for that. */
  #hold(listening: Listening): boolean {
    try {
      this.#heldFd = duplicateFd(listening.fd)
    } catch {
      return false // who comes goes on as before, and TLS refuses that
    }
    listening.stop()
    this.#listening = null
    return true
  }

  /** Accepts no more; who still waits in its queue is lost. */
  stop(): void {
    all.delete(this)
    this.#listening?.stop()
    this.#listening = null
    if (this.#heldFd !== -1) closeFds([this.#heldFd])
    this.#heldFd = -1
  }
}
