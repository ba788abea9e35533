// Requests and answers of all sizes, pipelined, cut anywhere, answered early and broken off, on the same few
// connections to a server: each body is that of its own request or answer, whatever went past the engine and
// whatever through it.
import { expect, test } from 'bun:test'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { pipes } from '../../server/sockets/pipes.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { type OriginRequest, type Reply, startOrigin } from '../support/origin.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const CLIENTS = 6
const BATCHES = 12
const SIZES = [0, 1, 4000, 8192, 16_384, 40_000, 49_151, 49_152, 65_536, 65_537, 131_073, 300_000, 1_500_000]
const PERIOD = 1 << 20
const source = Buffer.alloc(2 * PERIOD + 500_000)
for (let i = 0; i < source.length; i++) source[i] = (i * 167 + (i >> 8) * 13 + (i >> 16) * 7) & 255

const seed = seedOfRun()
const random = seededRandom(seed)
const partOf = (key: number, length: number): Buffer => source.subarray(key % PERIOD, (key % PERIOD) + length)
const bodyOf = (id: number, length: number): Buffer => partOf(id * 7919, length)
const answerOf = (id: number, length: number): Buffer => partOf(id * 104_729, length)

/** In pieces that end anywhere. */
function* cut(all: Buffer, { below }: Random): Generator<Buffer> {
  for (let at = 0; at < all.length;) {
    const next = at + 1 + below(below(3) === 0 ? 3000 : 400_000)
    yield all.subarray(at, next)
    at = next
  }
}

/** Answers when so much of the body has come, or all. */
async function answer(request: OriginRequest, reply: Reply): Promise<void> {
  const [id, length, early] = request.target.slice(1).split('/').map(Number) as [number, number, number]
  let isGone = false
  void reply.gone.then(() => (isGone = true))
  await waitFor(() => isGone || request.complete || request.bodyLength >= early, { everyMs: 0 })
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: ${length}\r\n\r\n`
  const all = Buffer.concat([Buffer.from(head), answerOf(id, length)])
  for (const piece of cut(all, random)) await reply.raw(piece)
}

let lastId = 0
interface Asked {
  readonly id: number
  readonly bytes: Buffer
  readonly answerLength: number
}

function ask(): Asked {
  const id = ++lastId
  const method = random.pick(['GET', 'POST', 'PUT'])
  const length = method === 'GET' ? 0 : random.pick(SIZES)
  const early = random.below(5) === 0 ? random.below(length + 1) : length
  const answerLength = random.pick(SIZES)
  const field = method === 'GET' ? '' : `Content-Length: ${length}\r\n`
  const head = `${method} /${id}/${answerLength}/${early} HTTP/1.1\r\nHost: h\r\n${field}\r\n`
  return { id, bytes: Buffer.concat([Buffer.from(head), bodyOf(id, length)]), answerLength }
}

/** One client: batches on one connection, until it breaks one off. */
async function converse(gateway: TestEngine, batches: number): Promise<number> {
  const client = await gateway.client()
  for (let batch = 1; batch <= batches; batch++) {
    const asked = Array.from({ length: 1 + random.below(4) }, ask)
    const all = Buffer.concat(asked.map(({ bytes }) => bytes))
    const breaks = random.below(8) === 0
    for (const piece of cut(breaks ? all.subarray(0, random.below(all.length)) : all, random))
      client.send(piece)
    if (breaks) {
      if (random.below(2) === 0) client.rst()
      else client.fin()
      return batch
    }
    for (const { id, answerLength } of asked) {
      const { status, get, complete, bytes } = await client.readAnswer()
      expect([seed, id, status, get('x-id'), complete]).toEqual([seed, id, 200, String(id), true])
      expect(bytes.equals(answerOf(id, answerLength))).toBe(true)
    }
  }
  client.fin()
  return batches
}

test('requests and answers of all sizes keep their bodies, on connections that carry all of them', async () => {
  const wrong: number[] = []
  await using origin = startOrigin(
    async (request, reply) => {
      await Promise.all([answer(request, reply), request.done])
      const id = Number(request.target.split('/')[1])
      if (request.body !== bodyOf(id, request.bodyLength).toString('latin1')) wrong.push(id)
    },
    { when: 'head' },
  )
  await using gateway = startEngine({ config: toServers([origin.url]) })
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let left = BATCHES; left > 0;) left -= await converse(gateway, left)
    }),
  )
  await waitFor(() => bufferedBytes() === 0)
  expect([seed, wrong, origin.problems]).toEqual([seed, [], []])
  await gateway.settled()
  expect(pipes.open).toBe(pipes.spare)
}, 60_000)
