// The sockets of this process: one kind for all that it listens on and dials, made once before it serves;
// until then, and in commands, Bun's.
import { bunSockets } from './bun/bun-sockets.ts'
import type { Choice, Probes } from './choose.ts'
import type { SocketsFigures } from './figures.ts'
import { type Made, makeSockets, type Makers } from './make-sockets.ts'
import type { Sockets, SocketsKind } from './socket.ts'

/** Made once, also where a process comes back to it. */
function once(make: () => Promise<Made>): () => Promise<Made> {
  let made: Made | null = null
  return async () => (made ??= await make())
}

const MAKERS: Makers = {
  io_uring: once(async () => (await import('./uring/open-ring.ts')).openRing()),
  epoll: once(async () => (await import('./epoll/open-epoll.ts')).openEpoll()),
  bun: once(() => Promise.resolve(bunSockets)),
}

/** What this system could have, if nothing stands against it. */
export const kindsHere = (): Probes =>
  process.platform === 'linux' ? Object.fromEntries(Object.keys(MAKERS).map((kind) => [kind, null])) : {}

let own: Made = bunSockets

/** For who listens or dials. */
export const sockets = (): Sockets => own

/** What its loop counts; null: it is Bun's, which counts nothing. */
export const socketsFigures = (): SocketsFigures | null => own.figures ?? null

/** Has those of this kind, or of the next that can be had. */
export async function useSockets(kind: SocketsKind): Promise<Choice> {
  const { made, why } = await makeSockets(kind, MAKERS)
  own = made
  return { kind: made.kind, why }
}
