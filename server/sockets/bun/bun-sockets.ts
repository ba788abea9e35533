// Bun's own sockets: for TLS, and wherever no loop of ours is.
import type { Socket as NativeSocket } from 'bun'
import { tick } from '../../lib/clock.ts'
import { flush } from '../../lib/stage.ts'
import {
  type Dial,
  type Dialler,
  type ListenHow,
  type Listening,
  NOBODY,
  type Socket,
  type Sockets,
} from '../socket.ts'
import { startConnect, whyNoUnix } from '../start-connect.ts'
import { BunListening } from './bun-listening.ts'
import { BunSocket, type Native, bunEvents } from './bun-socket.ts'

class BunSockets implements Sockets {
  readonly kind = 'bun'

  listen(how: ListenHow, accepted: (socket: Socket) => void): Listening {
    return new BunListening(how, { ...bunEvents, open: opener(accepted) })
  }

  /**
   * The same for connections whose bytes are TLS: with a handler for `data`, each piece of ciphertext would
   * be copied for it, beside what TLS itself reads.
   */
  listenTls(how: ListenHow, accepted: (socket: BunSocket) => void): Listening {
    const { drain, close, error } = bunEvents
    return new BunListening(how, { drain, close, error, open: opener(accepted) })
  }

  /**
   * Takes a connection that stands, by its descriptor, for TLS: as `listenTls`, and nothing of it is read
   * before this turn is over.
   */
  adopt(fd: number): BunSocket {
    const { drain, close, error } = bunEvents
    const adopted: { socket: BunSocket | null } = { socket: null }
    const open = (native: NativeSocket<BunSocket>): void => {
      adopted.socket = native.data = new BunSocket(native as Native)
    }
    // The public types know no `fd`. `open` is called before this returns.
    const options = { fd, socket: { drain, close, error, open }, allowHalfOpen: true }
    Bun.connect<BunSocket>(options as unknown as Parameters<typeof Bun.connect<BunSocket>>[0]).catch(ignore)
    if (adopted.socket === null) throw new Error('Bun did not take a descriptor')
    return adopted.socket
  }

  dial(address: string, port: number, dialler: Dialler): Dial {
    const dial = new BunDial(dialler)
    if (process.platform !== 'linux') {
      dial.connect({ hostname: address, port })
      return dial
    }
    // Bun.connect cannot be cancelled while it is pending: a silent server would hold a descriptor for
    // minutes. So Bun adopts one that is being connected, which `terminate()` ends in any state.
    const fd = startConnect(address, port)
    if (typeof fd === 'number') dial.connect({ fd })
    else dialler.onDialFailed(fd)
    return dial
  }

  dialUnix(path: string, dialler: Dialler): Dial {
    const dial = new BunDial(dialler, path)
    dial.connect({ unix: path })
    return dial
  }
}

export const bunSockets = new BunSockets()

const opener =
  (accepted: (socket: BunSocket) => void) =>
  (native: NativeSocket<BunSocket>): void => {
    tick()
    const socket = new BunSocket(native as Native)
    native.data = socket
    accepted(socket)
    flush()
  }

type ConnectWhere = { readonly fd: number } | { readonly unix: string } | { hostname: string; port: number }

/** One that is being connected. */
class BunDial implements Dial {
  #dialler: Dialler | null
  #socket: BunSocket | null = null
  /** Of a Unix socket. */
  readonly #path: string | null

  constructor(dialler: Dialler, path: string | null = null) {
    this.#dialler = dialler
    this.#path = path
  }

  connect(where: ConnectWhere): void {
    const isAdopted = 'fd' in where
    const socket = {
      ...bunEvents,
      open: (native: NativeSocket<BunSocket>) => this.#opened(native as Native, isAdopted),
      connectError: (_native: unknown, error: Error) => this.#failed(error),
    }
    // The public types know neither `fd` nor a connect that yields no promise of interest.
    const options = { ...where, socket, allowHalfOpen: true } as unknown as Parameters<
      typeof Bun.connect<BunSocket>
    >[0]
    Bun.connect<BunSocket>(options).catch(ignore)
  }

  /** Which may be before it is connected, where its descriptor was adopted. */
  #opened(native: Native, isAdopted: boolean): void {
    tick()
    const socket = new BunSocket(native)
    native.data = socket
    const dialler = this.#dialler
    this.#socket = socket
    if (dialler === null) socket.terminate()
    else {
      socket.owner = dialler
      if (isAdopted) {
        socket.dialler = dialler
        socket.settle()
      } else dialler.onConnected(socket)
    }
    flush()
  }

  #failed(error: Error): void {
    tick()
    const dialler = this.#dialler
    this.#dialler = null
    const isRefused = (error as { code?: string }).code === 'ECONNREFUSED'
    const why = this.#path === null || process.platform !== 'linux' ? null : whyNoUnix(this.#path)
    dialler?.onDialFailed(why?.failure ?? (isRefused ? 'connect_refused' : 'connect_failed'), why?.detail)
    flush()
  }

  cancel(): void {
    this.#dialler = null
    const socket = this.#socket
    if (socket === null) return
    socket.dialler = null
    socket.owner = NOBODY
    socket.terminate()
  }
}

const ignore = (): void => {}
