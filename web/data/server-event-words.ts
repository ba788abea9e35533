// What happened to servers: found, ordered, kept out, let in again.
import { by, dotted, type State, type Fields, type Words } from './event-fields.ts'
import { age, clock } from './say.ts'

const ORDERS: Readonly<Record<string, readonly [State, string]>> = {
  drain: ['drain', 'drains'],
  maintenance: ['maint', 'takes out'],
  ready: ['up', 'takes into use'],
}

function ordered({ server, order = '', kind, by: who, reason, until }: Fields): ReturnType<Words> {
  const doer = who ?? 'Somebody'
  const detail = dotted(reason && `“${reason}”`, until && `until ${clock(until)}`)
  const known = kind === 'admin' ? ORDERS[order] : undefined
  if (known !== undefined) return [`${doer} ${known[1]} ${server}`, detail, known[0]]
  if (kind === 'weight') {
    const what = order === 'config' ? 'the weight of the config' : `weight ${order}`
    return [`${doer} gives ${server} ${what}`, detail, 'unk']
  }
  if (order === 'checks') return [`${doer} lets checks say how ${server} is`, detail, 'up']
  return [`${doer} says that ${server} is ${order}`, detail, order === 'down' ? 'down' : 'up']
}

/** By what the log calls them. */
export const SERVER_EVENTS: Readonly<Record<string, Words>> = {
  server_up: (e) => [`${e['server']} is up`, '', 'up'],
  server_down: (e) => [`${e['server']} is down`, e['reason'], 'down'],
  server_failing: (e) => [`${e['server']} fails requests`, e['fault']?.replaceAll('_', ' '), 'warn'],
  passive_out: (e) => [
    `${e['server']} is ${e['mode'] === 'shadow' ? 'not taken out, though it would be' : 'taken out'}, as requests fail`,
    e['reason']?.replace(/^passive: /, ''),
    'warn',
  ],
  passive_back: (e) => [
    `${e['server']} is back in use`,
    e['why'] === 'cooldown'
      ? 'its time out is over'
      : e['why'] === 'checks'
        ? 'its checks found it down, and up again'
        : e['why'] === 'ordered'
          ? by(e['by']) || 'after maintenance'
          : 'the config judges it so no more',
    'up',
  ],
  passive_held: (e) => [
    `${e['server']} fails requests, and stays in use`,
    e['why'] === 'max_out' ? 'too many others of its backend are out (max_out)' : e['why'],
    'warn',
  ],
  server_recovered: (e) => [`${e['server']} answers again`, '', 'up'],

  circuit_opened: (e) => {
    const shadow = e['mode'] === 'shadow' ? 'shadow: it gets work all the same' : ''
    return [`The breaker of ${e['server']} opened`, dotted(String(e['why'] ?? ''), shadow), 'down']
  },
  circuit_half_open: (e) => [`${e['server']} is tried again by a few requests`, '', 'warn'],
  circuit_closed: (e) => [`The breaker of ${e['server']} closed`, '', 'up'],
  circuit_held: (e) => [
    `The breaker of ${e['server']} stays closed`,
    'too many servers of its backend are out',
    'warn',
  ],
  groups_in_use: (e) => [`Who carries ${e['backend']} has changed`, e['why'], 'warn'],
  server_warming: (e) => [
    `${e['server']} came up: its share grows`,
    `over ${age(Number(e['over_ms'] ?? 0) / 1000)}`,
    'up',
  ],
  server_warm: (e) => [`${e['server']} has its whole share`, '', 'up'],
  circuit_ordered: (e) => {
    const what = e['state'] === 'auto' ? 'leaves' : e['state'] === 'open' ? 'opens' : 'closes'
    const end = e['state'] === 'auto' ? ' to itself' : ''
    return [`${e['by']} ${what} the breaker of ${e['server']}${end}`, e['reason'], 'warn']
  },
  circuit_order_ended: (e) => [`The order for the breaker of ${e['server']} is over`, e['why'], 'up'],

  server_ordered: ordered,
  server_order_ended: (e) => [`The order for ${e['server']} is over`, e['why'], 'up'],
  server_order_not_kept: (e) => [`A restart would forget the order for ${e['server']}`],
  server_orders_not_read: () => ['Orders of before the start are not known'],
  server_drained: (e) => {
    const after = Number(e['after_ms'] ?? 0) < 1000 ? '' : `after ${age(Number(e['after_ms']) / 1000)}`
    const state = e['order'] === 'maintenance' ? 'maint' : 'drain'
    return [`${e['server']} has nothing in flight any more`, after, state]
  },
}
