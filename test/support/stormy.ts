// Clients of every kind, good and bad, and the server for them: what a storm of connections is made of. Each
// client plays its part to the end; who may expect an answer checks it. All choices come from a seed.
import { type RawClient, rawClient } from './client.ts'
import type { Script } from './origin.ts'
import type { Random } from './random.ts'
import { pause } from './wait.ts'

const KIB = 1024
const GET_END = ' HTTP/1.1\r\nHost: h\r\n\r\n'
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n'
const BLOCK = Buffer.alloc(10_000 * KIB, 'storm ')
/** More than a kernel holds for who does not read. */
const STALLING = 4096 * KIB

/** One client from its connection to its end. */
export type Part = (port: number, random: Random) => Promise<void>

/** What a part saw that must not be. */
function expectSame(got: unknown, wanted: unknown, what: string): void {
  if (got !== wanted) throw new Error(`${what}: ${String(got)} instead of ${String(wanted)}`)
}

const moment = (random: Random): Promise<void> => pause(random.below(30))
const size = (random: Random): number =>
  random.pick([0, 10, 5000, 70 * KIB, 600 * KIB, 3000 * KIB, BLOCK.length])

// ── clients that are served ──

const keepsAlive: Part = async (port, random) => {
  const client = await rawClient(port)
  for (let n = 1 + random.below(8); n > 0; n--) {
    const length = size(random) >> random.below(6)
    expectSame((await client.get(`/length/${length}`)).bodyLength, length, 'a body')
    if (random.below(3) === 0) await moment(random)
  }
  leave(client, random)
}

const readsInSteps: Part = async (port, random) => {
  const client = await rawClient(port)
  const kind = random.pick(['length', 'chunks', 'close'])
  const length = size(random)
  const answer = client.get(`/${kind}/${length}`)
  // Whoever fails while nobody looks is told when somebody does.
  answer.catch(() => {})
  for (let n = random.below(6); n > 0; n--) {
    client.pause()
    await moment(random)
    client.resume()
    await moment(random)
  }
  client.resume()
  expectSame((await answer).bodyLength, length, `a ${kind} body`)
  leave(client, random)
}

const uploads: Part = async (port, random) => {
  const client = await rawClient(port)
  const length = size(random)
  client.send(`POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`)
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + random.below(400 * KIB))
    client.send(BLOCK.subarray(at, end))
    at = end
    if (random.below(2) === 0) await moment(random)
  }
  expectSame((await client.readAnswer()).body, String(length), 'an upload')
  leave(client, random)
}

const pipelines: Part = async (port, random) => {
  const client = await rawClient(port)
  const count = 1 + random.below(300)
  client.send(`GET /length/${random.below(3000)}${GET_END}`.repeat(count))
  if (random.below(2) === 0) {
    client.pause()
    await moment(random)
    client.resume()
  }
  for (let n = 0; n < count; n++) expectSame((await client.readAnswer()).status, 200, 'a pipelined request')
  leave(client, random)
}

const tunnels: Part = async (port, random) => {
  const client = await rawClient(port)
  client.send(UPGRADE)
  expectSame((await client.readAnswer()).status, 101, 'an upgrade')
  const length = size(random)
  for (let at = 0; at < length; at += 100 * KIB) {
    client.send(BLOCK.subarray(at, Math.min(length, at + 100 * KIB)))
    if (random.below(4) === 0) await moment(random)
  }
  if (random.below(4) === 0) return client.rst()
  client.fin()
  expectSame((await client.readToEnd()).length, length, 'an echo')
  if (random.below(2) === 0) client.rst()
}

/** Served, or ended in the middle, but not left alone. */
const isCutOff: Part = async (port, random) => {
  const client = await rawClient(port)
  client.send(`GET /${random.pick(['reset', 'cut'])}/${size(random)}${GET_END}`)
  await client.readToEnd().catch(() => '')
  client.rst()
}

