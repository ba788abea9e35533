// What the TURN engine itself costs per datagram, without sockets: `bun bench/turn-engine.ts`. Nanoseconds,
// the best of five rounds.
import { randomBytes } from 'node:crypto'
import { nowMs, tick } from '../server/lib/clock.ts'
import { Wheel } from '../server/lib/wheel.ts'
import { Registry } from '../server/telemetry/registry.ts'
import { Address } from '../server/lib/address.ts'
import { decodeMessage } from '../server/turn/bytes/message.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../server/turn/bytes/stun.ts'
import { MessageWriter } from '../server/turn/bytes/writer.ts'
import type { Network } from '../server/turn/network.ts'
import { type DatagramSink, HEADROOM, type UdpSocket } from '../server/sockets/udp/udp-socket.ts'
import { Turn } from '../server/turn/turn.ts'
import { configOf } from '../test/support/turn-config.ts'

const ROUNDS = 5
const EACH = 1_000_000
const SIZE = 170
const CLIENTS = 50

const arena = new Uint8Array(HEADROOM + 2048 + 4)
let sent = 0
let latest = new Uint8Array(0)

class NoSocket implements UdpSocket {
  data: unknown = null
  readonly address: Address
  readonly sink: DatagramSink
  constructor(address: Address, sink: DatagramSink) {
    this.address = address
    this.sink = sink
  }
  send(): void {
    sent++
  }
  sendCopy(_to: Address, bytes: Uint8Array): void {
    latest = bytes.slice()
  }
  close(): void {}
}

const sockets = new Map<string, NoSocket>()
const network: Network = {
  openUdp(address, sink) {
    const socket = new NoSocket(address, sink)
    sockets.set(address.toString(), socket)
    return socket
  },
  listenTcp: () => 'failed',
  connectTcp: () => 'failed',
}

const config = configOf({
  auth: 'none',
  relay: { bind: ['198.51.100.1'], ports: '49152-65535' },
  quotas: { address: 1000 },
  limits: { unauthenticated: 1000 },
  more: { transports: ['udp'], peers: { allow: ['192.0.2.0/24'], deny: [] } },
})

tick()
const wheel = new Wheel(() => nowMs)
const turn = new Turn({
  network,
  registry: new Registry(),
  wheel,
  randomBytes,
  unixMs: () => Date.now(),
  log: () => {},
})
const plan = {
  number: 1,
  listeners: { turn: config },
  ownAddresses: [],
  nonceKey: '00'.repeat(32),
  logs: { level: 'info', format: 'json' },
  sockets: [{ listener: 'turn', key: 'turn#0', host: '198.51.100.1', port: 3478 }],
  arriving: [],
} as const
let listening: NoSocket | null = null
turn.apply(plan, ({ host, port }, sink) => (listening = new NoSocket(addressAt(host, port), sink)))

const source = {
  key: 0 as number | string,
  ipKey: 0 as number | string,
  of: addressAt('192.0.2.1', 1),
  address: () => source.of,
}

function addressAt(host: string, port: number): Address {
  const address = Address.parse(host, port)
  if (address === null) throw new Error(host)
  return address
}

function come(socket: NoSocket, from: Address, length: number): void {
  source.of = from
  source.key = from.key
  source.ipKey = from.ipKey
  socket.sink.onDatagram(socket, source, arena, HEADROOM, length)
}

const writer = new MessageWriter()
const id = new Uint8Array(12)

function ask(
  from: Address,
  method: number,
  messageClass: number,
  write: (w: MessageWriter) => void,
): Uint8Array {
  id[0] = (id[0] ?? 0) + 1
  writer.begin(method, messageClass, id)
  write(writer)
  const bytes = writer.finish().slice()
  arena.set(bytes, HEADROOM)
  if (listening !== null) come(listening, from, bytes.length)
  return bytes
}

interface Talker {
  readonly client: Address
  readonly peer: Address
  readonly relayed: NoSocket
}

