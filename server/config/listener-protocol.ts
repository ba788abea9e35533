// What a protocol of listeners is to config.
import type { Static, TSchema } from '@sinclair/typebox'
import type { Family } from '../lib/server-url.ts'
import type { OpenAddress } from './open-address.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** A listener whose words fit its schema. */
export interface CheckedListener<T> {
  readonly name: string
  readonly path: Path
  readonly options: T
  /** All that listeners open, this one and the admin listener included. */
  readonly open: readonly OpenAddress[]
  /** Whether a rule is for it, by its name or because it is for all. */
  readonly isRuled: boolean
}

/**
 * All that config must know of a protocol. What a listener opens is told by its keys alone (lib/bind.ts), and
 * so are its backend (`backend`) and its certificate (`tls`).
 */
export interface ListenerProtocol<T extends TSchema> {
  readonly options: T
  /** Of the backends that it may lead to; null: it leads to none. */
  readonly family: Family | null
  /** What the schema cannot say. */
  check(written: Written, listener: CheckedListener<Static<T>>): void
}
