// A DNS server on loopback whose zones are in the test's hand.
import { createSocket, type Socket } from 'node:dgram'

const NOERROR = 0
export const SERVFAIL = 2
export const NXDOMAIN = 3

export interface Zone {
  a?: string[]
  aaaa?: string[]
  ttl?: number
  code?: number
  aaaaCode?: number
  /** Of all queries, of the first of each kind, or of one family. */
  silent?: boolean | 'once' | 'A' | 'AAAA'
}

/** A DNS server that answers from `zones` and remembers who asked what. */
export class SampleDns {
  readonly zones = new Map<string, Zone>()
  readonly asked: string[] = []
  readonly held: (() => void)[] = []
  hold = false
  #socket: Socket = createSocket('udp4')
  port = 0

  async start(): Promise<void> {
    this.#socket.on('error', () => {})
    this.#socket.on('message', (message, from) => {
      const { name, type, end } = readQuestion(message)
      this.asked.push(`${name} ${type === 1 ? 'A' : 'AAAA'}`)
      const zone = this.zones.get(name)
      if (zone?.silent === 'once') {
        if (this.times(name, type) === 1) return
      } else if (zone?.silent === true || zone?.silent === (type === 1 ? 'A' : 'AAAA')) return
      const answer = answerTo(message, end, type, zone)
      // Once more where an earlier one went to who had left: that is told with this one, which was not tried.
      const again = (error: Error | null): void =>
        void (error && this.#socket.send(answer, from.port, from.address, () => {}))
      const send = () => this.#socket.send(answer, from.port, from.address, again)
      if (this.hold) this.held.push(send)
      else send()
    })
    await new Promise<void>((done) => this.#socket.bind(0, '127.0.0.1', done))
    this.port = this.#socket.address().port
  }

  times(name: string, type: number): number {
    return this.asked.filter((one) => one === `${name} ${type === 1 ? 'A' : 'AAAA'}`).length
  }

  release(): void {
    this.hold = false
    for (const send of this.held.splice(0)) send()
  }

  stop(): void {
    this.#socket.close()
  }
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  while (message[at] !== 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + message[at]!))
    at += 1 + message[at]!
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function answerTo(message: Buffer, end: number, type: number, zone: Zone | undefined): Buffer {
  const code =
    (type === 28 ? zone?.aaaaCode : undefined) ?? zone?.code ?? (zone === undefined ? NXDOMAIN : NOERROR)
  const list = code === NOERROR ? ((type === 1 ? zone?.a : zone?.aaaa) ?? []) : []
  const head = Buffer.from(message.subarray(0, end))
  head.writeUInt16BE(0x8180 | code, 2)
  head.writeUInt16BE(list.length, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  const records = list.map((address) => {
    const data =
      type === 1
        ? Buffer.from(address.split('.').map(Number))
        : Buffer.from(
            address.split(':').flatMap((group) => [Number(`0x${group}`) >> 8, Number(`0x${group}`) & 255]),
          )
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(zone?.ttl ?? 60, 6)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([head, ...records])
}
