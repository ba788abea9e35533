// Clients whose descriptors come through the door.
import { afterAll, expect, test } from 'bun:test'
import { ptr } from 'bun:ffi'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenUnix } from '../../../../server/lib/bind-fd.ts'
import { nowMs } from '../../../../server/lib/clock.ts'
import { libc } from '../../../../server/lib/native.ts'
import { descriptorLimit, nextDescriptor } from '../../../../server/lib/descriptors.ts'
import { closeFds, sendWithFd } from '../../../../server/lib/pass-fds.ts'
import { TLV_DESCRIPTOR } from '../../../../server/lib/proxy-header.ts'
import { unixAddress } from '../../../../server/lib/socket-address.ts'
import { AF_UNIX, OPEN_FLAGS, SOCK_STREAM } from '../../../../server/sockets/calls.ts'
import { NOT_TAKEN, TAKEN } from '../../../../server/turn/messages.ts'
import type { Stream } from '../../../../server/turn/network.ts'
import { SkewedClock } from '../../lib/skewed-clock.ts'
import { Door, Peer } from '../../sockets/conformance/peer.ts'
import { makeHeader, tlv } from './headers.ts'
import { makeNet, type Net, Recorder, say } from './net.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-door-fds-'))
afterAll(() => rmSync(folder, { recursive: true }))
/** The socket that a descriptor of this process leads to; empty: it is closed. */
function socketOf(fd: number | string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
/** How many descriptors lead to these sockets. What else the process has open is others' business. */
const leadingTo = (sockets: ReadonlySet<string>): number =>
  readdirSync('/proc/self/fd').filter((fd) => sockets.has(socketOf(fd))).length
const header = makeHeader({ more: [tlv(TLV_DESCRIPTOR, new Uint8Array(0))] })
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.concat([header, Buffer.from(text)]))

let doors = 0

/** A relay's door, and a listener of a worker's. */
class Scene {
  readonly net: Net = makeNet()
  readonly path = join(folder, `door-${doors++}`)
  readonly streams: Stream[] = []
  readonly sinks: Recorder[] = []
  readonly clients = new Door()
  readonly #door = this.net.network.adoptDoor(listenUnix(this.path, 64), (stream) => {
    const sink = new Recorder()
    this.streams.push(stream)
    this.sinks.push(sink)
    stream.sink = sink
  })

  /** As a worker knocks. */
  knock(): Peer {
    const fd = libc().socket(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0)
    const path = unixAddress(this.path)!
    expect(libc().connect(fd, ptr(path), path.length)).toBe(0)
    return new Peer(fd)
  }

  /** The door's ends of connections to it that are open. */
  get knocks(): number {
    const listed = readFileSync('/proc/net/unix', 'utf8').split('\n')
    return listed.filter((line) => line.endsWith(` ${this.path}`)).length - 1 // the one that listens
  }

  /** A client, and the worker's end of it. */
  async client(): Promise<{ readonly client: Peer; readonly accepted: Peer }> {
    const client = Peer.connect(this.clients.port)
    return { client, accepted: await this.clients.next() }
  }

  /** A client that is the relay's. */
  async handed(
    text = 'said',
  ): Promise<{ readonly client: Peer; readonly tie: Peer; readonly sink: Recorder }> {
    const { client, accepted } = await this.client()
    const tie = this.knock()
    const before = this.sinks.length
    expect(sendWithFd(tie.fd, bytesOf(text), accepted.fd)).toBe(header.length + text.length)
    this.net.until(() => this.sinks.length > before)
    accepted.close()
    return { client, tie, sink: this.sinks[before]! }
  }

  close(): void {
    this.#door.close()
    this.clients.close()
  }
}

test('one is served by its own connection, behind what was read of it before, and the worker is told so', async () => {
  const scene = new Scene()
  const { client, tie, sink } = await scene.handed('said before')
  const [stream] = scene.streams
  expect(stream).toMatchObject({ transport: 'tcp', listener: 'turn' })
  expect(stream!.remote.toString()).toBe('192.0.2.7:40000')
  expect(sink.text).toBe('said before')
  expect(tie.read()).toBe(1)
  expect(tie.bytes[0]).toBe(TAKEN)
  client.send(', said now')
  scene.net.until(() => sink.text === 'said before, said now')
  say(stream!, 'answer')
  scene.net.network.flush()
  expect((await client.readBytes(6)).toString()).toBe('answer')
  // The deadline of the header is over.
  scene.net.wheel.sweep(nowMs + 60_000)
  expect(sink.closed).toEqual([])
  expect(tie.read()).toBe(0)
  expect(tie.over).toBe('no')
  client.close()
  scene.net.until(() => sink.closed.length === 1)
  expect(await tie.readToEnd()).toBe('end')
  tie.close()
  scene.close()
})

