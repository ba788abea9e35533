// Datagrams for the UDP cases, by our own batches: an echoing server, or clients with one on its way each.
//
//   bun bench/udp-load.ts echo PORT
//   bun bench/udp-load.ts ask PORT CLIENTS BYTES SECONDS     prints how many were answered
import { Address } from '../server/lib/address.ts'
import { bindUdp } from '../server/lib/bind-fd.ts'
import { Poller } from '../server/sockets/poller.ts'
import { BoundUdp } from '../server/sockets/udp/bound.ts'
import { DatagramCounters } from '../server/sockets/udp/counters.ts'
import { Datagrams } from '../server/sockets/udp/datagrams.ts'
import { UdpFd } from '../server/sockets/udp/udp-fd.ts'
import { connectUdp } from '../server/udp/connect.ts'

/** One that got no answer for so long is taken for lost. */
const LOST_MS = 200

const [what = '', ...numbers] = process.argv.slice(2)
const [port = 0, clients = 0, bytes = 0, seconds = 0] = numbers.map(Number)
const poller = new Poller()
const datagrams = new Datagrams(new DatagramCounters())
const at = (to: number): Address => {
  const address = Address.parse('127.0.0.1', to)
  if (address === null) throw new Error('no address')
  return address
}

function echo(): never {
  const known = new Map<string | number, Address>()
  const parts = { datagrams, poller, fd: bindUdp('127.0.0.1', port).fd, address: at(port), isBusy: true }
  const served = new BoundUdp(parts, {
    onDatagram(socket, from, all, start, length) {
      let to = known.get(from.key)
      if (to === undefined) known.set(from.key, (to = from.address()))
      if (known.size > 100_000) known.clear()
      socket.send(to, all, start, length)
    },
  })
  for (;;) {
    poller.turn(served.address.port === 0 ? 0 : 1000)
    datagrams.send()
  }
}

class Client {
  sentMs = 0
  answered = 0
  readonly #udp: UdpFd

  constructor() {
    const parts = { datagrams, poller, isBusy: false, hasControl: false, isConnected: true } as const
    this.#udp = new UdpFd({ ...parts, fd: connectUdp(at(port)), family: 4 }, this)
  }

  send(): void {
    this.sentMs = performance.now()
    this.#udp.sendNow(datagrams.copy(payload), payload.length)
  }

  onSlot(): void {
    this.answered++
    this.send()
  }
}

const payload = new Uint8Array(new ArrayBuffer(bytes)).fill(120)

function ask(): void {
  const all = Array.from({ length: clients }, () => new Client())
  for (const client of all) client.send()
  const untilMs = performance.now() + 1000 * seconds
  let lost = 0
  while (performance.now() < untilMs) {
    poller.turn(LOST_MS)
    datagrams.send()
    const lateMs = performance.now() - LOST_MS
    for (const client of all)
      if (client.sentMs < lateMs) {
        lost++
        client.send()
      }
  }
  const answered = all.reduce((sum, client) => sum + client.answered, 0)
  process.stdout.write(`${JSON.stringify({ answered, lost })}\n`)
}

if (what === 'echo') echo()
else ask()
