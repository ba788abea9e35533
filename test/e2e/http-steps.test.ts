// The steps of a rule around an exchange: their order, what they may change, what they wait for, and how they
// fail.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer } from '../../server/head/answer.ts'
import type { ResponseHead } from '../../server/head/response-head.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

interface Step {
  request?(x: Exchange): Answer | undefined | Promise<Answer | undefined>
  response?(x: Exchange, head: ResponseHead): void | Promise<void>
}

/** A step that writes down each call. */
function told(calls: string[], name: string, { request, response }: Step = {}): Middleware<never> {
  return {
    name,
    request(x) {
      calls.push(`${name}>`)
      return request?.(x)
    },
    response(x, head) {
      calls.push(`<${name}`)
      return response?.(x, head)
    },
    end: () => void calls.push(`${name}.`),
  }
}

const plain = (status: number, body: string): Answer => ({ status, headers: [], body, fault: null })

describe('the order of steps', () => {
  test('requests go down the list, answers up, and each step ends once', async () => {
    const calls: string[] = []
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [told(calls, 'a'), told(calls, 'b')],
    })
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(200)
    expect(calls).toEqual(['a>', 'b>', '<b', '<a', 'a.', 'b.'])
    await gateway.settled()
  })

  test("a step's own answer passes the steps that were reached, its own included, and no other", async () => {
    const calls: string[] = []
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [
        told(calls, 'a', { response: (_x, head) => head.set('X-A', 'seen') }),
        told(calls, 'b', { request: () => plain(418, 'short and stout') }),
        told(calls, 'c'),
      ],
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.body, answer.get('x-a')]).toEqual([418, 'short and stout', 'seen'])
    expect(calls).toEqual(['a>', 'b>', '<b', '<a', 'a.', 'b.'])
    expect(origin.requests).toHaveLength(0)
    // The connection is fit for the next one.
    expect((await client.get('/')).status).toBe(418)
    await gateway.settled()
  })

  test('answers of faults pass the steps too, and a client that went away still ends them', async () => {
    const calls: string[] = []
    await using origin = startOrigin((request, reply) => {
      if (request.target === '/cut') reply.rst()
    })
    await using gateway = startEngine({
      config: toServers([origin.url], { retry: { attempts: 1 } }),
      steps: [told(calls, 'a', { response: (_x, head) => head.set('X-A', 'seen') })],
    })
    const client = await gateway.client()
    const answer = await client.get('/cut')
    expect([answer.status, answer.get('x-a')]).toEqual([502, 'seen'])
    client.send('GET /hang HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(2)
    client.rst()
    await waitFor(() => gateway.log.length === 2)
    expect(calls).toEqual(['a>', '<a', 'a.', 'a>', 'a.'])
    await gateway.settled()
  })

  test('each exchange has a note of its own', async () => {
    const notes: number[][] = []
    let made = 0
    const step: Middleware<{ n: number; seen: number[] }> = {
      name: 'noting',
      note: () => ({ n: ++made, seen: [] }),
      request: (_x, note) => void note.seen.push(note.n),
      response: (_x, _head, note) => void note.seen.push(note.n),
      end: (_x, note) => void notes.push(note.seen),
    }
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [step as unknown as Middleware<never>],
    })
    await using client = await gateway.client()
    await client.get('/')
    await client.get('/')
    expect(notes).toEqual([
      [1, 1],
      [2, 2],
    ])
  })
})

test('edits of heads are what servers and clients are sent', async () => {
  await using origin = startOrigin(
    answering('x', ['X-Old: 1', 'X-Old: 2', 'Set-Cookie: a=1', 'Set-Cookie: b=2']),
  )
  await using gateway = startEngine({
    config: toServers([origin.url]),
    steps: [
      {
        name: 'edit',
        request(x) {
          x.request.set('X-One', '1')
          x.request.add('X-Two', 'b')
          x.request.remove('x-gone')
          x.request.set('Host', 'other.example')
          return undefined
        },
        response(_x, head) {
          head.remove('x-old')
          head.set('X-New', 'yes')
        },
      },
    ],
  })
  await using client = await gateway.client()
  const answer = await client.get('/', 'X-One: 0\r\nx-two: a\r\nX-GONE: 1\r\n')
  const request = origin.requests[0]!
  expect([request.all('x-one'), request.all('x-two'), request.all('x-gone'), request.all('host')]).toEqual([
    ['1'],
    ['a', 'b'],
    [],
    ['other.example'],
  ])
  expect([answer.all('x-old'), answer.all('x-new'), answer.all('set-cookie')]).toEqual([
    [],
    ['yes'],
    ['a=1', 'b=2'],
  ])
  // Edits belong to one exchange.
  await client.get('/')
  expect(origin.requests[1]?.all('x-two')).toEqual(['b'])
})

