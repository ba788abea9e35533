// The first socket of an address, which tells its port where the config leaves that open (port 0).
import { type Binds, parseBind, type TcpBind, udpBindsOf } from '../../lib/bind.ts'
import { bindUdp, type BoundSocket } from '../../lib/bind-fd.ts'
import { closeFds } from '../../lib/pass-fds.ts'

/** Where nearly all ports of UDP are taken the two may differ in the end, which is announced. */
const TRIES_MAX = 16

/**
 * Opens it by `open`; for a listener of TCP and UDP on any port, until UDP has nobody there: clients know one
 * number. Those in vain are closed afterwards.
 */
export function openFirst(
  { name, bind, path }: TcpBind,
  binds: Binds | undefined,
  open: () => BoundSocket,
): BoundSocket {
  const { host, port } = parseBind(bind)
  const isForBoth =
    port === 0 && path[0] === 'bind' && binds !== undefined && udpBindsOf(name, binds).length > 0
  const inVain: number[] = []
  try {
    for (;;) {
      const opened = open()
      if (!isForBoth || inVain.length === TRIES_MAX - 1 || isFreeOfUdp(host, opened.port)) return opened
      inVain.push(opened.fd)
    }
  } finally {
    closeFds(inVain)
  }
}

function isFreeOfUdp(host: string, port: number): boolean {
  try {
    closeFds([bindUdp(host, port).fd])
    return true
  } catch {
    return false
  }
}
