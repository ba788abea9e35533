// What is ours: addresses of this machine, of our listeners, and of allocations. Peers there are judged by rules of their own.
import { networkInterfaces } from 'node:os'
import { Address } from '../bytes/address.ts'
import { DOOR, type RelayPlan } from '../messages.ts'
import { addressOfBind } from './listener.ts'
import type { OwnAddresses } from './peer-rules.ts'
import { relayAddresses } from './relay-addresses.ts'
import { routeAddresses } from './route-addresses.ts'

/** What the system says of addresses. */
export interface MachineAddresses {
  /** One of each family: those that routes prefer. */
  readonly routed: readonly string[]
  readonly all: readonly string[]
}

export function machineAddresses(): MachineAddresses {
  const all = Object.values(networkInterfaces()).flatMap((one) => (one ?? []).map(({ address }) => address))
  return { routed: routeAddresses(), all }
}

/** Those of a plan. */
export function ownAddresses(plan: RelayPlan, { routed, all }: MachineAddresses): OwnAddresses {
  const places = Object.values(plan.listeners).flatMap((config) => relayAddresses(config, routed))
  const relays = places.flatMap(({ real, told }) => [real.ip, told.ip])
  const datagrams = plan.sockets.filter(({ listener }) => listener !== DOOR)
  const open = [
    ...plan.ownAddresses.map(addressOfBind),
    ...datagrams.map(({ host, port }) => Address.parse(host, port)),
  ].filter((address) => address !== null)
  // The outside of an address translator may lead back inside.
  const mirrored = open.flatMap(({ ipKey, port }) =>
    places.flatMap(({ real, told }) => (real.ipKey === ipKey ? new Address(told.ip, port) : [])),
  )
  const listeners = [...open, ...mirrored]
  const advertised = Object.values(plan.listeners).flatMap(({ relay }) =>
    relay === false ? [] : relay.advertise,
  )
  const machine = [...all, ...advertised].flatMap((host) => Address.parse(host, 0)?.ip ?? [])
  return { relays, listeners, machine }
}
