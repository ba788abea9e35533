import { isUnixPath } from '../lib/server-url.ts'
import type { Dial, Dialler } from './socket.ts'
import { sockets } from './sockets.ts'

/** Dials where a server is: an address literal, or the path of a Unix socket, which has no port. */
export const dialAt = (address: string, port: number, dialler: Dialler): Dial =>
  isUnixPath(address) ? sockets().dialUnix(address, dialler) : sockets().dial(address, port, dialler)
