// The control connection to a child: messages, each a line of JSON, over a pair of stream sockets.
import { ptr } from 'bun:ffi'
import type { Socket, SocketHandler } from 'bun'
import { LineCutter } from '../../lib/lines.ts'
import { errno, libc } from '../../lib/native.ts'
import { closeFds } from '../../lib/pass-fds.ts'

/** Children hold back what is longer, such as lists without end. */
const LINE_BYTES_MAX = 128 * 1024 * 1024
const AF_UNIX = 1
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000

/** The two ends of a new control connection; `theirs` is the child's. */
export function makeControlPair(): { readonly ours: number; readonly theirs: number } {
  const pair = new Int32Array(2)
  if (libc().socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, ptr(pair)) !== 0)
    throw new Error(`no socket pair (errno ${errno()})`)
  const [ours = -1, theirs = -1] = pair
  return { ours, theirs }
}

/** Our end. What is sent waits here as long as the child does not read. */
export class ChildLink<Said, Told> {
  /** Settles when nothing more comes from it. */
  readonly closed: Promise<void>
  readonly #hasClosed: () => void
  #socket: Socket<undefined> | null = null
  readonly #cutter = new LineCutter()
  #waiting: Uint8Array[] = []
  #isClosed = false
  readonly #onMessage: (message: Said | null) => void

  /** Owns the descriptor from here on. `onMessage` is told null for what is no message. */
  constructor(fd: number, onMessage: (message: Said | null) => void) {
    this.#onMessage = onMessage
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#hasClosed = resolve
    const handlers: SocketHandler<undefined> = {
      open: (socket) => {
        this.#socket = socket
      },
      data: (_socket, bytes) => this.#onBytes(bytes),
      drain: () => this.#flush(),
      end: () => this.close(),
      close: () => this.close(),
      error: () => this.close(),
    }
    // The public types do not know `fd`. `open` is called before this returns.
    const options = { fd, socket: handlers } as unknown as Parameters<typeof Bun.connect<undefined>>[0]
    Bun.connect<undefined>(options).catch(() => this.close())
    if (this.#socket === null) closeFds([fd])
  }

  send(message: Told): void {
    if (this.#isClosed) return
    this.#waiting.push(new TextEncoder().encode(`${JSON.stringify(message)}\n`))
    if (this.#waiting.length === 1) this.#flush()
  }

  /** The child ends when it notices. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting = []
    this.#socket?.terminate()
    this.#hasClosed()
  }

  #onBytes(bytes: Uint8Array): void {
    for (const line of this.#cutter.take(bytes)) this.#onMessage(messageIn(line))
    if (this.#cutter.waitingBytes > LINE_BYTES_MAX) this.#onMessage(null)
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next && this.#socket; next = this.#waiting[0]) {
      const written = this.#socket.write(next)
      if (written < next.length) {
        this.#waiting[0] = next.subarray(Math.max(0, written))
        return
      }
      this.#waiting.shift()
    }
  }
}

function messageIn<Said>(line: string): Said | null {
  try {
    return JSON.parse(line) as Said
  } catch {
    return null
  }
}
