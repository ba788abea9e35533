// What the log and the counters say of bodies, whichever way these came: servers and clients drip, pause and
// burst, so that one body is poured, then copied, then poured again.
import { expect, test } from 'bun:test'
import type { RawClient } from '../support/client.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const seed = seedOfRun()
const BURST = Buffer.alloc(400_000, 'bytes that are counted ')
/** A drop is read or poured, as the one before came; a burst is read once and then poured. */
const DROP_BYTES = 5000
/** The scoreboard's first record. */
const GATEWAY = 0
const ENDS = ['whole', 'whole', 'cut', 'reset', 'client gone'] as const

/** Sizes of pieces that come each by itself: some little, some of volume. */
const pieces = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => 1 + random.below(random.pick([DROP_BYTES, DROP_BYTES, BURST.length])))

const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0)

/** Sends these, each when the other side has got all before it (`got`), or now and then a little earlier. */
async function drip(
  sizes: readonly number[],
  send: (bytes: Buffer) => void,
  got: () => number,
  random: Random,
): Promise<void> {
  let sent = 0
  for (const size of sizes) {
    send(BURST.subarray(0, size))
    sent += size
    if (random.below(4) > 0) await waitFor(() => got() >= sent, { everyMs: 0, what: `${sent} bytes` })
  }
  await waitFor(() => got() >= sent, { everyMs: 0, what: `${sent} bytes` })
}

/** How many bytes of an answer's body have come, once its head has. */
async function bodyGot({ reader }: RawClient): Promise<() => number> {
  const end = await waitFor(() => reader.peek().indexOf('\r\n\r\n') + 1, { everyMs: 0, what: 'a head' })
  return () => reader.buffered - end - 3
}

/** The counters of gateway and server say in sum what the log does line by line. */
function expectSums({ log, board, servers }: TestEngine): void {
  const [ins, outs] = [sum(log.map(({ bytesIn }) => bytesIn)), sum(log.map(({ bytesOut }) => bytesOut))]
  const { slot } = servers[0]!
  expect([seed, board.bytesIn(GATEWAY), board.bytesOut(GATEWAY)]).toEqual([seed, ins, outs])
  expect([seed, board.bytesIn(slot), board.bytesOut(slot)]).toEqual([seed, ins, outs])
}

interface Plan {
  readonly sizes: readonly number[]
  /** What its head promises. */
  readonly length: number
  readonly end: (typeof ENDS)[number]
  readonly isRange: boolean
}

function plan(random: Random): Plan {
  const sizes = pieces(random, 2 + random.below(12))
  const end = random.pick(ENDS)
  return { sizes, length: sum(sizes) + (end === 'whole' ? 0 : 60_000), end, isRange: random.below(3) === 0 }
}

const headOf = ({ length, isRange }: Plan): string =>
  isRange
    ? `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-${length + 4}/9999999\r\nContent-Length: ${length}\r\n\r\n`
    : `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

test(`an answer is logged with the bytes that its client got (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  let now: Plan
  let client: RawClient
  let served = 0
  await using origin = startOrigin(async (_request, reply) => {
    await reply.raw(headOf(now))
    await drip(now.sizes, (bytes) => void reply.raw(bytes), await bodyGot(client), random)
    served++
    if (now.end === 'cut') reply.fin()
    if (now.end === 'reset') reply.rst()
    if (now.end === 'client gone') client.rst()
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  client = await gateway.client()
  for (let answer = 0; answer < 40; answer++) {
    now = plan(random)
    client.send('GET /large HTTP/1.1\r\nHost: h\r\n\r\n')
    const { bytesOut } = await gateway.logged()
    await waitFor(() => served > answer)
    expect([seed, answer, now, bytesOut]).toEqual([seed, answer, now, sum(now.sizes)])
    if (now.end === 'whole') expect((await client.readAnswer()).bodyLength).toBe(bytesOut)
    else client = await gateway.client()
  }
  expectSums(gateway)
  await gateway.settled()
})

test(`an upload is logged with the bytes that came, its echo with those that went (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  let echoed: readonly number[] = []
  let client: RawClient
  let served = 0
  await using origin = startOrigin(
    async (request, reply) => {
      if (request.method === 'HEAD') {
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n')
        return void served++
      }
      await request.done
      await reply.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${sum(echoed)}\r\n\r\n`)
      await drip(echoed, (bytes) => void reply.raw(bytes), await bodyGot(client), random)
      served++
    },
    { when: 'head' },
  )
  await using gateway = startEngine({ config: toServers([origin.url]) })
  client = await gateway.client()
  for (let place = 0; place < 30; place++) {
    const isHead = random.below(6) === 0
    const sizes = isHead ? [] : pieces(random, 1 + random.below(10))
    echoed = pieces(random, 1 + random.below(6))
    const leaves = !isHead && random.below(5) === 0
    client.send(
      `${isHead ? 'HEAD' : random.pick(['POST', 'PUT'])} / HTTP/1.1\r\nHost: h\r\n${isHead ? '' : `Content-Length: ${sum(sizes) + (leaves ? 90_000 : 0)}\r\n`}\r\n`,
    )
    await waitFor(() => origin.requests.length > place)
    const came = () => origin.requests[place]!.bodyLength
    if (!isHead) await drip(sizes, (bytes) => void client.send(bytes), came, random)
    if (leaves) client.rst()
    const { bytesIn, bytesOut } = await gateway.logged()
    const out = isHead || leaves ? 0 : sum(echoed)
    expect([seed, place, isHead, leaves, bytesIn, bytesOut]).toEqual([
      seed,
      place,
      isHead,
      leaves,
      sum(sizes),
      out,
    ])
    if (leaves) {
      client = await gateway.client()
      served++
      continue
    }
    await waitFor(() => served > place)
    const answer = await client.readAnswer({ method: isHead ? 'HEAD' : 'POST' })
    expect(answer.bodyLength).toBe(out)
  }
  expectSums(gateway)
  await gateway.settled()
})