describe('steps that fail', () => {
  const throwing = (): never => {
    throw new Error('on purpose')
  }
  const rejecting = (): Promise<never> => Promise.reject(new Error('on purpose'))

  for (const [how, fail] of [
    ['throws', throwing],
    ['rejects', rejecting],
  ] as const) {
    test(`a request step that ${how} gives 500 and leaves the connection usable`, async () => {
      const calls: string[] = []
      bugs.length = 0
      let isFailing = true
      await using origin = startOrigin()
      await using gateway = startEngine({
        config: toServers([origin.url]),
        steps: [told(calls, 'a'), told(calls, 'b', { request: () => (isFailing ? fail() : undefined) })],
      })
      await using client = await gateway.client()
      expect((await client.get('/')).status).toBe(500)
      expect(calls).toEqual(['a>', 'b>', '<b', '<a', 'a.', 'b.'])
      expect(await gateway.logged()).toMatchObject({ status: 500, fault: 'internal' })
      isFailing = false
      expect((await client.get('/')).status).toBe(200)
      expect(bugs.map(String)).toEqual(['Error: on purpose'])
      await gateway.settled()
    })

    test(`a response step that ${how} gives 500 instead of the answer`, async () => {
      const calls: string[] = []
      await using origin = startOrigin(answering('secret'))
      await using gateway = startEngine({
        config: toServers([origin.url]),
        steps: [told(calls, 'a'), told(calls, 'b', { response: () => fail() })],
      })
      await using client = await gateway.client()
      const answer = await client.get('/')
      expect([answer.status, answer.complete, answer.body.includes('secret')]).toEqual([500, true, false])
      expect(calls).toEqual(['a>', 'b>', '<b', 'a.', 'b.'])
      expect(await gateway.logged()).toMatchObject({ status: 500, fault: 'internal' })
      await gateway.settled()
    })
  }

  test('an end that throws keeps no other from its end', async () => {
    const calls: string[] = []
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [{ name: 'bad', end: () => throwing() }, told(calls, 'a')],
    })
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(200)
    expect((await client.get('/')).status).toBe(200)
    expect(calls.filter((call) => call === 'a.')).toHaveLength(2)
    expect(gateway.log).toHaveLength(2)
    await gateway.settled()
  })
})

test('body_limit lowers and raises the limit of the listener, by length and by chunks', async () => {
  await using origin = startOrigin((request, reply) => reply.send(200, String(request.bodyLength)))
  await using gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      rules: [
        {
          name: 'low',
          match: { path: '/low' },
          middleware: [{ body_limit: { size: 10 } }],
          backend: 'origin',
        },
        {
          name: 'high',
          match: { path: '/high' },
          middleware: [{ body_limit: { size: 5000 } }],
          backend: 'origin',
        },
        { name: 'all', backend: 'origin' },
      ],
    },
    listener: { limits: { body: 1000 } },
  })
  const post = async (target: string, length: number, isChunked: boolean): Promise<number> => {
    await using client = await gateway.client()
    const body = 'x'.repeat(length)
    client.send(
      isChunked
        ? `POST ${target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
        : `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${body}`,
    )
    const answer = await client.readAnswer()
    if (answer.status === 200) expect(answer.body).toBe(String(length))
    else expect(answer.get('connection')).toBe('close')
    return answer.status
  }
  for (const isChunked of [false, true]) {
    for (const [target, length, status] of [
      ['/', 1000, 200],
      ['/', 1001, 413],
      ['/low', 10, 200],
      ['/low', 11, 413],
      ['/high', 5000, 200],
      ['/high', 5001, 413],
    ] as const)
      expect([target, length, isChunked, await post(target, length, isChunked)]).toEqual([
        target,
        length,
        isChunked,
        status,
      ])
  }
  expect(gateway.log.filter(({ fault }) => fault === 'body_too_large')).toHaveLength(6)
  await gateway.settled()
})
