// What is ours: addresses of this machine, of our listeners, and of allocations. Peers there are judged by
// rules of their own.
import { networkInterfaces } from 'node:os'
import { Address } from '../../lib/address.ts'
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

/**
 * A text says why the system does not tell: without its own addresses a relay cannot keep clients away from
 * them.
 */
export function machineAddresses(): MachineAddresses | string {
  try {
    const all = Object.values(networkInterfaces()).flatMap((one) => (one ?? []).map(({ address }) => address))
    return { routed: routeAddresses(), all }
  } catch (error) {
    const { errno } = error as { errno?: number }
    return `the addresses of this machine cannot be listed: ${WHY[errno ?? 0] ?? `the system refuses it (errno ${errno})`}`
  }
}

/** By errno. */
const WHY: Readonly<Record<number, string>> = {
  97: 'sockets of AF_NETLINK are refused (EAFNOSUPPORT); in a systemd unit add AF_NETLINK to RestrictAddressFamilies=',
  23: 'too many files are open on this machine (ENFILE)',
  24: 'too many files are open in the relay (EMFILE); raise LimitNOFILE= or "ulimit -n"',
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