test('the worker’s end is nothing to the client', async () => {
  const scene = new Scene()
  const { client, tie, sink } = await scene.handed()
  tie.close()
  scene.net.turns(3)
  client.send(' still')
  scene.net.until(() => sink.text === 'said still')
  expect(scene.net.poller.turn(0)).toBe(0)
  client.reset()
  scene.net.until(() => sink.closed.length === 1)
  scene.close()
})

test('a worker that is gone before the relay looks has handed its client over', async () => {
  const scene = new Scene()
  const { client, accepted } = await scene.client()
  const tie = scene.knock()
  sendWithFd(tie.fd, bytesOf('last words'), accepted.fd)
  tie.close()
  accepted.close()
  scene.net.until(() => scene.sinks[0]?.text === 'last words')
  client.send('!')
  scene.net.until(() => scene.sinks[0]?.text === 'last words!')
  client.close()
  scene.net.until(() => scene.sinks[0]!.closed.length === 1)
  scene.close()
})

test('one that is ended has its last answer, and then the end', async () => {
  const scene = new Scene()
  const { client, tie } = await scene.handed()
  say(scene.streams[0]!, 'last answer')
  scene.net.network.flush()
  scene.streams[0]!.abort('idle')
  expect(await client.readToEnd()).toBe('end')
  expect(client.text).toBe('last answer')
  for (const peer of [client, tie]) peer.close()
  scene.close()
})

test('of one whose bytes pass through a worker, that sees what is taken', async () => {
  const scene = new Scene()
  const worker = scene.knock()
  worker.send(makeHeader())
  scene.net.until(() => scene.streams.length === 1)
  const stream = scene.streams[0]!
  stream.stallMs = 10_000
  fill(scene, stream)
  using clock = new SkewedClock()
  clock.pass(100_000, scene.net.wheel)
  expect(scene.sinks[0]!.closed).toEqual([])
  worker.close()
  scene.net.until(() => scene.sinks[0]!.closed.length === 1)
  scene.close()
})

test('a header that promises a descriptor without one is answered so, and its bytes are served', () => {
  const scene = new Scene()
  const pauses = scene.net.network.counters.acceptPauses
  const worker = scene.knock()
  worker.send(bytesOf('passing'))
  scene.net.until(() => scene.sinks[0]?.text === 'passing')
  say(scene.streams[0]!, 'answer')
  scene.net.network.flush()
  worker.read()
  expect(worker.bytes[0]).toBe(NOT_TAKEN)
  expect(worker.text.slice(1)).toBe('answer')
  expect(scene.net.network.counters.acceptPauses).toBe(pauses + 1)
  worker.close()
  scene.net.until(() => scene.sinks[0]!.closed.length === 1)
  scene.close()
})

/** Runs with no descriptor left. */
function withoutDescriptors(run: () => void): void {
  const pid = String(process.pid)
  // More than a program needs to be started.
  const limit = nextDescriptor() + 200
  expect(Bun.spawnSync(['prlimit', '--pid', pid, `--nofile=${limit}:`]).exitCode).toBe(0)
  const taken: number[] = []
  try {
    for (let fd = libc().dup(1); fd >= 0; fd = libc().dup(1)) taken.push(fd)
    run()
  } finally {
    closeFds(taken)
    expect(Bun.spawnSync(['prlimit', '--pid', pid, `--nofile=${descriptorLimit()}:`]).exitCode).toBe(0)
  }
}

/** A client that is handed over while no descriptor is left for it. */
async function withoutOne(
  scene: Scene,
): Promise<{ client: Peer; accepted: Peer; worker: Peer; sink: Recorder | undefined }> {
  const { client, accepted } = await scene.client()
  const worker = scene.knock()
  scene.net.turns(2)
  const before = scene.sinks.length
  withoutDescriptors(() => {
    expect(sendWithFd(worker.fd, bytesOf('passing'), accepted.fd)).toBe(header.length + 7)
    scene.net.turns(2)
  })
  worker.read()
  return { client, accepted, worker, sink: scene.sinks[before] }
}

