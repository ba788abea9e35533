// What whoever orders something of a server should know: it is done all the same.
import type { BackendConfig } from '../../backends/backend.options.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { circuitOf } from '../../backends/circuit-breaker.ts'
import { stickyWords } from '../../backends/sticky-words.ts'
import { formatDuration } from '../../lib/durations.ts'
import { familyOf } from '../../lib/server-url.ts'
import { OPEN } from '../../scoreboard/circuits.ts'
import { ADMIN_READY, adminOf, STATE_DOWN, STATE_EMPTY, weightOf } from '../../scoreboard/states.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'
import type { OrderValue } from './order.ts'

interface Ground {
  readonly name: string
  readonly backend: BackendConfig
  readonly slots: BackendSlots
  readonly board: Pick<Scoreboard, 'order' | 'state' | 'circuits'>
}

/** Warnings on an order that is in force already. */
export function warningsOf(value: OrderValue | null, ground: Ground): string[] {
  const { name, backend } = ground
  const isOut = value !== null && TAKES_OUT.includes(value)
  const warnings: string[] = []
  if (isOut && !hasUsable(ground))
    warnings.push(
      `no server of backend "${name}" gets new work now: ${refusedText(familyOf(backend.servers), value)}`,
    )
  const sticky = stickyWords(backend)
  if (value === 'drain' && sticky?.drain === 'sticky')
    warnings.push(
      `sessions go on with this server ${sticky.by === 'cookie' && sticky.ttl > 0 ? `until their cookies end, within ${formatDuration(sticky.ttl)}` : 'without an end'} (sticky.drain): maintenance moves them`,
    )
  else if (value === 'drain' && isHashedByName(backend))
    warnings.push(
      `requests that carry the ${backend.hash?.by} "${backend.hash?.name}" that the backend hashes by go on to this server: maintenance moves them, too`,
    )
  return warnings
}

function refusedText(family: 'http' | 'tcp' | 'udp', value: OrderValue): string {
  const fault = value === 'open' ? 'circuit_open' : 'no_server'
  if (family === 'http') return `who asks for it is refused (503, ${fault})`
  return family === 'tcp' ? `who connects is reset (${fault})` : `new flows are dropped (${fault})`
}

const TAKES_OUT: readonly OrderValue[] = ['drain', 'maintenance', 'down', 'open', 0]

function hasUsable({ backend, slots, board }: Ground): boolean {
  return backend.servers.some(({ name, url, weight }) => {
    const slot = slots.servers[name ?? url]?.index
    if (slot === undefined) return false
    const order = board.order(slot)
    const state = board.state(slot)
    const isUsable = state !== STATE_DOWN && state !== STATE_EMPTY
    if (!isUsable || circuitOf({ options: backend, slot }, board) === OPEN) return false
    return adminOf(order) === ADMIN_READY && weightOf(order, weight) > 0
  })
}

/** Requests go on to a server that drains, of whoever belongs to it. */
export const goesOnWhileDraining = (backend: BackendConfig): boolean =>
  isHashedByName(backend) || stickyWords(backend)?.drain === 'sticky'

/** Who names what it is hashed by goes on to a server that drains. */
const isHashedByName = ({ algorithm, hash }: BackendConfig): boolean =>
  algorithm === 'hash' && (hash?.by === 'cookie' || hash?.by === 'header' || hash?.by === 'query')
