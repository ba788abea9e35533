// Sockets whose owner changes during their life: Bun's handlers are fixed when a socket is made,
// `socket.data` is not. So one set of handlers asks `socket.data`, whoever that is at the moment. Each event
// reads the clock, does its work, and sends what was staged.
import type { Socket, SocketHandler } from 'bun'
import { tellBug } from './bug.ts'
import { tick } from './clock.ts'
import { flush } from './stage.ts'

/** Who is told what happens to a socket. */
export interface SocketEvents {
  onData(bytes: Buffer): void
  /** It takes bytes again. */
  onDrain(): void
  /** The other side sends no more (FIN). */
  onEnd(): void
  /** It is gone: broken, or ended in both directions. */
  onClose(isBroken: boolean): void
  /** Ends it at once: a handler failed. */
  terminate(): void
}

/** Of a socket that is nobody's business any more. */
export const NOBODY: SocketEvents = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
  terminate() {},
}

/** Handlers that tell `socket.data`; who opens the socket sets it. */
export const socketEvents = {
  data(socket: Socket<SocketEvents>, bytes: Buffer): void {
    tick()
    socket.data.onData(bytes)
    flush()
  },
  drain(socket: Socket<SocketEvents>): void {
    tick()
    socket.data.onDrain()
    flush()
  },
  end(socket: Socket<SocketEvents>): void {
    tick()
    socket.data.onEnd()
    flush()
  },
  close(socket: Socket<SocketEvents>, error?: Error): void {
    tick()
    socket.data.onClose(error !== undefined)
    flush()
  },
  /**
   * A socket's own errors are followed by its close event, which is what counts. What a handler threw is a
   * bug: told, and contained.
   */
  error(socket: Socket<SocketEvents>, error: Error): void {
    if ('syscall' in error || 'errno' in error) return
    tellBug(error)
    socket.data.terminate()
  },
} satisfies SocketHandler<SocketEvents>