test.skipIf(Bun.which('prlimit') === null)(
  'without a descriptor left for it, a client is served by its bytes; with one again, the next by its own',
  async () => {
    const scene = new Scene()
    descriptorLimit() // as it is
    let one = await withoutOne(scene)
    // Threads of this process, and what other tests have left, give one back at any moment: there was one.
    for (let tries = 0; one.worker.bytes[0] === TAKEN && tries < 10; tries++) {
      for (const peer of [one.client, one.accepted, one.worker]) peer.close()
      one = await withoutOne(scene)
    }
    const { client, accepted, worker, sink } = one
    expect(sink?.text).toBe('passing')
    expect(worker.bytes[0]).toBe(NOT_TAKEN)
    // The worker has the one that is left.
    accepted.close()
    expect(await client.readToEnd()).toBe('end')
    const next = await scene.handed('taken')
    expect(next.sink.text).toBe('taken')
    for (const peer of [client, worker, next.client, next.tie]) peer.close()
    scene.net.until(() => scene.sinks.every(({ closed }) => closed.length === 1))
    scene.close()
  },
)

test('descriptors that nobody spoke of, and those of clients that leave meanwhile, are closed', async () => {
  const scene = new Scene()
  const sockets = new Set<string>()
  for (let i = 0; i < 30; i++) {
    const { client, accepted } = await scene.client()
    const worker = scene.knock()
    sockets.add(socketOf(accepted.fd))
    if (i % 3 === 0) sendWithFd(worker.fd, makeHeader(), accepted.fd)
    else if (i % 3 === 1) sendWithFd(worker.fd, Buffer.from('GET / HTTP/1.1\r\n\r\n'), accepted.fd)
    else sendWithFd(worker.fd, bytesOf('x'), accepted.fd)
    if (i % 2 === 0) client.reset()
    if (i % 5 === 0) worker.close()
    scene.net.turns(3)
    for (const peer of [client, accepted, worker]) peer.close()
  }
  expect(sockets.size).toBe(30)
  scene.net.until(() => leadingTo(sockets) === 0 && scene.knocks === 0)
  scene.close()
})

const piece = new Uint8Array(200_000)
function fill({ net }: Scene, stream: Stream): void {
  while (stream.send(piece, 0, piece.length)) net.turns(1)
}

/** A client for which more waits than the kernel takes. */
async function stalled(scene: Scene): Promise<{ client: Peer; sink: Recorder; stream: Stream; tie: Peer }> {
  const { client, sink, tie } = await scene.handed()
  const stream = scene.streams.at(-1)!
  stream.stallMs = 10_000
  fill(scene, stream)
  expect(stream.queued).toBeGreaterThan(0)
  return { client, sink, stream, tie }
}

test('a client that takes nothing of what waits for it is ended after a while', async () => {
  const scene = new Scene()
  const { client, sink, tie } = await stalled(scene)
  using clock = new SkewedClock()
  clock.pass(6000, scene.net.wheel)
  clock.pass(3900, scene.net.wheel)
  expect(sink.closed).toEqual([])
  clock.pass(6000, scene.net.wheel)
  expect(sink.closed).toEqual(['the client does not read'])
  expect(await tie.readToEnd()).toBe('end')
  expect(await client.readToEnd()).toBe('reset')
  client.close()
  scene.close()
})

test('one that takes a little in each while is not', async () => {
  const scene = new Scene()
  const { client, sink, stream } = await stalled(scene)
  using clock = new SkewedClock()
  for (let i = 0; i < 10; i++) {
    client.read(1_000_000)
    client.received.length = 0
    scene.net.turns(2)
    fill(scene, stream)
    clock.pass(6000, scene.net.wheel)
    expect(sink.closed).toEqual([])
  }
  while (stream.queued > 0) {
    client.read()
    scene.net.turns(1)
  }
  clock.pass(100_000, scene.net.wheel)
  expect(sink.closed).toEqual([])
  client.close()
  scene.net.until(() => sink.closed.length === 1)
  scene.close()
})

test('a truncated message leaks none', async () => {
  const scene = new Scene()
  const { accepted, client } = await scene.client()
  const own = new Set([socketOf(accepted.fd)])
  const worker = scene.knock()
  // A header byte by byte, with a descriptor at the first of them: nobody sends so.
  sendWithFd(worker.fd, header.subarray(0, 1), accepted.fd)
  scene.net.turns(3)
  worker.close()
  scene.net.until(() => leadingTo(own) === 1 && scene.knocks === 0)
  for (const peer of [accepted, client]) peer.close()
  scene.close()
})
