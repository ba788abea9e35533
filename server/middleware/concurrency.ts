// How many requests of a key are under way at once: leases in memory that all workers share
// (scoreboard/leases.ts), which end with the exchange, or with the worker that died of it.
import { type Answer, faultAnswer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { type LeaseNames, type Leases, REFUSED, UNCOUNTED } from '../scoreboard/leases.ts'
import type { ConcurrencyConfig } from './concurrency.options.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { keyText, missingKey, rateKey } from './rate-key.ts'

/** Where its lease is. */
interface Note {
  at: number
}

/** It has no key, and is not limited: giveBack has nothing to give. */
const PASSED = -4

const newNote = (): Note => ({ at: REFUSED })

/** Lets requests pass as long as fewer than `max` of their key are under way. */
export function concurrency(options: ConcurrencyConfig, world: StepWorld): Middleware<Note> {
  const { leases } = world.board
  const { max, key, missing } = options
  const place = placeOf(options, world)
  const names = leases.names(place)
  const ofOthers = leases.names(`${place}\0${missing}`)
  const keyOf = rateKey(options, world)
  const otherKeyOf = missingKey(options)
  const detail = `rules.${world.rule}.concurrency: ${max} at once, by ${key.join(', ')}`
  const refusal: Answer = { ...faultAnswer('concurrency_limited'), body: `${max} at once` }
  const decided = new Decisions('concurrency_requests_total', world)
  const take = (x: Exchange): number => {
    const own = keyOf(x)
    const name = own ?? otherKeyOf?.(x) ?? null
    return name === null ? PASSED : leases.take(own === null ? ofOthers : names, name, max, world.now())
  }
  return {
    name: 'concurrency',
    note: newNote,
    request(x, note) {
      note.at = take(x)
      if (note.at === PASSED) return undefined
      if (note.at !== REFUSED) {
        if (note.at === UNCOUNTED) world.limitReached('limits.concurrency', leases.bytes)
        decided.count(note.at === UNCOUNTED ? 'uncounted' : 'allowed')
        return undefined
      }
      const answer = world.refuse(x, refusal)
      decided.count(answer === undefined ? 'shadow' : 'refused')
      if (answer !== undefined) x.detail = detail
      return answer
    },
    end: (_, note) => giveBack(leases, note),
  }
}

/** How many of this exchange's key are under way now. */
export function heldBy(
  options: ConcurrencyConfig,
  { leases, ...world }: Pick<StepWorld, 'rule' | 'earlier'> & { readonly leases: Leases },
  x: Exchange,
): number {
  const place = placeOf(options, world)
  const own = rateKey(options)(x)
  if (own !== null) return leases.held(leases.names(place), own)
  const other = missingKey(options)?.(x) ?? null
  return other === null ? 0 : leases.held(leases.names(`${place}\0${options.missing}`), other)
}

function giveBack(leases: Leases, note: Note): void {
  if (note.at >= 0) leases.giveBack(note.at)
  note.at = REFUSED
}

/** Two of a rule that go by the same key do not count each other's; another `max` counts what is there. */
function placeOf(options: ConcurrencyConfig, { rule, earlier }: Pick<StepWorld, 'rule' | 'earlier'>): string {
  const keys = keyText(options)
  const twins = (earlier as readonly ConcurrencyConfig[]).filter((one) => keyText(one) === keys)
  return twins.length === 0 ? `${rule}\0${keys}` : `${rule}\0${keys}\0${twins.length}`
}

/** What a rule's limit is made with. */
interface RuleLimit {
  readonly rule: string
  readonly max: number
  readonly leases: Leases
  readonly now: () => number
  readonly limitReached: StepWorld['limitReached']
}

/**
 * The last step of a rule with max_connections: what others have refused takes no place. It refuses at once:
 * in the queue of its backend it would take the room of those who wait for a server.
 */
export function ruleLimit({ rule, max, leases, now, limitReached }: RuleLimit): Middleware<Note> {
  const names: LeaseNames = leases.names(pathOf(rule))
  const path = `${pathOf(rule)}.max_connections`
  const detail = `${path}: ${max} under way`
  const refusal = faultAnswer('rule_full')
  return {
    name: 'max_connections',
    note: newNote,
    request(x, note) {
      note.at = leases.take(names, '', max, now())
      if (note.at === UNCOUNTED) limitReached('limits.concurrency', leases.bytes)
      if (note.at !== REFUSED) return undefined
      limitReached(path, max)
      x.detail = detail
      return refusal
    },
    end: (_, note) => giveBack(leases, note),
  }
}

/** How many requests of a rule with max_connections are under way now. */
export const heldByRule = (rule: string, leases: Leases): number =>
  leases.held(leases.names(pathOf(rule)), '')

const pathOf = (rule: string): string => `rules.${rule}`