// ── clients that go ──

const stalls: Part = async (port, random) => {
  const client = await rawClient(port)
  client.pause()
  client.send(`GET /${random.pick(['length', 'chunks', 'close'])}/${STALLING}${GET_END}`)
  await pause(random.below(1500))
  if (random.below(3) > 0) return client.rst()
  client.resume()
  if (random.below(2) === 0) return client.fin()
  expectSame((await client.readAnswer()).bodyLength, STALLING, 'a body that was not read at first')
  client.rst()
}

const goesAtOnce: Part = async (port, random) => {
  const client = await rawClient(port)
  const whole = `GET /length/${size(random)}${GET_END}`
  const upload = `POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n${'u'.repeat(random.below(500 * KIB))}`
  client.send(random.pick(['', 'GET /half HT', whole, whole.repeat(100), upload, UPGRADE]))
  if (random.below(2) === 0) await moment(random)
  if (random.below(2) === 0) return client.rst()
  client.fin()
  await client.readToEnd().catch(() => '')
  client.rst()
}

function leave(client: RawClient, random: Random): void {
  if (random.below(2) === 0) client.fin()
  else client.rst()
}

export const PARTS: Readonly<Record<string, Part>> = {
  keepsAlive,
  readsInSteps,
  uploads,
  pipelines,
  tunnels,
  isCutOff,
  stalls,
  goesAtOnce,
}

/**
 * Answers `/length/N`, `/chunks/N`, `/close/N`, breaks `/reset/N` and `/cut/N` in the middle, and counts what
 * `/up` is sent.
 */
export const stormyScript: Script = async (request, reply) => {
  const [, kind, digits] = request.target.split('/')
  const length = Number(digits)
  const body = BLOCK.subarray(0, length)
  if (kind === 'up') return reply.send(200, String(request.bodyLength))
  if (kind === 'length') return reply.send(200, body)
  if (kind === 'chunks') {
    void reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let at = 0; at < length; at += 50_000) {
      const piece = body.subarray(at, at + 50_000)
      await reply.raw(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
      )
    }
    return reply.raw('0\r\n\r\n')
  }
  if (kind === 'close') {
    void reply.raw('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
    void reply.raw(body)
    return reply.fin()
  }
  void reply.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${length + 1}\r\n\r\n`)
  void reply.raw(body)
  if (kind === 'cut') reply.fin()
  else reply.rst()
}

interface Echo {
  out: Buffer[]
  hasHead: boolean
  hasEnded: boolean
}

/** Grants each upgrade and sends back what it is sent. */
export function startEcho(): { readonly port: number; stop(): void } {
  const flush = (socket: Bun.Socket<Echo>): void => {
    const { data } = socket
    for (let first = data.out[0]; first !== undefined; first = data.out[0]) {
      const taken = Math.max(0, socket.write(first))
      if (taken < first.length) {
        data.out[0] = first.subarray(taken)
        return
      }
      data.out.shift()
    }
    if (data.hasEnded) socket.shutdown()
  }
  const listener = Bun.listen<Echo>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open: (socket: Bun.Socket<Echo>) => void (socket.data = { out: [], hasHead: false, hasEnded: false }),
      data(socket: Bun.Socket<Echo>, bytes: Buffer) {
        let from = 0
        if (!socket.data.hasHead) {
          from = bytes.indexOf('\r\n\r\n') + 4 // what passes us is one write
          socket.data.hasHead = true
          socket.data.out.push(Buffer.from(SWITCHED))
        }
        if (from < bytes.length) socket.data.out.push(Buffer.from(bytes.subarray(from)))
        flush(socket)
      },
      drain: flush,
      end(socket: Bun.Socket<Echo>) {
        socket.data.hasEnded = true
        flush(socket)
      },
      error() {},
    },
  } as unknown as Bun.TCPSocketListenOptions<Echo>)
  return { port: listener.port, stop: () => listener.stop(true) }
}
