// Sockets of a kind, or of the next that can be had.
import { fromOn } from './choose.ts'
import type { SocketsFigures } from './figures.ts'
import type { Sockets, SocketsKind } from './socket.ts'

/** What a kind is made as: those of a loop of ours count. */
export type Made = Sockets & { readonly figures?: SocketsFigures }

/** Each is loaded where it is used: who asks a gateway how it is needs no ring. */
export type Makers = Readonly<Partial<Record<SocketsKind, () => Promise<Made>>>>

/**
 * Makes sockets of this kind, or of the next that can be had: also a machine that lets us have a ring may
 * have none left for this process.
 */
export async function makeSockets(
  kind: SocketsKind,
  makers: Makers,
): Promise<{ readonly made: Made; readonly why: string | null }> {
  const failed: string[] = []
  for (const next of fromOn(kind)) {
    const make = makers[next]
    if (make === undefined) continue
    try {
      return { made: await make(), why: failed.length === 0 ? null : failed.join('; ') }
    } catch (error) {
      failed.push(`${next}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(`no sockets can be had: ${failed.join('; ')}`)
}
