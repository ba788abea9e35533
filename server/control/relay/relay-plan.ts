// What the relay is told of a plan: its listeners, its sockets, and what peers must not reach.
import { finishMs } from '../../lib/drain.ts'
import { parseAddress } from '../../lib/ip-address.ts'
import type { RelayPlan } from '../../turn/messages.ts'
import type { TurnListenerConfig } from '../../turn/turn.options.ts'
import type { Config } from '../../config/schema.ts'
import type { PlanBody } from '../processes/worker.ts'

/** A socket of the supervisor's. The same object is the same socket. */
export interface HeldSocket {
  readonly key: string
  readonly listener: string
  readonly host: string
  readonly port: number
  readonly fd: number
}

/** A plan for the relay before it is addressed to one: what a relay has already is not sent again. */
export interface RelayBody {
  readonly plan: Omit<RelayPlan, 'arriving'>
  /** In the order of the plan's. */
  readonly sockets: readonly HeldSocket[]
  readonly descriptors: number
  readonly drainMs: number
}

export interface RelayBodyParts {
  readonly plan: Pick<PlanBody, 'number' | 'config'>
  readonly udp: readonly HeldSocket[]
  /** Null: there is no turn listener. */
  readonly door: HeldSocket | null
  readonly ownAddresses: readonly string[]
  readonly nonceKey: string
  /** How many of them let clients in. */
  readonly workers: number
}

/** What a relay has open beside what clients want of it. */
const OWN_DESCRIPTORS = 64

/** A plan for the relay. */
export function makeRelayBody({
  plan,
  udp,
  door,
  ownAddresses,
  nonceKey,
  workers,
}: RelayBodyParts): RelayBody {
  const { number, config } = plan
  const listeners = turnListeners(config)
  const sockets = door ? [...udp, door] : udp
  return {
    plan: {
      number,
      listeners,
      ownAddresses,
      nonceKey,
      logs: { level: config.logs.level, format: config.logs.format },
      sockets: sockets.map(({ key, listener, host, port }) => ({ key, listener, host, port })),
    },
    sockets,
    descriptors: descriptorsOf(Object.values(listeners), workers),
    drainMs: finishMs(config.drain),
  }
}

/** Listeners of protocol turn, by name. */
export function turnListeners({ listeners }: Pick<Config, 'listeners'>): Record<string, TurnListenerConfig> {
  const found: Record<string, TurnListenerConfig> = {}
  for (const [name, listener] of Object.entries(listeners))
    if (listener.protocol === 'turn') found[name] = listener
  return found
}

/** Of a client by TCP: its own, and that of the connection which tells its worker that it is there. */
const DESCRIPTORS_EACH = 2

/** Descriptors of a relay whose listeners are as full as their quotas allow. */
function descriptorsOf(listeners: readonly TurnListenerConfig[], workers: number): number {
  return listeners.reduce(
    (sum, { relay, quotas, limits }) =>
      sum + relayed(relay, quotas) + limits.connections * DESCRIPTORS_EACH * workers,
    OWN_DESCRIPTORS,
  )
}

/** An allocation has a socket for each family, and one more while the port beside it is reserved. */
function relayed(relay: TurnListenerConfig['relay'], { total }: TurnListenerConfig['quotas']): number {
  if (relay === false) return 0
  const hasV6 = relay.bind.length === 0 || relay.bind.some((host) => parseAddress(host)?.length === 16)
  return total * ((hasV6 ? 2 : 1) + 1)
}