/** A client with an allocation, and a channel to its peer. */
function talker(n: number, peerOf: (n: number) => Address): Talker {
  const client = addressAt('192.0.2.1', 1000 + n)
  ask(client, METHODS.ALLOCATE, CLASSES.REQUEST, (w) => w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17))
  const relayed = decodeMessage(latest, 0, latest.length)?.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
  const socket = sockets.get(String(relayed))
  if (socket === undefined) throw new Error('no allocation')
  const peer = peerOf(n)
  ask(client, METHODS.CHANNEL_BIND, CLASSES.REQUEST, (w) =>
    w.first16(ATTRIBUTES.CHANNEL_NUMBER, 0x4001).address(ATTRIBUTES.XOR_PEER_ADDRESS, peer),
  )
  return { client, peer, relayed: socket }
}

function measure(what: string, run: (n: number) => void, toBeSent = true): void {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = sent
    const began = Bun.nanoseconds()
    for (let n = 0; n < EACH; n++) run(n)
    best = Math.min(best, (Bun.nanoseconds() - began) / EACH)
    if (toBeSent && sent - before !== EACH) throw new Error(`${what}: ${sent - before} of ${EACH} were sent`)
  }
  console.log(`${what.padEnd(46)} ${best.toFixed(0).padStart(5)} ns`)
}

const peers = Array.from({ length: CLIENTS }, (_, n) => addressAt('192.0.2.2', 2000 + n))
const talkers = peers.map((peer, n) => talker(n, () => peer))
const [one] = talkers
if (one === undefined || listening === null) throw new Error('nobody')
const socket: NoSocket = listening

const channelMessage = (): void => void arena.set([0x40, 1, SIZE >> 8, SIZE & 255], HEADROOM)
channelMessage()
measure('ChannelData to a peer, one client', () => come(socket, one.client, SIZE + 4))
measure(`ChannelData to a peer, ${CLIENTS} clients in turn`, (n) =>
  come(socket, (talkers[n % CLIENTS] ?? one).client, SIZE + 4),
)
measure('ChannelData to the client, one peer', () => come(one.relayed, one.peer, SIZE))
measure(`ChannelData to the client, ${CLIENTS} in turn`, (n) => {
  const { relayed, peer } = talkers[n % CLIENTS] ?? one
  come(relayed, peer, SIZE)
})

// Without a channel: by permission.
const stranger = addressAt('192.0.2.2', 9)
measure('Data indication to the client', () => come(one.relayed, stranger, SIZE))
const indication = ask(one.client, METHODS.SEND, CLASSES.INDICATION, (w) =>
  w.address(ATTRIBUTES.XOR_PEER_ADDRESS, stranger).bytes(ATTRIBUTES.DATA, new Uint8Array(SIZE)),
)
measure('Send indication to a peer', () => {
  arena.set(indication, HEADROOM)
  come(socket, one.client, indication.length)
})

// Two allocations of ours.
const a = talker(100, (n) => addressAt('192.0.2.3', n))
const b = talker(101, () => a.relayed.address)
ask(a.client, METHODS.CHANNEL_BIND, CLASSES.REQUEST, (w) =>
  w.first16(ATTRIBUTES.CHANNEL_NUMBER, 0x4002).address(ATTRIBUTES.XOR_PEER_ADDRESS, b.relayed.address),
)
measure('ChannelData straight to another client', () => {
  arena[HEADROOM] = 0x40
  arena[HEADROOM + 1] = 1
  arena[HEADROOM + 2] = 0
  arena[HEADROOM + 3] = SIZE
  come(socket, b.client, SIZE + 4)
})

// What an allocation keeps.
Bun.gc(true)
const before = process.memoryUsage().heapUsed
for (let n = 0; n < 800; n++) talker(200 + n, (n) => addressAt('192.0.2.4', n))
Bun.gc(true)
console.log(
  `heap of an allocation with a channel: ${((process.memoryUsage().heapUsed - before) / 800 / 1024).toFixed(1)} KiB`,
)
