// The addresses of a config's listeners, and what is told of those that are open.
import { oneOrList, tcpBindsOf, type Binds, type TcpBind } from '../../lib/bind.ts'

/** The listeners of a config, as far as their addresses go. */
export type BindsByName = Readonly<Record<string, Binds>>

/** All TCP addresses. */
export const tcpBindsIn = (listeners: BindsByName): TcpBind[] =>
  Object.entries(listeners).flatMap(([name, binds]) => tcpBindsOf(name, binds))

/**
 * `host:port` as it really is, by listener, a list where it has several; that of TURN over TLS by the
 * listener's name with `.tls` behind it.
 */
export type AddressesByName = Readonly<Record<string, string | readonly string[]>>

/** Of all listeners, as `shown` says each address; null: it is not open. */
export function shownAddresses(
  listeners: BindsByName,
  shown: (bind: TcpBind) => string | null,
): AddressesByName {
  const found = new Map<string, string[]>()
  for (const bind of tcpBindsIn(listeners)) {
    const address = shown(bind) === null ? null : (bind.range ?? shown(bind))
    const name = bind.path[0] === 'tls' ? `${bind.name}.tls` : bind.name
    const known = found.get(name) ?? []
    // A range is one text for all of its ports.
    if (address !== null && !(bind.range !== undefined && known.includes(address)))
      found.set(name, [...known, address])
  }
  return Object.fromEntries([...found].map(([name, all]) => [name, oneOrList(all)]))
}
