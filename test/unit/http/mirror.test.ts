// A mirror: copies of requests go to another backend, whose answers nobody gets. It never delays or fails the
// request that it is of, whatever becomes of the copy.
import { describe, expect, test } from 'bun:test'
import { answering, startEngine, type TestEngine, toServers } from '../../support/engine.ts'
import { freePort } from '../../support/kernel.ts'
import { type Origin, type Script, startOrigin } from '../../support/origin.ts'
import { makeGate, waitFor } from '../../support/wait.ts'

interface World extends AsyncDisposable {
  readonly gateway: TestEngine
  readonly real: Origin
  /** Waits until so many copies are over; what they came to. */
  outcomes(count?: number): Promise<Record<string, number>>
}

async function world(url: string, mirror: object = {}, answer: Script = answering('real')): Promise<World> {
  const real = startOrigin(answer)
  const { backends } = toServers([real.url])
  const rule = { name: 'r', backend: 'origin', mirror: { backend: 'copy', report: 'count', ...mirror } }
  const copy = { servers: [{ url }], retry: { attempts: 1 } }
  const gateway = startEngine({ config: { backends: { ...backends, copy }, rules: [rule] } })
  const counted = () => gateway.counted('mirror_requests_total')
  return {
    gateway,
    real,
    async outcomes(count = 1) {
      const sum = (): number => Object.values(counted()).reduce((all, one) => all + one, 0)
      await waitFor(() => sum() >= count, { what: 'copies to be over' })
      return counted()
    },
    async [Symbol.asyncDispose]() {
      await gateway.settled()
      await gateway[Symbol.asyncDispose]()
      await real[Symbol.asyncDispose]()
    },
  }
}

const post = (body: string, fields = `Content-Length: ${body.length}\r\n`): string =>
  `POST /p?q HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`
const chunked = (...pieces: string[]): string =>
  `POST /p?q HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${pieces
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')}0\r\n\r\n`

describe('a copy', () => {
  test('is the same request, said to be one, and its answer goes to nobody', async () => {
    await using copy = startOrigin(answering('copy', ['Set-Cookie: a=b']))
    await using w = await world(copy.url, { compare: 'off' })
    const client = await w.gateway.client()
    for (const request of [post('hello'), chunked('hel', 'lo')]) {
      const answer = await client.send(request).readAnswer()
      expect([answer.status, answer.body, answer.get('set-cookie')]).toEqual([200, 'real', null])
    }
    expect(await w.outcomes(2)).toEqual({ 'r copy answered': 2 })
    const [one, other] = [await w.real.received(), await copy.received(2)]
    expect([other.method, other.target, other.body]).toEqual([one.method, one.target, one.body])
    expect([other.get('x-mirror'), one.get('x-mirror')]).toEqual(['r', null])
    expect(other.get('x-forwarded-for')).toBe(one.get('x-forwarded-for'))
    expect(copy.problems).toEqual([])
    expect(w.gateway.log).toHaveLength(2)
    expect(w.gateway.counted('subrequests_total')).toEqual({ 'mirror copy answered': 2 })
  })

  test('has all of a long body, and is never a part of one', async () => {
    await using copy = startOrigin(answering('copy'))
    await using w = await world(copy.url, { compare: 'off', body_max: '2MiB' })
    const client = await w.gateway.client()
    const body = 'x'.repeat(1_500_000)
    expect((await client.send(post(body)).readAnswer()).status).toBe(200)
    expect((await copy.received()).bodyLength).toBe(body.length)
    expect((await w.real.received()).bodyLength).toBe(body.length)
    await w.outcomes()
    // This one's client leaves in the middle.
    const leaver = await w.gateway.client()
    leaver.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf`)
    await w.real.begun(2)
    leaver.rst()
    expect(await w.outcomes(2)).toEqual({ 'r copy answered': 1, 'r copy cut': 1 })
    expect(copy.requests).toHaveLength(1)
  })

  test('is not made of a body that is longer than may be, told or not, nor of an upgrade', async () => {
    await using copy = startOrigin(answering('copy'))
    await using w = await world(copy.url, { body_max: 8 })
    const client = await w.gateway.client()
    for (const request of [post('123456789'), chunked('12345', '6789'), post('12345678')])
      expect((await client.send(request).readAnswer()).status).toBe(200)
    await client.get('/', 'Connection: upgrade\r\nUpgrade: websocket\r\n')
    expect(await w.outcomes(4)).toEqual({
      ...{ 'r copy body_too_long': 2, 'r copy upgrade': 1, 'r copy same': 1 },
    })
    expect(copy.requests).toHaveLength(1)
  })

  test('is made of so many of a hundred, by chance', async () => {
    await using copy = startOrigin(answering('real'))
    await using w = await world(copy.url, { percent: 50 })
    const client = await w.gateway.client()
    for (let n = 0; n < 400; n++) await client.get('/')
    const made = Object.values(await w.outcomes()).reduce((all, one) => all + one, 0)
    expect(Math.abs(made - 200)).toBeLessThanOrEqual(50)
    await waitFor(() => w.gateway.engine.subrequests.size === 0)
  })
})

describe('nothing that becomes of a copy is felt', () => {
  test('its server refuses, says nothing, breaks off, or answers without end', async () => {
    const gate = makeGate()
    await using copy = startOrigin(async ({ target }, reply) => {
      if (target === '/hang') return void (await gate.opened)
      if (target === '/cut') return reply.rst()
      await reply.raw('HTTP/1.1 200 OK\r\n\r\n')
      const piece = Buffer.alloc(1 << 20)
      for (let n = 0; n < 80; n++) await Promise.race([reply.raw(piece), reply.gone])
      reply.fin()
    })
    await using w = await world(copy.url, { timeout: '5s' })
    const client = await w.gateway.client()
    for (const target of ['/hang', '/cut', '/large']) expect((await client.get(target)).body).toBe('real')
    await copy.begun(3)
    await w.outcomes(2)
    w.gateway.runAhead(6000)
    expect(await w.outcomes(3)).toEqual({ 'r copy failed': 2, 'r copy same': 1 })
    gate.open()
    await using dead = await world(`http://127.0.0.1:${freePort()}`)
    const other = await dead.gateway.client()
    for (let n = 0; n < 5; n++) expect((await other.get('/')).body).toBe('real')
    expect(await dead.outcomes(5)).toEqual({ 'r copy failed': 5 })
  })

  test('as many as may be are under way: what comes beyond is not copied', async () => {
    const gate = makeGate()
    await using copy = startOrigin(async (_, reply) => {
      await gate.opened
      reply.send(200, 'late')
    })
    await using w = await world(copy.url, { max_in_flight: 2 })
    const client = await w.gateway.client()
    for (let n = 0; n < 5; n++) expect((await client.get('/')).body).toBe('real')
    expect(await w.outcomes(3)).toEqual({ 'r copy full': 3 })
    gate.open()
    expect(await w.outcomes(5)).toEqual({ 'r copy full': 3, 'r copy same': 2 })
    expect((await client.get('/')).body).toBe('real')
    expect(await w.outcomes(6)).toEqual({ 'r copy full': 3, 'r copy same': 3 })
  })
})

