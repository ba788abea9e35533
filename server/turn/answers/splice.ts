// The two connections of a TCP relay (RFC 6062 §5.5), joined: bytes pass as they are, and the slower side
// sets the pace.
import type { Stream, StreamSink } from '../network.ts'
import type { Client } from '../state/client.ts'
import { Flow } from '../state/flow.ts'
import type { PeerConnection } from '../state/peer-connection.ts'
import type { TurnState } from '../state/turn-state.ts'

/** Joins them. */
export function splice(turn: TurnState, connection: PeerConnection, client: Client): void {
  const { stream: peer, allocation } = connection
  const { stream } = client
  if (peer === null || stream === null) return
  const { wheel } = turn.parts
  if (client.idle !== null) wheel.remove(client.idle)
  connection.bind(client)
  connection.toPeer = new Flow(wheel, stream, peer, allocation.toPeers)
  connection.toClient = new Flow(wheel, peer, stream, allocation.toClient)
  stream.sink = CLIENT_DATA
  peer.resume()
}

/** Hears peers' connections. */
export const PEER_STREAM: StreamSink = {
  onOpen(stream: Stream): void {
    // What the peer sends waits in the kernel until the client is there.
    stream.pause()
    connectionOf(stream)?.opened()
  },
  onBytes(stream: Stream, bytes: Uint8Array, start: number, length: number): number {
    const connection = connectionOf(stream)
    // Not spliced yet, but read before pause() came: it comes again.
    const flow = connection?.toClient ?? null
    if (connection === null || flow === null) return 0
    if (!flow.pass(bytes, start, length)) connection.close('the client does not read')
    connection.allocation.countToClient(length)
    return length
  },
  onDrain(stream: Stream): void {
    connectionOf(stream)?.toPeer?.drained()
  },
  onEnd(stream: Stream): void {
    connectionOf(stream)?.client?.stream?.finish()
  },
  onClose(stream: Stream, why: string | null): void {
    const connection = connectionOf(stream)
    if (connection === null) return
    connection.stream = null
    const client = connection.client?.stream ?? null
    if (client === null || why !== null) connection.close(why ?? 'the peer is gone')
    else client.finish()
  },
}

/** Hears clients' data connections. */
export const CLIENT_DATA: StreamSink = {
  onBytes(stream: Stream, bytes: Uint8Array, start: number, length: number): number {
    const connection = (stream.data as Client).bound
    const flow = connection?.toPeer ?? null
    if (connection === null || flow === null) return length
    if (!flow.pass(bytes, start, length)) connection.close('the peer does not read')
    connection.allocation.countToPeers(length)
    return length
  },
  onDrain(stream: Stream): void {
    ;(stream.data as Client).bound?.toClient?.drained()
  },
  onEnd(stream: Stream): void {
    ;(stream.data as Client).bound?.stream?.finish()
  },
  onClose(stream: Stream, why: string | null): void {
    const client = stream.data as Client
    client.left()
    const connection = client.bound
    client.bound = null
    if (connection === null) return
    connection.client = null
    if (connection.stream === null || why !== null) connection.close(why ?? 'the client is gone')
    else connection.stream.finish()
  },
}

/** Null before its Connect has got hold of it. */
const connectionOf = (stream: Stream): PeerConnection | null =>
  (stream.data as PeerConnection | undefined) ?? null
