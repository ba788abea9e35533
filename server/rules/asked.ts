// The request that rules are asked about: what of it takes work to read is read once, and only where a rule
// asks for it.
import type { RequestHead } from '../head/request-head.ts'
import { unixSeconds } from '../lib/clock.ts'
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { Tokens } from './claims.ts'
import { cookieValues, queryValues, type Values } from './query.ts'

/** What rules look at in a request. */
export type Matchable = Pick<
  RequestHead,
  'method' | 'host' | 'path' | 'query' | 'plainPath' | 'get' | 'values' | 'isAmbiguous'
>

/** Who asks. */
export interface AskedBy {
  /** Null: a proxy speaks for somebody it does not name. */
  readonly address: string | null
  readonly scheme: 'http' | 'https'
  /** That of its connection, as far as it ends here; null: none. */
  readonly tls: TlsFacts | null
  /** What the tokens say that came with the request and are good; left out: nobody has looked at them. */
  readonly tokens?: Tokens | null
}

export const ANYBODY: AskedBy = { address: null, scheme: 'http', tls: null }

const NO_VALUES: readonly string[] = []

const wallMs = (): number => unixSeconds() * 1000

/** One for all requests of a matcher, which asks about one after the other: nothing is made for each. */
export class Asked {
  request: Matchable = NOTHING
  by: AskedBy = ANYBODY
  /** As it is read at this moment: as it came, in normal form, or as lenient servers take it. */
  path = ''
  /** Milliseconds since 1970. */
  readonly now: () => number
  #query: Values | null = null
  #cookies: Values | null = null

  constructor(now = wallMs) {
    this.now = now
  }

  begin(request: Matchable, by: AskedBy): void {
    this.request = request
    this.by = by
    this.#query = null
    this.#cookies = null
  }

  /** All values of a part of the query, decoded. */
  queryValues(name: string): readonly string[] {
    this.#query ??= queryValues(this.request.query)
    return this.#query.get(name) ?? NO_VALUES
  }

  cookieValues(name: string): readonly string[] {
    this.#cookies ??= cookieValues(this.request.values('cookie'))
    return this.#cookies.get(name) ?? NO_VALUES
  }
}

const NOTHING: Matchable = {
  method: '',
  host: '',
  path: '',
  query: '',
  plainPath: true,
  get: () => null,
  values: () => [],
  isAmbiguous: () => false,
}
