// What a listener is compiled from, and what its protocol does not change.
import type { Config } from '../config/schema.ts'
import { Ranges } from '../lib/ranges.ts'
import type { Filing } from '../rules/filing.ts'
import type { JwtProvider } from '../tokens/jwt-provider.ts'
import type { Certificate } from '../tls/certificate.ts'
import { at } from './compile-problem.ts'
import type { Backends } from './destination.ts'
import type { Plan } from './plan.ts'
import type { Rule, Snapshot } from './snapshot.ts'

/** What listeners are compiled with. */
export interface ListenerGround {
  readonly plan: Plan
  readonly previous: Snapshot | null
  readonly backends: Backends
  readonly rules: CompiledRules
  /** Whose tokens are believed, by name. */
  readonly issuers: ReadonlyMap<string, JwtProvider>
  /** In [0, 1): what decides who is in the share of a rule. */
  readonly chance: () => number
  /** By name: those that listeners have, which each of them adds to. */
  readonly certificates: Map<string, Certificate>
}

/** As they stand in the list. */
export interface CompiledRules {
  /** Null: it is none of HTTP. */
  readonly list: readonly (Rule | null)[]
  /** What was read of each; undefined: nothing yet. */
  readonly filings: readonly (readonly Filing[] | undefined)[]
  /** All match what those of the snapshot before do that stood in their places. */
  readonly matchAsBefore: boolean
}

export type ListenerWords = Config['listeners'][string]

/** The words of a listener, where they stand, and what they are compiled with. */
export interface ListenerSource<T> {
  readonly name: string
  readonly path: string
  readonly options: T
  readonly ground: ListenerGround
}

/** Who speaks the PROXY protocol to a listener; null: nobody. */
export function proxiesOf({
  path,
  options,
}: Pick<ListenerSource<ProxyWords>, 'path' | 'options'>): Ranges | null {
  const { proxy_protocol } = options
  if (proxy_protocol === undefined) return null
  return at(`${path}.proxy_protocol.trusted`, () => Ranges.parse(proxy_protocol.trusted))
}

interface ProxyWords {
  readonly proxy_protocol?: { readonly trusted: readonly string[] } | undefined
}
