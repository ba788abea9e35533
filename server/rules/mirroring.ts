// Where copies of a rule's requests go, and what of the answers is compared: plain, made once.
import type { Backend } from '../backends/backend.ts'
import type { MirrorConfig } from './destination.options.ts'

export interface Mirroring {
  /** Of the rule. */
  readonly rule: string
  readonly words: MirrorConfig
  readonly backend: Backend
}

/** What of two answers differs. */
export type MirrorDifference = 'status' | 'size' | 'body' | 'latency'

/** An answer, as far as it is compared. */
export interface ComparedAnswer {
  readonly status: number
  /** Bytes of its body; -1: nobody has read it to its end. */
  readonly size: number
  /** Of its body, as far as body_max; null: it was not looked at. */
  readonly hash: string | null
  /** From when all of the request was there to the head of its answer, in ms. */
  readonly ms: number
}

/** In the order in which they are told. */
export function differencesOf(
  { compare }: MirrorConfig,
  own: ComparedAnswer,
  other: ComparedAnswer,
): readonly MirrorDifference[] {
  if (compare === 'off') return []
  const found: MirrorDifference[] = []
  if (compare.status && own.status !== other.status) found.push('status')
  const isRead = own.size >= 0
  if (isRead && compare.size && own.size !== other.size) found.push('size')
  else if (isRead && compare.body && own.hash !== other.hash) found.push('body')
  if (compare.latency !== undefined && other.ms - own.ms > compare.latency) found.push('latency')
  return found
}
