import type { SocketEnds } from '../socket.ts'

/** The other end of one that was accepted, or of one that was dialled. */
export class EpollEnds implements SocketEnds {
  readonly address: string
  readonly port: number
  /** As far as it was noticed: at the latest with the first bytes. */
  isReset = false

  constructor(address: string, port: number) {
    this.address = address
    this.port = port
  }
}
