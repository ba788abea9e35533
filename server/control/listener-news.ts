// Tells which addresses a change of the config opened and closed. Those of a start are told by that.
import { isDeepStrictEqual } from 'node:util'
import { logEvent } from '../telemetry/log.ts'
import type { AddressesByName } from './sockets/binds.ts'

export class ListenerNews {
  #open: AddressesByName | null = null

  /** These listeners are open now. */
  served(listeners: AddressesByName): void {
    const before = this.#open
    this.#open = listeners
    if (before === null) return
    for (const [listener, address] of Object.entries(before))
      if (!isDeepStrictEqual(listeners[listener], address))
        logEvent('info', 'listener_closed', { listener, address })
    for (const [listener, address] of Object.entries(listeners))
      if (!isDeepStrictEqual(before[listener], address))
        logEvent('info', 'listener_opened', { listener, address })
  }
}
