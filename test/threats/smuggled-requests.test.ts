// Threat: a request that two readers frame differently carries a second one inside, past the rules and under
// another's name.
//
// Each vector on a connection of its own, against a gateway before a server that records every byte.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RawClient, type WireAnswer, rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { FRAMING, type FramingVector, type Seen } from '../vectors/framing.ts'

let origin: Origin
let gateway: Gateway

beforeAll(async () => {
  origin = startOrigin()
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      backends: { origin: { servers: [{ url: origin.url }] } },
      rules: [{ name: 'all', backend: 'origin' }],
    },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

describe('framing', () => {
  for (const vector of FRAMING) test(vector.name, () => check(vector))
})

test('a chunk size of 2^32+2 is not taken for 2: the rest of the chunk is waited for', async () => {
  origin.forget()
  await using client = await rawClient(gateway.port())
  client.send('POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
  client.send('100000002\r\nhi\r\n0\r\n\r\nGET /smug HTTP/1.1\r\nHost: h\r\n\r\n')
  // Refused at once for its size, or waited for until the client goes away.
  await passBarrier()
  if (client.reader.total > 0) expect((await client.readAnswer()).status).toBe(413)
  client.rst()
  await passBarrier()
  const rest = origin.requests.filter(({ target }) => target !== '/barrier')
  expect(rest.map(({ target, complete }) => [target, complete])).toEqual([['/1', false]])
})

async function check({ segments, expected }: FramingVector): Promise<void> {
  origin.forget()
  const bytesBefore = origin.bytesReceived
  await using client = await rawClient(gateway.port())
  await client.sendSegments(segments)
  // Awaited here: the client is given up when this function is left.
  if (expected.is === 'served') return await expectServed(client, expected.requests, expected.closes)
  if (expected.is === 'refused') return await expectRefused(client, expected, bytesBefore)
  const method = expected.requests[0]?.method ?? 'GET'
  const first = await client.readAnswer({ method })
  if (first.status === 200) return await expectServed(client, expected.requests, false, first)
  return await expectRefused(client, { ...expected, late: true }, bytesBefore, first)
}

async function expectServed(
  client: RawClient,
  requests: readonly Seen[],
  closes: boolean,
  first?: WireAnswer,
): Promise<void> {
  for (const [index, { method = origin.requests[index]?.method ?? 'GET' }] of requests.entries()) {
    const answer = index === 0 && first !== undefined ? first : await client.readAnswer({ method })
    expect({
      status: answer.status,
      complete: answer.complete,
      body: answer.body.slice(0, 300),
    }).toMatchObject({
      status: 200,
      complete: true,
    })
    expect(answer.interim.filter(({ status }) => status !== 100)).toEqual([])
  }
  if (closes) {
    expect(await client.readToEnd()).toBe('')
    expect(client.reader.ending).toBe('fin')
  } else {
    // The proof that both ends count bytes alike: the next request on this connection is answered as itself.
    const after = await client.get('/after')
    expect([after.status, after.body]).toEqual([200, 'GET /after '])
  }
  await passBarrier()
  const seen = origin.requests.filter(({ target }) => target !== '/after' && target !== '/barrier')
  expect(seen.map(({ target }) => target)).toEqual(requests.map(({ target }) => target))
  for (const [index, wanted] of requests.entries()) expectSeen(seen[index]!, wanted)
  expect(origin.problems).toEqual([])
}

function expectSeen(request: Origin['requests'][number], { method, body, has = {}, lacks = [] }: Seen): void {
  expect(request.complete).toBe(true)
  if (method !== undefined) expect(request.method).toBe(method)
  expect(request.body).toBe(body ?? '')
  for (const [name, value] of Object.entries(has)) expect([name, ...request.all(name)]).toEqual([name, value])
  for (const name of lacks) expect([name, ...request.all(name)]).toEqual([name])
}

async function expectRefused(
  client: RawClient,
  { status, late }: { readonly status: readonly number[]; readonly late: boolean },
  bytesBefore: number,
  first?: WireAnswer,
): Promise<void> {
  const answer = first ?? (await client.readAnswer())
  expect(status).toContain(answer.status)
  expect(answer.complete).toBe(true)
  // Nothing else is answered, and the end is clean: an RST could take the answer with it.
  expect(await client.readToEnd()).toBe('')
  expect(client.reader.ending).toBe('fin')
  if (!late) expect(origin.bytesReceived - bytesBefore).toBe(0)
  await passBarrier()
  for (const request of origin.requests) {
    if (request.target === '/barrier') continue
    expect([late, request.target, request.complete]).toEqual([true, '/1', false])
  }
}

/** With one worker, all that an earlier connection caused has been sent before this request is. */
async function passBarrier(): Promise<void> {
  await using client = await rawClient(gateway.port())
  expect((await client.get('/barrier')).status).toBe(200)
  await origin.received(1, ({ target }) => target === '/barrier')
}
