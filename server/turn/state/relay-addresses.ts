// Where a listener makes allocations: at most one address of each family, and how the outside sees it.
import { parseBind } from '../../lib/bind.ts'
import { Address } from '../../lib/address.ts'
import type { TurnListenerConfig } from '../turn.options.ts'

/** Of port 0. */
export interface RelayAddress {
  /** On this machine. */
  readonly real: Address
  /** As clients are told. */
  readonly told: Address
  /** What of the config says so. */
  readonly path: string
}

/** Those of a listener; none when it is for STUN only. `routed`: those that the machine's routes prefer. */
export function relayAddresses(config: TurnListenerConfig, routed: readonly string[]): RelayAddress[] {
  const { relay } = config
  if (relay === false) return []
  const advertised = relay.advertise.map((host) => Address.parse(host, 0))
  return places(config, routed).flatMap(({ host, path }) => {
    const real = Address.parse(host, 0)
    if (real === null) return []
    return [{ real, told: advertised.find((one) => one?.family === real.family) ?? real, path }]
  })
}

interface RelayPlace {
  readonly host: string
  readonly path: string
}

function places({ bind, relay }: TurnListenerConfig, routed: readonly string[]): RelayPlace[] {
  if (relay === false) return []
  if (relay.bind.length > 0) return relay.bind.map((host, i) => ({ host, path: `relay.bind[${i}]` }))
  // 1. The address that clients come to is one that this machine has.
  const own = Address.parse(parseBind(bind).host, 0)
  const isOne = own !== null && own.ip.some((byte) => byte !== 0)
  const first = isOne ? [{ host: own.host, path: 'bind' }] : []
  // 2. Of the other family, and where clients may come to any, what the routes prefer.
  const others = routed
    .filter((host) => !isOne || Address.parse(host, 0)?.family !== own.family)
    .map((host) => ({ host, path: 'relay.bind' }))
  return [...first, ...others]
}
