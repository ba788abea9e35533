// Questions by UDP and their answers, each known by its number. Where a reload or a killed worker takes one,
// who asked asks again, as who speaks UDP must; in calm times none may be lost but by a full buffer of the
// kernel, which counts those.
import { readFileSync } from 'node:fs'
import type { Gateway } from '../support/gateway.ts'
import type { Random } from '../support/random.ts'
import { type UdpPeer, udpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

/** Longer than a crowded machine takes for an answer. */
const AGAIN_MS = 5000

export class DatagramClients {
  /** Empty: all was well. */
  readonly problems: string[] = []
  readonly #gateway: Gateway
  readonly #rough = new Tally()
  readonly #calm = new Tally()
  #now = this.#rough
  #asked = 0
  /** Full buffers of the whole machine in calm times, and what the kernel had counted as they began. */
  #overflows = 0
  #overflowsBefore = 0

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  begins(isRough: boolean): void {
    this.#now = isRough ? this.#rough : this.#calm
    this.#overflowsBefore = overflows()
  }

  /** All that were asked in this time have their answers. */
  ends(): void {
    if (this.#now === this.#calm) this.#overflows += overflows() - this.#overflowsBefore
  }

  /** What was lost in calm times, and is not the kernel's doing, is a problem. */
  judge(): void {
    const { lost } = this.#calm
    if (lost > this.#overflows)
      this.problems.push(
        `${lost} datagrams were lost in calm times, and ${this.#overflows} buffers were full`,
      )
  }

  get summary(): string {
    return `datagrams, in rough times: ${this.#rough}; in calm ones: ${this.#calm}, with ${this.#overflows} full buffers`
  }

  /** Asks a few times from one port. */
  async play(random: Random): Promise<void> {
    const peer = await udpPeer()
    try {
      for (let n = 1 + random.below(5); n > 0; n--) await this.#ask(peer, 8 + random.below(1400))
    } finally {
      peer.close()
    }
  }

  async #ask(peer: UdpPeer, length: number): Promise<void> {
    const open = new Map<string, Buffer>()
    const sent: string[] = []
    let seen = peer.got.length
    let askedAtMs = -Infinity
    const look = (): boolean => {
      for (; seen < peer.got.length; seen++) this.#answered(peer.got[seen]!.bytes, open)
      return open.size < sent.length
    }
    await waitFor(() => {
      if (look()) return true
      if (performance.now() - askedAtMs < AGAIN_MS) return false
      askedAtMs = performance.now()
      const name = `${++this.#asked} `.padStart(8, '0')
      const bytes = Buffer.alloc(length, name)
      open.set(name, bytes)
      sent.push(name)
      peer.send(bytes, this.#gateway.port('datagrams'))
      return false
    })
    this.#now.answered++
    if (sent.length === 1) return
    // Those before may only be late.
    const isWhole = (): boolean => look() && open.size === 0
    await waitFor(isWhole, { forMs: AGAIN_MS }).catch(() => {})
    this.#now.again += sent.length - 1
    this.#now.lost += open.size
  }

  #answered(bytes: Buffer, open: Map<string, Buffer>): void {
    const name = bytes.toString('latin1', 0, 8)
    const wanted = open.get(name)
    if (wanted === undefined || !wanted.equals(bytes))
      this.problems.push(
        `${bytes.length} bytes came as an answer to ${JSON.stringify(name)}, which are another's`,
      )
    open.delete(name)
  }
}

class Tally {
  answered = 0
  again = 0
  lost = 0

  toString(): string {
    return `${this.answered} answered, ${this.again} asked again, ${this.lost} lost`
  }
}

/** How many datagrams the kernel has dropped as a buffer was full, of whichever process. */
function overflows(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '))
  const of = (name: string): number => Number(values?.[names?.indexOf(name) ?? -1] ?? 0)
  return of('RcvbufErrors') + of('SndbufErrors')
}
