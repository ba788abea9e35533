// Whom a listener lets in: by address, and by how often it comes.
import type { Accepted } from '../accept/entry.ts'
import type { Ranges } from '../lib/ranges.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { TcpListener } from '../snapshot/snapshot.ts'
import type { TcpConnections } from './connections.ts'

export interface Admitting {
  readonly name: string
  readonly options: { readonly limits: Pick<TcpListener['options']['limits'], 'rate'> }
  /** Who is let in, all where it is empty; and who is not. */
  readonly allowed: Ranges
  readonly denied: Ranges
}

export class Admission {
  readonly #all: TcpConnections
  readonly #listener: Admitting
  readonly #rate: Limit | null

  constructor(all: TcpConnections, listener: Admitting) {
    this.#all = all
    this.#listener = listener
    const { rate } = listener.options.limits
    this.#rate = rate === undefined ? null : all.rateOf(listener.name, rate)
  }

  /** Why it is not let in; null: it is. */
  refusalOf({ address, isReset }: Accepted): FaultCode | null {
    const { allowed, denied } = this.#listener
    if (denied.has(address) || (!allowed.empty && !allowed.has(address))) return 'denied'
    if (this.#rate !== null && !this.#all.mayConnect(this.#rate, address)) return this.#tooMany()
    return isReset ? 'client_abort' : null
  }

  #tooMany(): FaultCode {
    const { name, options } = this.#listener
    this.#all.limitReached(`listeners.${name}.limits.rate`, options.limits.rate?.connections ?? 0)
    return 'rate_limited'
  }
}
