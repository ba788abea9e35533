// Connections whose TLS handshake is under way. Of these Bun reads five in each turn of its loop; others that
// have something too are taken out of its epoll until its next turn begins, and nothing tells of them. So
// whoever sleeps in Bun's place must not sleep over them.

const shaking = new Set<object>()

/** To be called for the decrypted one. */
export function handshakeBegins(socket: object): void {
  shaking.add(socket)
}

/** For good or ill; also of one of which none is under way. */
export function handshakeEnds(socket: object): void {
  shaking.delete(socket)
}

const READ_A_TURN = 5
/** Many that say nothing are no reason to turn and turn. */
const TURNS_MAX = 64

/** So many turns Bun needs, at most, until it has read what all of them have said. */
export function turnsForShaking(): number {
  return Math.min(Math.ceil(shaking.size / READ_A_TURN), TURNS_MAX)
}

/** Some may wait for its next turn, whatever it has been given. */
export const mayBePutOff = (): boolean => shaking.size > READ_A_TURN
