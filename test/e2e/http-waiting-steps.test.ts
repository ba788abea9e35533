// Steps that wait: what becomes of the request, its body, its answer and its client meanwhile.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Answer } from '../../server/head/answer.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** A step that writes down each call. */
function told(
  calls: string[],
  name: string,
  { request }: { request?(x: Exchange): Promise<Answer | undefined> } = {},
): Middleware<never> {
  return {
    name,
    request(x) {
      calls.push(`${name}>`)
      return request?.(x)
    },
    response: () => void calls.push(`<${name}`),
    end: () => void calls.push(`${name}.`),
  }
}

test('the request goes on when the step is done, its body untouched', async () => {
  const gate = makeGate()
  const calls: string[] = []
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [told(calls, 'a', { request: () => gate.opened.then(() => undefined) }), told(calls, 'b')],
  })
  await using client = await gateway.client()
  client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello')
  await waitFor(() => calls.length === 1)
  client.send('worldGET /2 HTTP/1.1\r\nHost: h\r\n\r\n')
  gate.open()
  expect((await client.readAnswer()).body).toBe('POST /1 helloworld')
  expect((await client.readAnswer()).body).toBe('GET /2 ')
  expect(calls.slice(0, 6)).toEqual(['a>', 'b>', '<b', '<a', 'a.', 'b.'])
  await gateway.settled()
})

