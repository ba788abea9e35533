// What is configured of a backend, as far as the page has a word about it.
import type { BackendLive, ResourceOf, ServerFields } from '../../data/servers.ts'
import type { BreakerFields, PassiveFields } from './guard-words.ts'

export interface HashFields {
  readonly by?: string
  readonly name?: string
  readonly load_factor?: number
}

export interface CheckFields {
  readonly type?: string
  readonly path?: string
  readonly method?: string
  readonly interval?: string
  readonly interval_down?: string
  readonly timeout?: string
  readonly rise?: number
  readonly fall?: number
  readonly expect?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface BackendFields {
  readonly algorithm: string
  readonly servers: readonly ServerFields[]
  readonly hash?: HashFields
  /** One, or a list of them: all must pass. */
  readonly health_check?: CheckFields | readonly CheckFields[]
  readonly queue?: { readonly size?: number }
  /** Left out: none. */
  readonly circuit_breaker?: BreakerFields
  readonly passive_health?: PassiveFields
  readonly [field: string]: unknown
}

export type BackendResource = ResourceOf<BackendFields, BackendLive>

/** The checks of a backend, however they are written. */
export const checksIn = (written: BackendFields['health_check']): readonly CheckFields[] =>
  written === undefined ? [] : [written].flat()
