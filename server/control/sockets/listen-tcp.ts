// Opens a socket that listens, by Bun.
import { codeOf } from './bind-problem.ts'

export interface ListeningSocket {
  readonly fd: number
  readonly port: number
  stop(closeActive: boolean): void
}

/** `isShared`: with others of this user (SO_REUSEPORT). */
export function listen(
  host: string,
  port: number,
  { isShared }: { readonly isShared: boolean },
): ListeningSocket {
  const open = (hostname: string): ListeningSocket => {
    // The public types know neither `reusePort` nor `fd`.
    const options = { hostname, port, reusePort: isShared, socket: { data() {} } }
    return Bun.listen(options) as unknown as ListeningSocket
  }
  try {
    return open(host)
  } catch (error) {
    // A machine without IPv6 still has every address of IPv4.
    if (host === '::' && codeOf(error) !== 'EADDRINUSE') return open('0.0.0.0')
    throw error
  }
}
