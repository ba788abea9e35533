// The picks of a backend, made anew with each epoch: of its algorithm, and before that one of who belongs to
// a server by a key.
import type { Pick, Usable } from './algorithm.ts'
import { algorithms } from './algorithms.ts'
import type { BackendConfig } from './backend.options.ts'
import { byPlugin, type PluginAlgorithm } from './by-plugin.ts'
import { roundRobin } from './by-order.ts'
import { BOUND } from './key.ts'
import type { Server } from './server.ts'
import { isKeyed, stickyWords } from './sticky-words.ts'
import type { InUse } from './usable.ts'

/** What algorithms stand on. */
interface Ground extends Omit<Usable, 'servers'> {
  /** No server has more or less than its weight. */
  readonly isPlain: boolean
}

export const pickNone: Pick = () => null

/** `pickBackup`: of the backups that stand by. */
export function picksOf(
  { usable, bound, standBy }: InUse,
  ground: Ground,
  options: BackendConfig,
  plugin?: PluginAlgorithm,
): { readonly pick: Pick; readonly pickBackup: Pick } {
  const own = algorithmOf(options, ground)
  const of = (servers: readonly Server[], algorithm = own): Pick =>
    servers.length === 0
      ? pickNone
      : algorithm === 'plugin'
        ? plugged({ servers, ...ground }, options, plugin)
        : algorithms[algorithm]({ servers, ...ground }, options)
  const pick = of(usable)
  const theirs = theirPick({ usable, bound }, options, of)
  return {
    pick:
      theirs === null ? pick : (key, tried) => (key >= BOUND ? theirs(key, tried) : null) ?? pick(key, tried),
    pickBackup: of(standBy),
  }
}

/** Where nobody is served no code of users runs: servers take turns. */
const plugged = (usable: Usable, { plugin: words }: BackendConfig, plugin?: PluginAlgorithm): Pick =>
  plugin === undefined ? roundRobin(usable) : byPlugin(usable, words?.options, plugin)

/** Whether an algorithm knows no weights of the config: all its servers are alike to it. */
export const isBlind = ({ algorithm }: { readonly algorithm: BackendConfig['algorithm'] }): boolean =>
  algorithm === 'random'

/** What is drawn blindly has weights all the same where some servers have only a part of theirs. */
const algorithmOf = (options: BackendConfig, { isPlain }: Ground): BackendConfig['algorithm'] =>
  isBlind(options) && !isPlain ? 'weighted_random' : options.algorithm

/**
 * Of who names what it is hashed by: that goes where it went before, also to a server that drains. Whose key
 * is that of a session goes by it whatever the algorithm is. Null: the algorithm picks for all alike.
 */
function theirPick(
  { usable, bound }: { readonly usable: readonly Server[]; readonly bound: readonly Server[] },
  options: BackendConfig,
  of: (servers: readonly Server[], algorithm?: BackendConfig['algorithm']) => Pick,
): Pick | null {
  const words = stickyWords(options)
  if (words !== null && isKeyed(words)) return of(words.drain === 'leave' ? usable : bound, 'ip_hash')
  return options.algorithm === 'hash' && bound !== usable ? of(bound) : null
}
