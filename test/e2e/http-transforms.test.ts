// What steps do to the bodies of answers: changed on their way, and pushed by sources of their own.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer, BodyFeed, BodySource, SourceSink } from '../../server/head/answer.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { event } from '../../server/lib/event.ts'
import { keepable } from '../../server/lib/read-piece.ts'
import type { BodySink, BodyTransform, Middleware } from '../../server/middleware/middleware.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** A step whose transform is this. */
const changing = (name: string, transform: () => BodyTransform | null): Middleware<never> => ({
  name,
  body: transform,
})

const upper = (): BodyTransform => ({
  push: (bytes, from, to, next) => {
    const changed = Buffer.from(bytes.toString('latin1', from, to).toUpperCase())
    next.write(changed, 0, changed.length)
  },
  end: (next) => next.end(),
})

/** Puts marks around the body. */
const marked = (mark: string): BodyTransform => {
  let isBegun = false
  const begin = (next: BodySink): void => {
    if (!isBegun) next.write(Buffer.from(`${mark}(`), 0, mark.length + 1)
    isBegun = true
  }
  return {
    push: (bytes, from, to, next) => {
      begin(next)
      next.write(bytes, from, to)
    },
    end: (next) => {
      begin(next)
      next.write(Buffer.from(')'), 0, 1)
      next.end()
    },
  }
}

/** Keeps each piece for later turns, as an encoder does that has no time: stops the server meanwhile. */
function slow(): BodyTransform {
  const pieces: Buffer[] = []
  let isRunning = false
  let isEnded = false
  let isOver = false
  const turn = (next: BodySink): void => {
    isRunning = false
    if (isOver) return
    const piece = next.isFull ? undefined : pieces.shift()
    if (piece !== undefined) {
      next.countKept(-piece.length)
      next.write(piece, 0, piece.length)
    }
    if (pieces.length === 0) {
      if (isEnded) return next.end()
      return next.resume()
    }
    run(next)
  }
  const run = (next: BodySink): void => {
    if (isRunning) return
    isRunning = true
    setImmediate(() => event(() => turn(next)))
  }
  return {
    push(bytes, from, to, next) {
      pieces.push(keepable(bytes, from, to))
      next.countKept(to - from)
      next.pause()
      run(next)
    },
    end(next) {
      isEnded = true
      run(next)
    },
    cancel() {
      isOver = true
    },
  }
}

describe('a transform', () => {
  test('changes what passes: the step nearest to the server comes first', async () => {
    await using origin = startOrigin(answering('body'))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [
        changing('a', () => marked('a')),
        changing('none', () => null),
        changing('b', () => marked('b')),
      ],
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.body, answer.get('transfer-encoding')]).toEqual([
      200,
      'a(b(body))',
      'chunked',
    ])
    expect(answer.get('content-length')).toBeNull()
    expect((await client.get('/')).body).toBe('a(b(body))')
    await gateway.settled()
    expect(gateway.log[0]).toMatchObject({ bytesOut: 10 })
  })

  test('changes answers of ours as well, and leaves those without body alone', async () => {
    const made: string[] = []
    await using gateway = startEngine({
      config: {
        rules: [
          { name: 'none', match: { path: '/none' }, respond: { status: 204 } },
          { name: 'all', respond: { body: 'ours' } },
        ],
      },
      steps: [
        {
          name: 'upper',
          body(x, head) {
            made.push(`${x.request.method} ${head.status}`)
            head.set('X-Changed', 'yes')
            return upper()
          },
        },
      ],
    })
    await using client = await gateway.client()
    const own = await client.get('/')
    expect([own.body, own.get('x-changed')]).toEqual(['OURS', 'yes'])
    client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
    const head = await client.readAnswer({ method: 'HEAD' })
    expect([head.status, head.get('content-length'), head.get('x-changed')]).toEqual([200, '4', 'yes'])
    expect((await client.get('/none')).status).toBe(204)
    expect(made).toEqual(['GET 200', 'HEAD 200', 'GET 204'])
    await gateway.settled()
  })

  test('says the length where it knows it before the first byte', async () => {
    await using origin = startOrigin(answering('body'))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [
        changing('known', () => ({
          push: (bytes, from, to, next) => {
            next.length = 8
            next.write(Buffer.from('twice'), 0, 4 - 4)
            next.write(bytes, from, to)
            next.write(bytes, from, to)
          },
          end: (next) => next.end(),
        })),
      ],
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.body, answer.get('content-length')]).toEqual(['bodybody', '8'])
    await gateway.settled()
  })

  test('of chunks with trailers gets content; the trailers pass behind what it made', async () => {
    await using origin = startOrigin((_, reply) => {
      reply.raw(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nX-Sum: 5\r\n\r\n',
      )
    })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [changing('upper', upper)],
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect(answer.body).toBe('ABCDE')
    expect(answer.trailers.map((field) => field.join(': '))).toEqual(['X-Sum: 5'])
    await gateway.settled()
  })

  test('that takes its time stops the server, and nothing is lost, whatever the pieces', async () => {
    const random = seededRandom(seedOfRun())
    const bodies = Array.from({ length: 12 }, () => Buffer.from(random.bytes(random.below(400_000))))
    await using origin = startOrigin((request, reply) => {
      const body = bodies[Number(request.target.slice(1))]!
      return reply.send(200, body)
    })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [changing('slow', slow), changing('slow too', slow)],
    })
    await using client = await gateway.client()
    for (const [n, body] of bodies.entries()) {
      const answer = await client.get(`/${n}`)
      expect(answer.complete).toBe(true)
      expect(answer.bodyLength).toBe(body.length)
      expect(answer.body === body.toString('latin1')).toBe(true)
    }
    await gateway.settled()
  })

  test('is told when its client goes; what it kept is counted out', async () => {
    const told: string[] = []
    await using origin = startOrigin(answering(Buffer.alloc(3_000_000, 'a')))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [
        changing('kept', () => {
          let kept = 0
          return {
            push: (_, from, to, next) => {
              kept += to - from
              next.countKept(to - from)
              next.pause()
              told.push('piece')
            },
            end: () => {},
            cancel: () => void told.push(`cancelled ${kept > 0}`),
          }
        }),
      ],
    })
    const client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => told.includes('piece'))
    client.rst()
    await waitFor(() => told.at(-1) === 'cancelled true')
    await gateway.settled()
    expect(gateway.log).toMatchObject([{ fault: 'client_abort', bytesOut: 0 }])
  })

  test('that has let nothing out when the server breaks off: the client gets 502, not a cut', async () => {
    await using origin = startOrigin((_, reply) => {
      reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      reply.fin()
    })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [changing('whole', () => ({ push: () => {}, end: (next) => next.end() }))],
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.get('proxy-status')]).toEqual([
      502,
      expect.stringContaining('server_truncated'),
    ])
    await gateway.settled()
  })

  test('that has let something out: the answer is seen as cut', async () => {
    await using origin = startOrigin((_, reply) => {
      reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      reply.fin()
    })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [changing('upper', upper)],
    })
    await using client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    const answer = await client.readAnswer().catch(() => null)
    expect(answer?.complete ?? false).toBe(false)
    expect(await gateway.logged()).toMatchObject({ aborted: true, fault: 'server_truncated' })
    await gateway.settled()
  })
})

