// The picks of a backend, made anew with each epoch: of its algorithm, and before that one of who belongs to
// a server by a key.
import type { Pick, Usable } from './algorithm.ts'
import { algorithms } from './algorithms.ts'
import type { BackendConfig } from './backend.options.ts'
import { BOUND } from './key.ts'
import type { Server } from './server.ts'
import { isKeyed, stickyWords } from './sticky-words.ts'
import type { InUse } from './usable.ts'

/** What algorithms stand on. */
type Ground = Omit<Usable, 'servers'>

export const pickNone: Pick = () => null

/** `pickBackup`: of the backups that stand by. */
export function picksOf(
  { usable, bound, standBy }: InUse,
  ground: Ground,
  options: BackendConfig,
): { readonly pick: Pick; readonly pickBackup: Pick } {
  const of = (servers: readonly Server[], algorithm = options.algorithm): Pick =>
    servers.length === 0 ? pickNone : algorithms[algorithm]({ servers, ...ground }, options)
  const pick = of(usable)
  const theirs = theirPick({ usable, bound }, options, of)
  return {
    pick:
      theirs === null ? pick : (key, tried) => (key >= BOUND ? theirs(key, tried) : null) ?? pick(key, tried),
    pickBackup: of(standBy),
  }
}

/**
 * Of who names what it is hashed by: that goes where it went before, also to a server that drains. Whose key
 * is that of a session goes by it whatever the algorithm is. Null: the algorithm picks for all alike.
 */
function theirPick(
  { usable, bound }: Omit<InUse, 'standBy' | 'halfOpen'>,
  options: BackendConfig,
  of: (servers: readonly Server[], algorithm?: BackendConfig['algorithm']) => Pick,
): Pick | null {
  const words = stickyWords(options)
  if (words !== null && isKeyed(words)) return of(words.drain === 'leave' ? usable : bound, 'ip_hash')
  return options.algorithm === 'hash' && bound !== usable ? of(bound) : null
}
