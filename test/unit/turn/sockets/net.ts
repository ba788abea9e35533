// A network on real sockets of this machine that is driven by hand, turn by turn.
import { afterAll, expect } from 'bun:test'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import { nowMs, tick } from '../../../../server/lib/clock.ts'
import { libc } from '../../../../server/lib/native.ts'
import { Wheel } from '../../../../server/lib/wheel.ts'
import { Address } from '../../../../server/lib/address.ts'
import type { Stream, StreamSink } from '../../../../server/turn/network.ts'
import type { DatagramSink, UdpSocket } from '../../../../server/sockets/udp/udp-socket.ts'
import { type Open, SocketNetwork } from '../../../../server/turn/sockets/network.ts'
import { Poller } from '../../../../server/sockets/poller.ts'
import { boundPort, openSocket } from '../../../../server/turn/sockets/tcp.ts'
import { SOCK_DGRAM } from '../../../../server/sockets/calls.ts'

export interface Net {
  readonly poller: Poller
  readonly network: SocketNetwork
  readonly wheel: Wheel
  /** Runs turns until the condition holds. */
  until(condition: () => boolean): void
  /** Runs so many turns without waiting. */
  turns(count: number): void
}

/** A network of its own. */
export function makeNet(): Net {
  const poller = new Poller()
  const wheel = new Wheel(() => nowMs)
  const network = new SocketNetwork(poller, wheel)
  afterAll(() => poller.close())
  const turn = (waitMs: number): void => {
    network.flush()
    poller.turn(waitMs)
    network.flush()
  }
  return {
    poller,
    network,
    wheel,
    until(condition) {
      const deadline = tick() + 5000
      while (!condition()) {
        if (nowMs > deadline) throw new Error(`Turned 5 s in vain for ${condition.toString()}.`)
        turn(20)
      }
    },
    turns(count) {
      for (let i = 0; i < count; i++) turn(0)
    },
  }
}

export const address = (host: string, port = 0): Address => {
  const made = Address.parse(host, port)
  if (!made) throw new Error(`${host} is no address`)
  return made
}

/** A bound UDP socket that a supervisor could have made. */
export function udpFd(host: string): { readonly fd: number; readonly at: Address } {
  const fd = openSocket(SOCK_DGRAM, address(host), () => {})
  if (typeof fd !== 'number') throw new Error(`${host} cannot be bound: ${fd}`)
  return { fd, at: address(host, boundPort(fd)) }
}

/** A listener as the relay has it. */
export function adopt(
  net: Net,
  host: string,
  sink: DatagramSink,
): Open & { readonly at: Address; readonly fd: number } {
  const { fd, at } = udpFd(host)
  const open = net.network.adoptUdp(fd, at, sink)
  return { fd, at, close: () => open.close() }
}

/** A socket as an allocation has it. */
export function openUdp(net: Net, host: string, sink: DatagramSink = { onDatagram() {} }): UdpSocket {
  const socket = net.network.openUdp(address(host), sink)
  if (typeof socket === 'string') throw new Error(socket)
  return socket
}

export interface Received {
  readonly from: string
  readonly bytes: Uint8Array
}

/** A socket that remembers what it was sent. */
export function collector(net: Net, host: string): { readonly socket: UdpSocket; readonly got: Received[] } {
  const got: Received[] = []
  const socket = openUdp(net, host, {
    onDatagram(_, from, bytes, start, length) {
      got.push({ from: from.address().toString(), bytes: bytes.slice(start, start + length) })
    },
  })
  return { socket, got }
}

/** A sink that remembers; it consumes all unless told otherwise. */
export class Recorder implements StreamSink {
  text = ''
  calls: string[] = []
  closed: (string | null)[] = []
  opened = 0
  drained = 0
  consume: (text: string) => number = (text) => text.length

  onBytes(_stream: Stream, bytes: Uint8Array, start: number, length: number): number {
    const text = new TextDecoder('latin1').decode(bytes.subarray(start, start + length))
    this.calls.push(text)
    const taken = this.consume(text)
    this.text += text.slice(0, taken)
    return taken
  }
  onOpen(): void {
    this.opened++
  }
  onDrain(): void {
    this.drained++
  }
  onClose(_stream: Stream, why: string | null): void {
    this.closed.push(why)
  }
}

/** The same for who goes on when the other side has ended. */
export class HalfOpen extends Recorder {
  ended = 0
  onEnd(): void {
    this.ended++
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Sends all of a text. */
export const say = (stream: Stream, text: string, most?: number): boolean => {
  const bytes = bytesOf(text)
  return most === undefined ? stream.send(bytes, 0, bytes.length) : stream.send(bytes, 0, bytes.length, most)
}

/** Two connected Unix sockets. */
export function pairOfFds(): [number, number] {
  const pair = new Int32Array(new ArrayBuffer(8))
  const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000
  expect(libc().socketpair(1, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, pair)).toBe(0)
  return [pair[0]!, pair[1]!]
}

/** Runs something that is expected to tell of bugs; returns these. */
export function bugsOf(run: () => void): unknown[] {
  const bugs: unknown[] = []
  tellBugsTo((error) => bugs.push(error))
  try {
    run()
  } finally {
    tellBugsTo(writeBug)
  }
  return bugs
}

/** What is done with bugs that nobody expects. */
export const writeBug = (error: unknown): void =>
  void process.stderr.write(`bug: ${error instanceof Error ? error.stack : String(error)}\n`)
