// What a rollout would do, and how far one is.
import type { Rollout } from '../../data/rollouts.ts'
import { age, count } from '../../data/say.ts'
import type { ServerFields } from '../../data/servers.ts'

export interface RolloutPlan {
  readonly added: readonly ServerFields[]
  /** Names, or URLs of those that have none. */
  readonly removed: readonly string[]
  readonly kept: readonly string[]
  readonly batches: number
}

const nameOf = ({ name, url }: ServerFields): string => name ?? url

/** The servers that are to be there in the end, against those there are: as the gateway reckons it. */
export function planOf(
  present: readonly ServerFields[],
  wanted: readonly ServerFields[],
  batchSize: number,
): RolloutPlan {
  const there = present.map(nameOf)
  const meant = new Set(wanted.map(nameOf))
  const added = wanted.filter((one) => !there.includes(nameOf(one)))
  return {
    added,
    removed: there.filter((name) => !meant.has(name)),
    kept: there.filter((name) => meant.has(name)),
    batches: Math.ceil(added.length / Math.max(1, batchSize)),
  }
}

/** “3 new, 2 old go, 1 stays · 3 batches, at least 20 s” */
export function planWords({ added, removed, kept, batches }: RolloutPlan, intervalS: number): string {
  const who = [
    `${added.length} new`,
    removed.length === 0 ? 'none goes' : `${removed.length} old ${removed.length === 1 ? 'goes' : 'go'}`,
    ...(kept.length === 0 ? [] : [`${kept.length} ${kept.length === 1 ? 'stays' : 'stay'}`]),
  ]
  const least = Math.max(0, batches - 1) * intervalS
  return `${who.join(', ')} · ${count(batches, 'batch', 'batches')}${least > 0 ? `, at least ${age(least)}` : ''}`
}

/** The batches that are through, of all. */
export function progressOf({ steps, facts, state }: Rollout): { readonly done: number; readonly of: number } {
  const of = Math.ceil((facts.added?.length ?? 0) / Math.max(1, facts.batch_size ?? 1))
  if (state === 'done') return { done: of, of }
  const begun = steps.reduce(
    (most, { what }) => Math.max(most, Number(/^batch (\d+) of/.exec(what)?.[1] ?? 0)),
    0,
  )
  const isRemoved =
    (facts.removed?.length ?? 0) === 0 ||
    steps.some(({ what }) => what.startsWith(`batch ${begun} of`) && what.endsWith('removed'))
  return { done: isRemoved ? begun : Math.max(0, begun - 1), of }
}
