// The request that rules are asked about: what of it takes work to read is read once, and only where a rule
// asks for it.
import type { RequestHead } from '../head/request-head.ts'
import { cookieValues, queryValues, type Values } from './query.ts'

/** What rules look at in a request. */
export type Matchable = Pick<
  RequestHead,
  'method' | 'host' | 'path' | 'query' | 'plainPath' | 'get' | 'values' | 'isAmbiguous'
>

const NO_VALUES: readonly string[] = []

/** One for all requests of a matcher, which asks about one after the other: nothing is made for each. */
export class Asked {
  request: Matchable = NOBODY
  /** As it is read at this moment: as it came, in normal form, or as lenient servers take it. */
  path = ''
  #query: Values | null = null
  #cookies: Values | null = null

  begin(request: Matchable): void {
    this.request = request
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

const NOBODY: Matchable = {
  method: '',
  host: '',
  path: '',
  query: '',
  plainPath: true,
  get: () => null,
  values: () => [],
  isAmbiguous: () => false,
}
