// Who answers the requests of a backend while some of its servers do not, and who is used although it fails.
import type { ServerHealth } from '../../telemetry/server-health.ts'
import { isLeftAlone, isTriedAgain, type Sorted } from './backend-state.ts'
import type { Seen } from './seen.ts'
import { listOf, percentOf, spelled } from './words.ts'

/** "The two left stand at 41 % of their limit." */
export function leftWords(backend: string, is: Sorted, seen: Seen): string {
  const { all, usable, ailing, failing } = is
  const held = heldIn(backend, is, seen)
  const left = usable.filter((one) => !failing.includes(one) && !held.includes(one.server))
  const kept = keptWords(backend, held, seen)
  if (left.length === 0) return kept
  const words = seen.config?.backends[backend]?.servers ?? []
  const limits = left.map(
    ({ server }) => words.find(({ name, url }) => (name ?? url) === server)?.max_connections,
  )
  const isLimited = limits.every((limit) => limit !== undefined)
  const who = left.length === 1 ? 'The one left' : `The ${spelled(left.length)} left`
  if (!isLimited) {
    // Those that nobody took out go on getting theirs.
    const isShared = held.length > 0 || [...ailing, ...failing].some(isUsed)
    const verb = isShared ? 'answer' : 'take'
    const what = isShared ? 'what comes to them' : 'all requests'
    const own = left.length === 1 ? `${verb}s ${isShared ? 'what comes to it' : what}` : `${verb} ${what}`
    return joined(kept, left.length === all.length ? '' : `${who} of ${spelled(all.length)} ${own}.`)
  }
  const active = left.reduce((sum, { active_connections: one }) => sum + one, 0)
  const limit = limits.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const [stand, their] = left.length === 1 ? ['stands', 'its limit'] : ['stand', 'their limits']
  return joined(kept, `${who} ${stand} at ${percentOf(active, limit)} of ${their}.`)
}

const joined = (...sentences: readonly string[]): string => sentences.filter((one) => one !== '').join(' ')

/** It fails its requests and gets them: by its checks it is up, or there are none. */
export const isUsed = (one: ServerHealth): boolean =>
  !isLeftAlone(one) && !isTriedAgain(one) && one.operational !== 'down'

/** The same without a check: whoever fails a request counts as ailing, and gets the next. */
export const isTried = (one: ServerHealth): boolean => one.state === 'unchecked' && isUsed(one)

/** Whose breaker or passive health would have it out, if others were not: max_out. In the config's order. */
export function heldIn(
  backend: string,
  { usable, ailing }: Sorted,
  { events, spanOf }: Seen,
): readonly string[] {
  const outs = ailing.filter((one) => isLeftAlone(one) || one.reason?.startsWith('passive: ') === true)
  if (outs.length === 0) return []
  const since = Math.min(...outs.map(({ server }) => spanOf(backend, server).sinceMs ?? 0)) - HELD_BEFORE_MS
  const told = new Set(
    events
      .filter(({ event, atMs, fields }) => HELD.has(event) && atMs >= since && fields['backend'] === backend)
      .map(({ fields }) => fields['server']),
  )
  return usable.filter(({ server }) => told.has(server)).map(({ server }) => server)
}

/** Events are told by the hundred milliseconds. */
const HELD_BEFORE_MS = 1000
const HELD: ReadonlySet<string> = new Set(['circuit_held', 'passive_held'])

function keptWords(backend: string, held: readonly string[], { config }: Seen): string {
  if (held.length === 0) return ''
  const { circuit_breaker: breaker, passive_health: passive } = config?.backends[backend] ?? {}
  const most = breaker?.max_out ?? passive?.max_out
  const [fails, is] = held.length === 1 ? ['fails', 'is'] : ['fail', 'are']
  return `${listOf(held)} ${fails} as well, and ${is} used all the same: no more may be out at once (max_out${most === undefined ? '' : ` ${most}`}).`
}
