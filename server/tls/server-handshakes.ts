// How handshakes with servers ended, counted for each process.
import type { Dial } from '../sockets/socket.ts'
import type { TlsFault } from '../tables/faults.ts'

export interface HandshakeCount {
  /** As OpenSSL calls it; "-" where it did not come so far. */
  readonly version: string
  /** full, resumed, or the fault without "tls_". */
  readonly result: string
  times: number
}

const counts = new Map<string, HandshakeCount>()

/** One is done. */
export const countShaken = (version: string, isResumed: boolean): void =>
  count(version, isResumed ? 'resumed' : 'full')

/** One came to nothing. */
export const countUnshaken = (fault: TlsFault): void => count('-', fault.slice('tls_'.length))

/** Why a dial is given up that has not come to an end in time. */
export function whyLate(dial: Dial | null): 'connect_timeout' | 'tls_timeout' {
  if (dial?.isShaking !== true) return 'connect_timeout'
  countUnshaken('tls_timeout')
  return 'tls_timeout'
}

function count(version: string, result: string): void {
  const key = `${version} ${result}`
  const known = counts.get(key)
  if (known === undefined) counts.set(key, { version, result, times: 1 })
  else known.times++
}

/** All that there were since this process began. */
export const serverHandshakes = (): Iterable<HandshakeCount> => counts.values()
