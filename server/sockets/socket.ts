// A TCP connection (or one over a Unix socket) as its owner sees it, whatever carries it: a loop of ours on
// epoll or io_uring, or Bun's sockets. All three keep to what is said here.
import type { Wheel } from '../lib/wheel.ts'
import type { Loop } from './loop.ts'
import type { Poller } from './poller.ts'
import type { TlsFault } from '../tables/faults.ts'

/**
 * Who is told what happens to a socket. Each event begins with the clock read (a few of one turn share a
 * reading), and ends with what was staged sent; what an event throws is a bug: it is told, and costs this
 * connection only.
 */
export interface SocketEvents {
  /**
   * Bytes have come, never none. They are lent: valid until this returns. Who keeps some copies them
   * (`keepable`).
   */
  onData(bytes: Buffer): void
  /** It takes bytes again, after it took fewer than it was given. */
  onDrain(): void
  /** The other side sends no more (FIN), and all that it sent has been told. */
  onEnd(): void
  /**
   * It is gone: broken, or ended in both directions, or terminated (then within that call). Told once, the
   * last of all.
   */
  onClose(isBroken: boolean): void
  /**
   * It was found to be broken outside of a write and of reading: bytes that it had taken could not be sent,
   * or it was reset while its reading is paused. Its close follows once what came before has been read.
   */
  onBroken(): void
  /**
   * It was given away (`detach`): its descriptor is the owner's now, to be handed on or closed, and what came
   * without being told is in `bytes`, before all that the descriptor holds yet. Told in the place of a close.
   */
  onDetached?(fd: number, bytes: Buffer): void
  /** Bytes that were on their way when it was paused have come, and wait in memory until it is read again. */
  onKept?(): void
  /** Ends it at once: a handler failed. */
  terminate(): void
}

/** Who is told what a socket pours. */
export interface PourTeller {
  /**
   * So many bytes have come, and so many of what had come (just now or before) were taken by the other
   * socket: what lies between waits for it.
   */
  onPoured(came: number, gone: number): void
}

/** Both ends of a connection, as the kernel knows them. */
export interface SocketEnds {
  /** 'unknown' where nobody could tell. */
  readonly address: string
  readonly port: number
  /**
   * It is broken already: what the other side has sent can be read, and nobody waits for an answer. Known at
   * the latest as the first bytes are told.
   */
  readonly isReset: boolean
}

/** Our own end of a connection. */
export interface LocalEnd {
  readonly address: string
  readonly port: number
}

export interface Socket {
  /** Who owns it at the moment. */
  owner: SocketEvents
  /** Of the kernel, for its options and counts; -1: gone, or unknown. Its bytes are nobody's to read. */
  readonly fd: number
  /** Its bytes are those of a decrypted connection: what the kernel holds under `fd` are others. */
  readonly isDecrypted: boolean
  /** Undefined and 0 once it is broken. */
  readonly localAddress: string | undefined
  readonly localPort: number
  /** Both in one call of the kernel; left out: it takes two. Null: it is broken, or none of TCP. */
  localEnd?(): LocalEnd | null
  /** The other end; asked once, when it was accepted. */
  ends(): SocketEnds

  /**
   * Gives it `bytes[from..to)`: how many it took, which are sent whatever becomes of their buffer; -1: it is
   * broken, and its close follows. After it took fewer, `onDrain` says when it takes more; until then it
   * takes none.
   */
  write(bytes: Buffer, from: number, to: number): number
  /** The same for all of `first` and then `bytes[from..to)`: one send where that can be. */
  writeBoth(first: Buffer, bytes: Buffer, from: number, to: number): number
  /** No more `onData` nor `onEnd` until `resume`. */
  pause(): void
  resume(): void
  /**
   * So much is still to come of what is read now (Infinity: not known), which is plenty: a hint for sockets
   * that read small pieces otherwise. 0: no longer.
   */
  expectVolume(bytes: number): void
  /**
   * Of what comes from now on, up to `bytes` (Infinity: all of it) may go to another socket past both owners,
   * as far as it comes in volume; the rest is told by `onData` as ever, for its owner to write there. `told`
   * hears what went. Asked again, the count begins anew. Null: no more does; what is on its way arrives.
   * Meanwhile nobody else writes there: while something waits for it, it takes nothing, and `onDrain` of its
   * owner says when it does again. Nothing happens where one of the two cannot; none at all where none can.
   */
  pour?(to: Socket | null, bytes: number, told: PourTeller): void
  /** What was poured into it and waits there is dropped, and no more comes that way. */
  dropPoured?(): void
  /** While bytes are told: nothing comes behind them but their end, at once; false: that is not known. */
  readonly endsHere?: boolean
  /** The latest read may have left something behind that has come already. */
  readonly mayHoldMore: boolean
  /** Nothing has come that was not told, not even the end: true where that cannot be known. */
  readonly isQuiet: boolean
  /** How its server ended it, as TLS tells; left out: it is none of TLS with a server. */
  readonly tlsEnd?: TlsEnd
  /** Bytes wait in memory that came after it was paused. Left out where none ever do. */
  readonly keepsUnread?: boolean
  /** `shutdown` follows what is written next, at once: both may leave in one packet. */
  endSoon?(): void
  /**
   * Gives its descriptor away, with the connection open, for another process or for who reads it in another
   * way (TLS). Nothing is read any more, what it took is sent, and then, perhaps before this returns, the
   * owner hears `onDetached`; or `onClose`, where it broke or was terminated meanwhile. In between it hears
   * at most that it broke, and does nothing but terminate it. No byte is lost or told twice: what came last,
   * an end as well, is in `bytes` or found by who reads the descriptor. False: it cannot be (it is gone,
   * broken, took less than it was given, pours), and all stays as it was. Left out where it never can.
   */
  detach?(): boolean
  /** FIN behind all that it took. */
  shutdown(): void
  /** Ends it at once, by RST. */
  terminate(): void
}

