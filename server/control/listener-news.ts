// Tells which addresses a change of the config opened and closed, and which ones are another listener's now.
// Those of a start are told by that.
import { oneOrList } from '../lib/bind.ts'
import { logEvent } from '../telemetry/log.ts'
import type { AddressesByName } from './sockets/binds.ts'

type Protocols = Readonly<Record<string, { readonly protocol: string }>>

/** An address that is open. */
interface Open {
  readonly listener: string
  readonly address: string
}

export class ListenerNews {
  #open: ReadonlyMap<string, Open> | null = null

  /** These addresses are open now, of listeners that speak these protocols. */
  served(addresses: AddressesByName, protocols: Protocols): void {
    const before = this.#open
    const after = opened(addresses, protocols)
    this.#open = after
    if (before === null) return
    tell(
      'listener_closed',
      [...before].filter(([key]) => !after.has(key)),
    )
    tell(
      'listener_opened',
      [...after].filter(([key]) => !before.has(key)),
    )
    // It was open all the time: nobody was refused.
    for (const [key, { listener, address }] of after) {
      const from = before.get(key)?.listener ?? listener
      if (from !== listener) logEvent('info', 'listener_took_over', { listener, address, from })
    }
  }
}

/** One port may be open for TCP and UDP, of two listeners. */
function opened(addresses: AddressesByName, protocols: Protocols): ReadonlyMap<string, Open> {
  const all = Object.entries(addresses).flatMap(([listener, own]) => {
    const protocol = protocols[listener]?.protocol ?? ''
    const kind = protocol === 'udp' || protocol === 'turn' ? protocol : 'tcp'
    return [own].flat().map((address) => [`${kind} ${address}`, { listener, address }] as const)
  })
  return new Map(all)
}

/** One event for each listener. */
function tell(event: string, changed: readonly (readonly [string, Open])[]): void {
  const byListener = Map.groupBy(changed, ([, { listener }]) => listener)
  for (const [listener, of] of byListener)
    logEvent('info', event, { listener, address: oneOrList(of.map(([, { address }]) => address)) })
}
