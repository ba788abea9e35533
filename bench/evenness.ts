// Whether many who download at once have equal parts: how far each had come when half of all bytes were
// there, and when each was done. The clients are a program of their own, which discards in the kernel what
// comes: bun bench/evenness.ts PORT CLIENTS.
import { join } from 'node:path'
import type { Pointer } from 'bun:ffi'
import { errno, libc } from '../server/lib/native.ts'
import { EAGAIN, MSG_DONTWAIT, MSG_NOSIGNAL } from '../server/sockets/calls.ts'
import { type Pollable, Poller, READABLE, WRITABLE } from '../server/sockets/poller.ts'
import { startConnect } from '../server/sockets/start-connect.ts'
import type { Contender } from './contenders/contender.ts'
import { kernelDrops } from './kernel.ts'
import { spread, table } from './report.ts'

const CLIENTS = 512
const EACH_BYTES = 10 << 20
const PIECE_BYTES = 256 * 1024
const MSG_TRUNC = 0x20
const PATIENCE_MS = 120_000
const REQUEST = Buffer.from('GET /10m HTTP/1.1\r\nHost: www.example.org\r\n\r\n')

/** Of one round. Parts are of the mean, at the moment when half of all bytes had come. */
interface Evenness {
  readonly leastPart: number
  readonly mostPart: number
  readonly firstMs: number
  readonly lastMs: number
  readonly errors: number
}

export async function evennessTable(contenders: readonly Contender[], rounds: number): Promise<string> {
  const all = new Map<string, Evenness[]>(contenders.map(({ name }) => [name, []]))
  const before = kernelDrops()
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]
      if (contender) all.get(contender.name)?.push(await oneRound(contender.port))
    }
  const column = (of: readonly Evenness[], figure: (one: Evenness) => number, digits: number): string =>
    spread(of.map(figure), digits)
  const rows = [...all].map(([name, of]) => [
    name,
    column(of, ({ leastPart }) => leastPart, 2),
    column(of, ({ mostPart }) => mostPart, 2),
    column(of, ({ firstMs }) => firstMs, 0),
    column(of, ({ lastMs }) => lastMs, 0),
    column(of, ({ errors }) => errors, 0),
  ])
  const head = [
    'contender',
    'the slowest 5 % had',
    'the fastest 5 % had',
    '5 % done, ms',
    '95 % done, ms',
    'errors',
  ]
  return `\nevenness: ${CLIENTS} clients download 10 MB each; what they had when half was there, ÷ the mean; ${kernelDrops() - before} dropped by the kernel\n\n${table([head, ...rows])}`
}

async function oneRound(port: number): Promise<Evenness> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'evenness.ts'), `${port}`, `${CLIENTS}`], {
    stdin: 'ignore',
  })
  return JSON.parse(await new Response(child.stdout).text()) as Evenness
}

// ── the clients ──

class Download implements Pollable {
  got = 0
  doneMs = Infinity
  isOver = false
  readonly #fd: number
  readonly #poller: Poller
  #hasAsked = false

  constructor(poller: Poller, port: number) {
    const fd = startConnect('127.0.0.1', port)
    if (typeof fd !== 'number') throw new Error(`cannot connect: ${fd}`)
    this.#fd = fd
    this.#poller = poller
    poller.add(fd, WRITABLE, this)
  }

  onReady(): void {
    if (!this.#hasAsked) {
      this.#hasAsked = true
      this.#poller.modify(this.#fd, READABLE)
      libc().send(this.#fd, REQUEST, REQUEST.length, MSG_DONTWAIT | MSG_NOSIGNAL)
      return
    }
    const count = libc().recv(this.#fd, null as unknown as Pointer, PIECE_BYTES, MSG_DONTWAIT | MSG_TRUNC)
    if (count < 0 && errno() === EAGAIN) return
    this.got += Math.max(0, count)
    if (count > 0 && this.got < EACH_BYTES) return
    this.isOver = true
    if (count > 0) this.doneMs = performance.now()
    this.#poller.remove(this.#fd)
    libc().close(this.#fd)
  }
}

function download(port: number, clients: number): Evenness {
  const poller = new Poller()
  const startMs = performance.now()
  const all = Array.from({ length: clients }, () => new Download(poller, port))
  let parts: number[] | null = null
  while (all.some(({ isOver }) => !isOver) && performance.now() - startMs < PATIENCE_MS) {
    poller.turn(1000)
    const sum = all.reduce((bytes, { got }) => bytes + got, 0)
    if (sum >= (clients * EACH_BYTES) / 2) parts ??= all.map(({ got }) => got / (sum / clients))
  }
  poller.close()
  const at = (values: readonly number[], part: number): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN
  const doneMs = all.map((one) => one.doneMs - startMs)
  return {
    leastPart: at(parts ?? [], 0.05),
    mostPart: at(parts ?? [], 0.95),
    firstMs: at(doneMs, 0.05),
    lastMs: at(doneMs, 0.95),
    errors: doneMs.filter((ms) => !Number.isFinite(ms)).length,
  }
}

if (import.meta.main) {
  const [port = 0, clients = 0] = process.argv.slice(2).map(Number)
  console.log(JSON.stringify(download(port, clients)))
}
