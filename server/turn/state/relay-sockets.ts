// Opening and closing of relayed addresses.
import { Address } from '../../lib/address.ts'
import type { OpenFailure, Stream } from '../network.ts'
import type { DatagramSink } from '../../sockets/udp/udp-socket.ts'
import type { RelayAddress, TurnListener } from './listener.ts'
import { type Parity, Ports } from './ports.ts'
import { Relayed } from './relayed.ts'
import type { TurnState } from './turn-state.ts'

/** At which of a listener's addresses. */
export interface RelayPlace {
  readonly listener: TurnListener
  readonly at: RelayAddress
}

/** One for UDP; null: no port is left. */
export function openUdp(
  turn: TurnState,
  where: RelayPlace,
  parity: 'any' | 'even',
  sink: DatagramSink,
): Relayed | null {
  return take(turn, where, { transport: 'udp', parity }, (port) => bindUdp(turn, where.at, port, sink))
}

/** An even port and the next one. */
export function openUdpPair(
  turn: TurnState,
  where: RelayPlace,
  sink: DatagramSink,
): readonly [Relayed, Relayed] | null {
  const { at } = where
  return take(turn, where, { transport: 'udp', parity: 'pair' }, (port) => {
    const even = bindUdp(turn, at, port, sink)
    if (typeof even === 'string') return even
    const odd = bindUdp(turn, at, port + 1, sink)
    if (typeof odd !== 'string') return [even, odd] as const
    unbind(turn, even)
    return odd
  })
}

/** One that peers connect to (RFC 6062). */
export function openTcp(
  turn: TurnState,
  where: RelayPlace,
  accept: (relayed: Relayed, stream: Stream) => void,
): Relayed | null {
  const { at } = where
  return take(turn, where, { transport: 'tcp', parity: 'any' }, (port) => {
    const relayed = relayedAt(at, port)
    if (turn.relayed.tcp.isTaken(relayed)) return 'in_use'
    const opened = turn.parts.network.listenTcp(relayed.real, (stream) => accept(relayed, stream))
    if (typeof opened === 'string') return opened
    relayed.listener = opened
    turn.relayed.tcp.add(relayed)
    return relayed
  })
}

/** Closes it and gives its port back. */
export function closeRelayed(turn: TurnState, relayed: Relayed): void {
  const transport = relayed.listener === null ? 'udp' : 'tcp'
  unbind(turn, relayed)
  // What was read before and is told later finds nobody.
  relayed.allocation = null
  portsOf(turn, transport, relayed.real).give(relayed.real.port)
}

function take<T extends object>(
  turn: TurnState,
  { listener, at }: RelayPlace,
  { transport, parity }: { readonly transport: 'udp' | 'tcp'; readonly parity: Parity },
  open: (port: number) => T | OpenFailure,
): T | null {
  const chance = [turn.chanceNumber(), turn.chanceNumber()] as const
  return portsOf(turn, transport, at.real).take(listener.ports, parity, chance, open)
}

function bindUdp(turn: TurnState, at: RelayAddress, port: number, sink: DatagramSink): Relayed | OpenFailure {
  const relayed = relayedAt(at, port)
  // Two listeners may show themselves by one address: an address that is told belongs to one allocation.
  if (turn.relayed.udp.isTaken(relayed)) return 'in_use'
  const socket = turn.parts.network.openUdp(relayed.real, sink)
  if (typeof socket === 'string') return socket
  socket.data = relayed
  relayed.socket = socket
  turn.relayed.udp.add(relayed)
  return relayed
}

function unbind(turn: TurnState, relayed: Relayed): void {
  turn.relayed[relayed.listener === null ? 'udp' : 'tcp'].remove(relayed)
  relayed.socket?.close()
  relayed.listener?.close()
}

const relayedAt = ({ real, told }: RelayAddress, port: number): Relayed =>
  new Relayed(new Address(real.ip, port), new Address(told.ip, port))

function portsOf(turn: TurnState, transport: 'udp' | 'tcp', address: Address): Ports {
  const key = `${transport} ${address.host}`
  let ports = turn.ports.get(key)
  if (ports === undefined) turn.ports.set(key, (ports = new Ports()))
  return ports
}
