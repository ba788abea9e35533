// Connections whose TLS handshake is under way. Of these Bun reads five in each turn of its loop; others that
// have something too are taken out of its epoll until its next turn begins, and nothing tells of them. So
// whoever sleeps in Bun's place must not sleep over them.

const shaking = new Set<object>()
/** One has ended since Bun's last turn. */
let hasEnded = false

/** To be called for the decrypted one. */
export function handshakeBegins(socket: object): void {
  shaking.add(socket)
}

/** For good or ill; also of one of which none is under way. */
export function handshakeEnds(socket: object): void {
  if (shaking.delete(socket)) hasEnded = true
}

const READ_A_TURN = 5
/** Many that say nothing are no reason to turn and turn. */
const TURNS_MAX = 64

/**
 * Bun has had a turn: so many more it needs, at most, until it has read what all of them have said; null: it
 * has read nothing. Who ended shows that it has, also where the turn was for something else and nobody knew
 * that there was more (`hadSomething`): that came in the meantime.
 */
export function turnsForShaking(hadSomething: boolean): number | null {
  const hasRead = hadSomething || hasEnded
  hasEnded = false
  return hasRead ? Math.min(Math.ceil(shaking.size / READ_A_TURN), TURNS_MAX) : null
}

/** Some may wait for its next turn, whatever that is for: there are more than it reads in one, or were. */
export const mayBePutOff = (): boolean => shaking.size > READ_A_TURN || (hasEnded && shaking.size > 0)
