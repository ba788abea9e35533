import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { tick } from '../../../server/lib/clock.ts'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import { NOBODY, type Socket as OurSocket } from '../../../server/sockets/socket.ts'
import { Splice } from '../../../server/sockets/splice.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'
import { SkewedClock } from '../lib/skewed-clock.ts'

/** Someone at the far side of one of the two sockets. */
class Far {
  text = ''
  bytes = 0
  hasEnded = false
  isClosed = false
  isReset = false
  /** Stops reading behind each piece. */
  readsOnce = false
  /** Sends as much as is taken, for ever. */
  fills = false
  socket!: Socket<Far>

  fill(): void {
    while (this.fills && this.socket.write(MANY) > 0);
  }
}

const farEvents = {
  data(socket: Socket<Far>, bytes: Buffer): void {
    socket.data.bytes += bytes.length
    if (socket.data.readsOnce) socket.pause()
    if (bytes.length < 1000) socket.data.text += bytes.toString()
  },
  end: (socket: Socket<Far>) => void (socket.data.hasEnded = true),
  close(socket: Socket<Far>, error?: Error): void {
    socket.data.isClosed = true
    socket.data.isReset = (error as { code?: string } | undefined)?.code === 'ECONNRESET'
  },
  error(): void {},
  drain: (socket: Socket<Far>) => socket.data.fill(),
}

const MANY = new Uint8Array(1_048_576)

const open: { stop(): void }[] = []
let wheel: Wheel
let clock: SkewedClock
let gone = 0
const writeBug = (error: unknown): void => void process.stderr.write(`bug: ${String(error)}\n`)
const owner = { spliceGone: () => void gone++ }

beforeEach(() => {
  clock = new SkewedClock()
  wheel = new Wheel(tick)
  gone = 0
})
afterEach(() => {
  for (const listener of open.splice(0)) listener.stop()
  tellBugsTo(writeBug)
  clock[Symbol.dispose]()
})

const pass = (ms: number): void => clock.pass(ms, wheel)

/** A connection: our end of it, and the far one. */
async function connection(splice: Splice): Promise<{ ours: OurSocket; far: Far }> {
  const accepted = Promise.withResolvers<OurSocket>()
  const listener = bunSockets.listen({ hostname: '127.0.0.1', port: 0 }, (socket) => {
    socket.owner = splice.outer
    accepted.resolve(socket)
  })
  open.push(listener)
  const far = new Far()
  far.socket = await Bun.connect<Far>({
    hostname: '127.0.0.1',
    port: listener.port,
    data: far,
    allowHalfOpen: true,
    socket: farEvents,
  })
  return { ours: await accepted.promise, far }
}

interface Joined {
  readonly splice: Splice
  readonly client: Far
  readonly server: Far
}

async function joined({ idleMs = 0, stallMs = 60_000 } = {}): Promise<Joined> {
  const splice = new Splice({ wheel, idleMs, stallMs, owner })
  const [outer, inner] = [await connection(splice), await connection(splice)]
  splice.outer.attach(outer.ours)
  splice.inner.attach(inner.ours)
  return { splice, client: outer.far, server: inner.far }
}

test('each side is given what the other sends', async () => {
  const { client, server } = await joined()
  client.socket.write('question')
  await waitFor(() => server.text === 'question')
  server.socket.write('answer')
  await waitFor(() => client.text === 'answer')
})

test('what comes before the second socket stands waits for it, in order, an end included', async () => {
  const splice = new Splice({ wheel, idleMs: 0, stallMs: 60_000, owner })
  const outer = await connection(splice)
  splice.inner.write(Buffer.from('header '))
  splice.outer.attach(outer.ours)
  outer.far.socket.write('body')
  outer.far.socket.shutdown()
  expect(await staysTrue(() => gone === 0, 30)).toBe(true)
  const inner = await connection(splice)
  splice.inner.attach(inner.ours)
  await waitFor(() => inner.far.text === 'header body' && inner.far.hasEnded)
  inner.far.socket.write('late')
  await waitFor(() => outer.far.text === 'late')
  inner.far.socket.shutdown()
  await waitFor(() => outer.far.isClosed && inner.far.isClosed && gone === 1)
})

test('it may be silent for as long as it was told, and ends then', async () => {
  const { client, server } = await joined({ idleMs: 10_000 })
  pass(8000)
  client.socket.write('a sign of life')
  await waitFor(() => server.text !== '')
  expect(gone).toBe(0)
  pass(12_000)
  await waitFor(() => client.isReset && server.isReset)
  expect(gone).toBe(1)
})

test('without such a time it may be silent for ever', async () => {
  const { client, server } = await joined()
  pass(3_600_000)
  client.socket.write('here I am')
  await waitFor(() => server.text === 'here I am')
})

