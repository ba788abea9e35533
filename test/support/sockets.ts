// On which kind of sockets the tests run: SLUICE_TEST_SOCKETS=io_uring, epoll or bun. Without it a gateway
// has what it has by itself, and the engine in the process of the tests Bun's.
import { probe } from '../../server/sockets/uring/probe.ts'
import { SOCKETS_KINDS, type SocketsKind } from '../../server/sockets/socket.ts'
import { kindsHere, useSockets } from '../../server/sockets/sockets.ts'

/** The kind that this run is about; null: none in particular. */
export function socketsWanted(): SocketsKind | null {
  const said = process.env['SLUICE_TEST_SOCKETS'] ?? ''
  if (said === '') return null
  const known = SOCKETS_KINDS.find((kind) => kind === said)
  if (known === undefined)
    throw new Error(`SLUICE_TEST_SOCKETS: found ${said}, allowed ${SOCKETS_KINDS.join(', ')}`)
  return known
}

/** All kinds, the best first. */
export const KINDS = SOCKETS_KINDS

/** What stands against a kind on this machine; null: nothing. */
export function against(kind: SocketsKind): string | null {
  if (kind === 'bun') return null
  if (kindsHere()[kind] === undefined) return 'this system has none'
  return kind === 'io_uring' ? probe() : null
}

/** Whatever listens or dials in this process does so by the kind of this run; never by another instead. */
export async function useSocketsOfRun(): Promise<void> {
  const wanted = socketsWanted()
  if (wanted === null) return
  const { kind, why } = await useSockets(wanted)
  if (kind !== wanted) throw new Error(`SLUICE_TEST_SOCKETS=${wanted} cannot be had: ${why}`)
}

/** The kind that this run is about, or else the best that can be had here. */
export function socketsOfRun(): SocketsKind {
  return socketsWanted() ?? KINDS.find((kind) => against(kind) === null) ?? 'bun'
}
