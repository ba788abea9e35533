// The sockets of this process: Bun's, unless it was told to have others.
import { bunSockets } from './bun/bun-sockets.ts'
import type { Sockets } from './socket.ts'

const own: { sockets: Sockets } = { sockets: bunSockets }

/** For who listens or dials. */
export const sockets = (): Sockets => own.sockets
