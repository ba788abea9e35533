// What helps where servers of a backend are ill.
import type { ServerHealth } from '../../telemetry/server-health.ts'
import { isLeftAlone, type Sorted } from './backend-state.ts'
import { ailmentOf, type Checks } from './reasons.ts'
import type { Seen } from './seen.ts'
import { ageOf } from './words.ts'

/** A backend that is not well. */
export interface Ill {
  readonly backend: string
  readonly is: Sorted
  readonly checks: Checks
  readonly seen: Seen
}

/** What helps most; without a full stop. */
export function todo(ill: Ill): string {
  const { is, checks } = ill
  const all = [...is.ailing, ...is.failing]
  if (is.all.length === 0) return 'Give it servers'
  const [first] = all
  const isOne = all.length === 1 && first !== undefined
  const what = isOne ? first.server : 'the servers'
  switch (ailmentOf(all, checks)) {
    case 'refuses':
      return isOne ? `Start the service of ${what}` : 'Start their services'
    case 'breaker':
      return isOne
        ? `See which of its requests fail: its breaker tries it again by itself${backWords(ill, 'breaker')}`
        : `See which requests fail: the breakers try their servers again by themselves${backWords(ill, 'breaker')}`
    case 'passive':
      return `Look at ${what}: ${isOne ? 'it is' : 'they are'} in use again by ${isOne ? 'itself' : 'themselves'}${backWords(ill, 'passive')}`
    case 'silent':
      return `See whether ${what} ${isOne ? 'hangs' : 'hang'}, or a firewall is between`
    case 'answers_wrong':
      return `Look at what ${what} ${isOne ? 'says' : 'say'} of ${isOne ? 'its' : 'their'} own state`
    default:
      return `Look at ${what}`
  }
}

/** " in 25 s, or at once by `sluice server a circuit reset`"; of several, when the first one is. */
function backWords({ backend, is: { ailing }, seen }: Ill, by: 'breaker' | 'passive'): string {
  const out = ailing.filter(by === 'breaker' ? isLeftAlone : isOutByPassive)
  const [first] = out
  // Those that are tried already are waited for.
  if (first === undefined) return ''
  const back = out.flatMap(({ server }) => seen.backMs?.(backend, server, by) ?? [])
  const in_ = back.length === 0 ? '' : ` in ${ageOf(Math.min(...back) - seen.nowMs)}`
  const when = out.length > 1 && in_ !== '' ? `, the first${in_}` : in_
  const name = out.length === 1 ? first.server : 'SERVER'
  const which = out.length === 1 && isNamedTwice(first, seen) ? ` --backend ${backend}` : ''
  const comma = out.length > 1 && in_ !== '' ? ';' : ','
  return `${when}${comma} or at once by \`sluice server ${name} ${by === 'breaker' ? 'circuit' : 'passive'} reset${which}\``
}

const isOutByPassive = ({ reason }: ServerHealth): boolean => reason?.startsWith('passive: ') === true

/** Commands have to be told which one is meant. */
const isNamedTwice = ({ backend, server }: ServerHealth, { health }: Seen): boolean =>
  health.backends.some((one) => one.server === server && one.backend !== backend)