test('a large body is held back meanwhile, and arrives whole', async () => {
  const gate = makeGate()
  const body = Buffer.alloc(3_000_000, 'abcdefghij')
  await using origin = startOrigin((request, reply) => reply.send(200, String(request.bodyLength)))
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [{ name: 'slow', request: () => gate.opened.then(() => undefined) }],
  })
  await using client = await gateway.client()
  client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`).send(body)
  await waitFor(() => gateway.engine.openConnections === 1)
  gate.open()
  expect((await client.readAnswer()).body).toBe('3000000')
  expect(origin.requests[0]?.body === body.toString('latin1')).toBe(true)
  await gateway.settled()
})

test('a client that leaves meanwhile is noticed, and nothing is sent', async () => {
  const gate = makeGate()
  const calls: string[] = []
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [told(calls, 'a', { request: () => gate.opened.then(() => undefined) })],
  })
  const client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await waitFor(() => calls.length === 1)
  client.fin()
  expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort', attempts: 0 })
  gate.open()
  await gateway.settled()
  expect(calls).toEqual(['a>', 'a.'])
  expect(origin.accepted).toBe(0)
})

test('a broken body that is answered meanwhile never reaches a server', async () => {
  const gate = makeGate()
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [
      { name: 'slow', request: () => gate.opened.then(() => undefined) },
      { name: 'slow too', response: () => gate.opened },
    ],
  })
  await using client = await gateway.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
  await waitFor(() => gateway.engine.openConnections === 1)
  gate.open()
  expect((await client.readAnswer()).status).toBe(400)
  await gateway.settled()
  expect(origin.accepted).toBe(0)
  expect(gateway.log).toHaveLength(1)
})

test('a step that was given up for an answer takes no part in that, though its own response waits at the same place', async () => {
  const [asked, answered] = [makeGate(), makeGate()]
  const calls: string[] = []
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [
      {
        name: 'slow',
        request: () => asked.opened.then(() => undefined),
        response: () => (calls.push('response'), answered.opened),
        cancelled: () => void calls.push('cancelled'),
      },
      { name: 'next', request: () => void calls.push('next') },
    ],
  })
  await using client = await gateway.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
  await waitFor(() => calls.length === 2)
  asked.open()
  await asked.opened
  await Promise.resolve()
  answered.open()
  expect((await client.readAnswer()).status).toBe(400)
  await gateway.settled()
  expect([calls, origin.accepted]).toEqual([['cancelled', 'response'], 0])
})

test('an answer waits with its body, and the server connection may serve another meanwhile', async () => {
  const gate = makeGate()
  await using origin = startOrigin((request, reply) =>
    reply.send(200, `body of ${request.target}`, [`X-Target: ${request.target}`]),
  )
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [
      {
        name: 'slow',
        response(x, head) {
          if (x.request.path !== '/slow') return undefined
          return gate.opened.then(() => head.set('X-Waited', head.get('x-target') ?? 'lost'))
        },
      },
    ],
  })
  await using slow = await gateway.client()
  await using fast = await gateway.client()
  slow.send('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await origin.received(1)
  await waitFor(() => gateway.inFlight === 0 && gateway.outbound.open === 1)
  expect((await fast.get('/fast')).body).toBe('body of /fast')
  expect(origin.accepted).toBe(1)
  gate.open()
  const answer = await slow.readAnswer()
  expect([answer.status, answer.body, answer.get('x-target'), answer.get('x-waited')]).toEqual([
    200,
    'body of /slow',
    '/slow',
    '/slow',
  ])
  await gateway.settled()
})

test('a client that leaves while its answer waits does not cost another its server', async () => {
  const parked = makeGate()
  const busy = makeGate()
  await using origin = startOrigin(async (request, reply) => {
    if (request.target === '/busy') await busy.opened
    reply.send(200, request.target)
  })
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [{ name: 'slow', response: (x) => (x.request.path === '/slow' ? parked.opened : undefined) }],
  })
  const slow = await gateway.client()
  const other = await gateway.client()
  slow.send('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await waitFor(() => gateway.outbound.idle === 1)
  other.send('GET /busy HTTP/1.1\r\nHost: h\r\n\r\n')
  await origin.received(2)
  slow.rst()
  await gateway.logged()
  busy.open()
  expect((await other.readAnswer()).body).toBe('/busy')
  parked.open()
  await gateway.settled()
})

test('the rest of a large answer is held back until the step is done', async () => {
  const gate = makeGate()
  const body = Buffer.alloc(4_000_000, 'x')
  await using origin = startOrigin(answering(body))
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [{ name: 'slow', response: () => gate.opened }],
  })
  await using client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await origin.received(1)
  gate.open()
  expect((await client.readAnswer()).bodyLength).toBe(body.length)
  await gateway.settled()
})

/** A step that never comes back, and says when nobody waits for it any more. */
const lost = (calls: string[], part: 'request' | 'response'): Middleware<never> => ({
  name: 'lost',
  [part]: () => {
    calls.push('waits')
    return new Promise<undefined>(() => {})
  },
  cancelled: () => void calls.push('cancelled'),
  end: () => void calls.push('end'),
})

test.each(['request', 'response'] as const)(
  'a %s step that never comes back is given up after its time: 504, and it hears of that',
  async (part) => {
    const calls: string[] = []
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { step: '5s' } },
      steps: [told([], 'before'), lost(calls, part)],
    })
    await using client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => calls.length === 1)
    gateway.runAhead(4000)
    expect(calls).toEqual(['waits'])
    gateway.runAhead(6000)
    const answer = await client.readAnswer()
    expect([answer.status, answer.get('proxy-status')]).toEqual([
      504,
      expect.stringContaining('step_timeout'),
    ])
    expect(await gateway.logged()).toMatchObject({
      fault: 'step_timeout',
      detail: 'listeners.web.timeouts.step: 5000 ms, middleware lost',
    })
    await gateway.settled()
    expect(calls).toEqual(['waits', 'cancelled', 'end'])
    expect(bugs).toEqual([])
  },
)

test.each<[string, 'request' | 'response', string]>([
  ['leaves', 'request', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['leaves', 'response', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
  [
    'sends a body that is none',
    'request',
    'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
])(
  'a client that %s while a %s step waits: the step hears that nobody waits any more',
  async (_, part, sent) => {
    const calls: string[] = []
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]), steps: [lost(calls, part)] })
    const client = await gateway.client()
    client.send(sent)
    await waitFor(() => calls.length >= 1)
    client.fin()
    await waitFor(() => calls.length === 3)
    await gateway.settled()
    expect(calls).toEqual(['waits', 'cancelled', 'end'])
  },
)

test('a step that is done in time is not cancelled', async () => {
  const calls: string[] = []
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [
      {
        name: 'quick',
        request: () => Promise.resolve(undefined),
        response: () => Promise.resolve(),
        cancelled: () => void calls.push('cancelled'),
        end: () => void calls.push('end'),
      },
    ],
  })
  await using client = await gateway.client()
  expect((await client.get('/')).status).toBe(200)
  await gateway.settled()
  expect(calls).toEqual(['end'])
})