/** A source that the test pushes. */
class ManualSource implements BodySource {
  readonly length: number
  to: SourceSink | null = null
  readonly told: string[] = []

  constructor(length: number) {
    this.length = length
  }
  open(to: SourceSink): BodyFeed {
    this.to = to
    return {
      pause: () => void this.told.push('pause'),
      resume: () => void this.told.push('resume'),
      cancel: () => void this.told.push('cancel'),
    }
  }
  push(text: string | Buffer): void {
    const bytes = Buffer.from(text)
    this.to?.push(bytes, 0, bytes.length)
  }
}

/** A gateway whose only rule is answered by a step with this body. */
const answered = (body: Answer['body'], more: readonly Middleware<never>[] = []) =>
  startEngine({
    config: { rules: [{ name: 'all', respond: {} }] },
    steps: [...more, { name: 'answers', request: () => ({ status: 200, headers: [], body, fault: null }) }],
  })

describe('an answer of ours', () => {
  test('may be bytes', async () => {
    await using gateway = answered(new Uint8Array([0, 255, 10]))
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.body, answer.get('content-type')]).toEqual(['\0ÿ\n', 'application/octet-stream'])
    await gateway.settled()
  })

  test('may be pushed, with a length or without; a HEAD opens nothing', async () => {
    for (const length of [10, -1]) {
      const source = new ManualSource(length)
      await using gateway = answered(source)
      await using client = await gateway.client()
      client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
      expect((await client.readAnswer({ method: 'HEAD' })).status).toBe(200)
      expect(source.to).toBeNull()
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await waitFor(() => source.to !== null)
      source.push('first')
      source.push('later')
      source.to?.end()
      const answer = await client.readAnswer()
      expect(answer.body).toBe('firstlater')
      expect(answer.get('content-length')).toBe(length < 0 ? null : '10')
      await gateway.settled()
      expect(source.told).toEqual([])
    }
  })

  test('stops its source while the client does not read, and passes transforms', async () => {
    const source = new ManualSource(-1)
    await using gateway = answered(source, [changing('upper', upper)])
    const client = await gateway.client()
    client.pause()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => source.to !== null)
    let pushed = 0
    while (!source.told.includes('pause')) {
      source.push(Buffer.alloc(65_536, 'a'))
      pushed += 65_536
      if (pushed > 64 * 2 ** 20) throw new Error('it is never stopped')
    }
    client.resume()
    await waitFor(() => source.told.includes('resume'))
    source.to?.end()
    const answer = await client.readAnswer()
    expect(answer.bodyLength).toBe(pushed)
    expect(answer.body[0]).toBe('A')
    await gateway.settled()
  })

  test('whose client goes is told so', async () => {
    const source = new ManualSource(-1)
    await using gateway = answered(source)
    const client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => source.to !== null)
    client.rst()
    await waitFor(() => source.told.includes('cancel'))
    source.push('nobody hears')
    source.to?.end()
    await gateway.settled()
  })

  test('that fails, or gives another number of bytes than it said, is seen as cut', async () => {
    for (const act of [
      (source: ManualSource) => source.to?.fail(new Error('gone')),
      (source: ManualSource) => source.to?.end(),
      (source: ManualSource) => source.push('much more than ten'),
    ]) {
      const source = new ManualSource(10)
      await using gateway = answered(source)
      await using client = await gateway.client()
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await waitFor(() => source.to !== null)
      source.push('first')
      act(source)
      const answer = await client.readAnswer().catch(() => null)
      expect(answer?.complete ?? false).toBe(false)
      expect(await gateway.logged()).toMatchObject({ fault: 'internal', aborted: true })
      expect(bugs.splice(0)).toHaveLength(1)
      await gateway.settled()
    }
  })
})