test('one that breaks breaks the other, whichever it was', async () => {
  for (const which of ['client', 'server'] as const) {
    const pair = await joined()
    const [one, other] = which === 'client' ? [pair.client, pair.server] : [pair.server, pair.client]
    one.socket.terminate()
    await waitFor(() => other.isReset)
  }
  expect(gone).toBe(2)
})

test('one that ends both ways leaves the other a while to end as well', async () => {
  const { client, server } = await joined()
  client.socket.shutdown()
  await waitFor(() => server.hasEnded)
  server.socket.write('all there is')
  server.socket.shutdown()
  await waitFor(() => client.text === 'all there is' && client.isClosed && server.isClosed)
  expect(gone).toBe(1)
})

test('abort ends both at once, and is said once', async () => {
  const { splice, client, server } = await joined()
  splice.abort()
  expect(gone).toBe(1)
  splice.abort()
  await waitFor(() => client.isReset && server.isReset)
  expect(gone).toBe(1)
})

test('a socket that stands too late is ended', async () => {
  const splice = new Splice({ wheel, idleMs: 0, stallMs: 60_000, owner })
  const inner = await connection(splice)
  splice.abort()
  splice.inner.attach(inner.ours)
  await waitFor(() => inner.far.isReset)
})

test('who takes a little of what waits again and again is not given up; who takes nothing is', async () => {
  const { client, server } = await joined({ stallMs: 10_000 })
  client.readsOnce = true
  client.socket.pause()
  server.fills = true
  server.fill()
  // A window opens in steps: what is read must be more than one.
  for (let round = 1; round <= 4; round++) {
    await waitFor(() => {
      client.socket.resume()
      return client.bytes >= round * 1.5 * 1_048_576
    })
    pass(6000)
    expect(gone).toBe(0)
  }
  pass(21_000)
  expect(gone).toBe(1)
  await waitFor(() => server.isClosed)
})

test('who takes nothing is given up when that time is over, not after up to twice that', async () => {
  const { splice, client, server } = await joined({ stallMs: 6000 })
  client.socket.pause()
  server.fills = true
  server.fill()
  await waitFor(() => splice.outer.isWatched)
  pass(7500)
  expect(gone).toBe(1)
  await waitFor(() => server.isClosed)
})

test('what a handler throws is told, and costs this one only', async () => {
  const told: unknown[] = []
  tellBugsTo((error) => void told.push(error))
  const { client, server } = await joined()
  const other = await joined()
  const failure = new Error('made up')
  other.splice.outer.onData = () => {
    throw failure
  }
  other.client.socket.write('x')
  await waitFor(() => gone === 1)
  expect(told).toEqual([failure])
  client.socket.write('fine')
  await waitFor(() => server.text === 'fine')
})

/** One of ours, as far as a splice asks it; notes what is written to it, each write by itself. */
class PlayedSocket {
  owner = NOBODY
  readonly fd = -1
  readonly writes: string[] = []
  hasShut = false
  isQuiet = true

  write(bytes: Buffer, from: number, to: number): number {
    this.writes.push(bytes.toString('latin1', from, to))
    return to - from
  }

  pause(): void {}
  resume(): void {}
  terminate(): void {}
  shutdown(): void {
    this.hasShut = true
  }
}

describe('what goes out first', () => {
  const joined = (
    isQuiet: boolean,
    options: { bytesPerS?: number } = {},
  ): { client: PlayedSocket; server: PlayedSocket } => {
    const splice = new Splice({ wheel, idleMs: 0, stallMs: 1000, owner, ...options })
    const [client, server] = [new PlayedSocket(), new PlayedSocket()]
    client.isQuiet = isQuiet
    splice.outer.attach(client as unknown as OurSocket)
    splice.inner.writeFirst(Buffer.from('HEADER '))
    splice.inner.attach(server as unknown as OurSocket)
    return { client, server }
  }

  test('leaves at once where the client has said nothing', () => {
    const { client, server } = joined(true)
    expect(server.writes).toEqual(['HEADER '])
    client.owner.onData(Buffer.from('hello'))
    expect(server.writes).toEqual(['HEADER ', 'hello'])
  })

  test.each([{}, { bytesPerS: 1 << 20 }])(
    'leaves in one write with what is there to be read (%j)',
    (options) => {
      const { client, server } = joined(false, options)
      expect(server.writes).toEqual([])
      client.owner.onData(Buffer.from('hello'))
      client.owner.onData(Buffer.from(' again'))
      expect(server.writes).toEqual(['HEADER hello', ' again'])
    },
  )

  test('leaves before the end of a client that says nothing', () => {
    const { client, server } = joined(false)
    client.owner.onEnd()
    expect(server.writes).toEqual(['HEADER '])
    expect(server.hasShut).toBe(true)
  })
})