/** What TLS tells of the end of a connection to a server. */
export interface TlsEnd {
  /** False: nobody asks how it ends, as what comes says itself where it is over; that is cheaper. */
  isWanted: boolean
  /** It ended without saying so (close_notify): somebody may have cut off what it sent. */
  readonly isCut: boolean
  /** It refused us when all seemed done (as TLS 1.3 has it); nothing that was sent has been read. */
  readonly refusal: TlsRefusal | null
}

/** Why TLS with a server came to nothing, as a code and in words. */
export interface TlsRefusal {
  readonly code: TlsFault
  readonly detail: string | null
}

/** Of a socket that is nobody's business any more. */
export const NOBODY: SocketEvents = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
  onBroken() {},
  terminate() {},
}

/** Why no connection came to be. */
export type DialFailure =
  | 'connect_refused'
  | 'connect_timeout'
  | 'connect_failed'
  | 'descriptor_limit'
  | TlsFault

/** Who dials: it hears one of the two, once, perhaps before `dial` returns; then its socket's events. */
export interface Dialler extends SocketEvents {
  onConnected(socket: Socket): void
  /** `detail`: why, in more words than the code says; null or left out: that says all. */
  onDialFailed(failure: DialFailure, detail?: string | null): void
}

/** A dial under way. */
export interface Dial {
  /** It is connected, and in its TLS handshake. */
  readonly isShaking?: boolean
  /** Gives it up: nobody hears of it any more, and no descriptor stays. */
  cancel(): void
}

/** Where a listening socket comes from: inherited, or bound here. */
export type ListenHow = { readonly fd: number } | { readonly hostname: string; readonly port: number }

/** A listening socket. */
export interface Listening {
  readonly port: number
  /** Of the socket as it is now; -1: it is closed. */
  readonly fd: number
  /** No more is accepted, and the kernel goes on queueing for it; waiting costs nothing. */
  park(): void
  /** Throws where it cannot. */
  unpark(): void
  /** Accepts no more; who still waits in its queue is lost. */
  stop(): void
}

/** A loop of ours, and who tells in its turns which descriptors are ready. */
export interface Ground {
  readonly poller: Poller
  readonly loop: Pick<Loop, 'drive' | 'settle' | 'hold' | 'release'>
}

/** One of the ways to have sockets. */
export interface Sockets {
  readonly kind: SocketsKind
  /** Throws where it cannot: the address is in use, or no right to it. `accepted` sets the owner. */
  listen(how: ListenHow, accepted: (socket: Socket) => void): Listening
  /** Starts to connect to an address literal. Never throws. */
  dial(address: string, port: number, dialler: Dialler): Dial
  /** The same to the path of a Unix socket. */
  dialUnix(path: string, dialler: Dialler): Dial
  /** What datagrams are served on; left out: there is none. */
  ground?(): Ground
  /** Takes a connection that stands, by its descriptor, and sets its owner; left out where it cannot. */
  adopt?(fd: number, owner: SocketEvents): Socket
  /** Meets the deadlines of this wheel as long as there are sockets; left out: the wheel sets timers. */
  drive?(wheel: Wheel): void
}

export const SOCKETS_KINDS = ['io_uring', 'epoll', 'bun'] as const
export type SocketsKind = (typeof SOCKETS_KINDS)[number]
