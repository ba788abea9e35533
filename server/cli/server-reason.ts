// Why a server is as it is, in a cell of a table: what was found of it, and what a person has ordered of it,
// by whom and until when.
import type { OrderFacts, ServerHealth } from '../telemetry/server-health.ts'
import { isHeldOpen, isLeftAlone } from '../control/overview/backend-state.ts'
import { slowStartText } from '../telemetry/operational.ts'
import { clockOf } from './clock.ts'

/** How it is used, in one or two words. */
export const stateWord = (one: ServerHealth): string =>
  isHeldOpen(one) ? 'held open' : isLeftAlone(one) ? 'circuit open' : one.state

/** Empty: nothing is wrong with it, and nothing ordered. */
export function serverReason({ reason, slow_start, orders = [] }: ServerHealth, more = ''): string {
  const drain = orders.find(({ kind }) => kind === 'admin')
  const down = orders.find(({ kind, value }) => kind === 'health' && value === 'down')
  const held = isOfHolder(reason)
    ? orders.find(({ kind, value }) => kind === 'circuit' && value === 'open')
    : undefined
  // By whom and why is in the reason already.
  const ended = drain ?? down ?? held
  const found = reason === null ? more : `${reason}${ended === undefined ? '' : endOf(ended)}`
  const others = orders.filter((one) => ![drain, down, held].includes(one)).map(orderText)
  const warming = slow_start === undefined ? [] : [slowStartText(slow_start)]
  return [...(found === '' ? [] : [found]), ...warming, ...others].join('; ')
}

const isOfHolder = (reason: string | null): boolean => reason?.startsWith('circuit open: held open') === true

/** "weight by ana, until 14:30:00: canary". */
const orderText = (order: OrderFacts): string =>
  `${order.kind === 'circuit' ? `breaker held ${order.value}` : order.kind} by ${order.by}${endOf(order)}${order.reason === null ? '' : `: ${order.reason}`}`

const endOf = ({ until }: OrderFacts): string => (until === null ? '' : `, until ${clockOf(until)}`)
