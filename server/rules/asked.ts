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
  /** Whether it is in the share of the rule of this name, where chance decides; left out: chance does. */
  readonly shares?: (rule: string) => boolean
}

export const ANYBODY: AskedBy = { address: null, scheme: 'http', tls: null }

const NO_VALUES: readonly string[] = []

const wallMs = (): number => unixSeconds() * 1000

/** What is no part of a request. */
export interface Chances {
  /** Milliseconds since 1970; left out: by the clock. */
  readonly now?: () => number
  /** In [0, 1); left out: always the same. */
  readonly chance?: () => number
}

const NONE = (): number => 0

/** One for all requests of a matcher, which asks about one after the other: nothing is made for each. */
export class Asked {
  request: Matchable = NOTHING
  by: AskedBy = ANYBODY
  /** As it is read at this moment: as it came, in normal form, or as lenient servers take it. */
  path = ''
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly #chance: () => number
  /** -1: nothing was drawn for this request yet. */
  #draw = -1
  #query: Values | null = null
  #cookies: Values | null = null

  constructor({ now = wallMs, chance = NONE }: Chances = {}) {
    this.now = now
    this.#chance = chance
  }

  begin(request: Matchable, by: AskedBy): void {
    this.request = request
    this.by = by
    this.#draw = -1
    this.#query = null
    this.#cookies = null
  }

  /** 32 bits of chance, the same for all that is asked about this request. */
  get draw(): number {
    if (this.#draw < 0) this.#draw = Math.floor(this.#chance() * 2 ** 32)
    return this.#draw
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