describe('what is compared', () => {
  const compared = async (compare: object, own: Script, other: Script): Promise<Record<string, number>> => {
    await using copy = startOrigin(other)
    await using w = await world(copy.url, { compare }, own)
    const client = await w.gateway.client()
    await client.get('/')
    await w.outcomes()
    return w.gateway.counted('mirror_differences_total')
  }
  const says =
    (body: string, status = 200): Script =>
    (_, reply) =>
      reply.send(status, body)
  const inChunks =
    (...pieces: string[]): Script =>
    (_, reply) =>
      void reply.raw(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${pieces.map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n\r\n`,
      )

  test('are statuses, sizes, bodies and how long it took, each where that is wanted', async () => {
    const whole = { status: true, size: true, body: true }
    expect(await compared({}, says('a'), says('b', 500))).toEqual({ 'r status': 1 })
    expect(await compared({}, says('a'), says('other'))).toEqual({})
    expect(await compared(whole, says('a'), says('bb', 404))).toEqual({ 'r status': 1, 'r size': 1 })
    expect(await compared(whole, says('a'), says('b'))).toEqual({ 'r body': 1 })
    // However it is framed.
    expect(await compared(whole, inChunks('ab', 'c'), says('abc'))).toEqual({})
    expect(await compared(whole, says('abc'), inChunks('a', 'bd'))).toEqual({ 'r body': 1 })
    expect(await compared({ status: false, latency: '1h' }, says('a'), says('b', 500))).toEqual({})
  })

  test('a copy that begins to answer later than may be differs by that', async () => {
    const gate = makeGate()
    await using copy = startOrigin(async (_, reply) => {
      await gate.opened
      reply.send(200, 'real')
    })
    await using w = await world(copy.url, { compare: { latency: '20ms' } })
    const client = await w.gateway.client()
    await client.get('/')
    const sinceMs = performance.now()
    await waitFor(() => performance.now() - sinceMs > 40)
    gate.open()
    expect(await w.outcomes()).toEqual({ 'r copy differs': 1 })
    expect(w.gateway.counted('mirror_differences_total')).toEqual({ 'r latency': 1 })
  })
})
