// How askings end that do not end well, or are given up: what is told, and that nothing stays open.
import { afterEach, describe, expect, test } from 'bun:test'
import { HttpClient } from '../../../server/http1/client.ts'
import { Suspects } from '../../../server/lib/address-race.ts'
import type { Http1Servers } from '../../../server/http1/open-stream.ts'
import { startEngine, toServers } from '../../support/engine.ts'
import { dialsUnderWay, FullServer, fullServers } from '../../support/full-server.ts'
import { freePort } from '../../support/kernel.ts'
import { type Origin, type Script, startOrigin } from '../../support/origin.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'
import {
  GET,
  LIMITS,
  type Asking,
  type End,
  answerOf,
  ask,
  asking,
  client,
  descriptors,
  failureOf,
  targetAt,
} from './asks.ts'

const origins: Origin[] = []
afterEach(async () => {
  for (const origin of origins.splice(0)) await origin[Symbol.asyncDispose]()
})
function origin(script: Script, when: 'head' | 'request' = 'request'): Origin {
  const started = startOrigin(script, { when })
  origins.push(started)
  return started
}
const sending = (bytes: string, end: 'fin' | 'rst' | 'nothing'): Origin =>
  origin(async (_, reply) => {
    await reply.raw(bytes)
    if (end !== 'nothing') reply[end]()
  })

const OK = 'HTTP/1.1 200 OK\r\n'
const CUT = ['server_truncated', 'body', 'the answer ended early'] as const

describe('a failure', () => {
  test('of the name says why', async () => {
    const lookup: Asking['lookup'] = (host, done) => done([], `DNS knows no address of ${host}`)
    expect(await failureOf({ host: 'no.test', port: 80, lookup })).toEqual([
      'dns_failed',
      'name',
      'name not resolved: DNS knows no address of no.test',
    ])
    expect(await failureOf({ host: 'mute.test', port: 80, lookup: () => {}, limits: { total: 30 } })).toEqual(
      ['timed_out', 'name', 'timed out after 30ms while resolving mute.test'],
    )
  })

  test('of the connection says which', async () => {
    expect(await failureOf({ port: freePort() })).toEqual([
      'connect_refused',
      'connection',
      'connect refused',
    ])
    await using full = new FullServer()
    expect(await failureOf({ port: full.port, limits: { connect: 50 } })).toEqual([
      'connect_timeout',
      'connection',
      'connect timed out',
    ])
    expect(await failureOf({ port: full.port, limits: { total: 50 } })).toEqual([
      'timed_out',
      'connection',
      'timed out after 50ms while connecting',
    ])
    await waitFor(() => dialsUnderWay() === 0)
  })

  test('of the answer says how far it had come', async () => {
    for (const end of ['fin', 'rst'] as const) {
      expect(await failureOf({ port: sending('', end).port })).toEqual([
        'server_closed',
        'answer',
        'connection closed before an answer',
      ])
      expect(await failureOf({ port: sending(`${OK}X-A`, end).port })).toEqual([
        'server_truncated',
        'answer',
        'the answer ended early',
      ])
      for (const rest of [
        'Content-Length: 9\r\n\r\nhi',
        'Transfer-Encoding: chunked\r\n\r\n9\r\nhi',
        'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n',
      ])
        expect(await failureOf({ port: sending(OK + rest, end).port })).toEqual([...CUT])
    }
  })

  test('to speak HTTP says what was found', async () => {
    const [code, phase, words] = await failureOf({ port: sending('SSH-2.0-OpenSSH_9.2\r\n', 'nothing').port })
    expect([code, phase]).toEqual(['server_malformed', 'answer'])
    expect(words).toStartWith('the answer is not HTTP/1.1: it looks like SSH')
    expect(
      await failureOf({
        port: sending(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`, 'nothing').port,
      }),
    ).toEqual([
      'server_malformed',
      'answer',
      'the answer is not HTTP/1.1: the end of its body is not said in one way: content-length: "2", content-length: "3"',
    ])
  })

  test('to take the request is one of time, and the request is not sent on', async () => {
    const deaf = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: (socket) => void socket.pause(), data() {} },
    })
    const request = { method: 'POST', body: Buffer.alloc(30_000_000) }
    const before = descriptors()
    const [code, phase] = await failureOf({ port: deaf.port, request, limits: { total: 100 } })
    expect([code, phase]).toEqual(['timed_out', 'answer'])
    deaf.stop(true)
    await waitFor(() => descriptors() <= before)
  })
})

describe('a name of several addresses', () => {
  test('is asked at the first that stands', async () => {
    const server = sending(`${OK}Content-Length: 2\r\n\r\nhi`, 'fin')
    const lookup: Asking['lookup'] = (_, done) => done(['127.0.0.3', '::1', '127.0.0.1'], null)
    expect(await answerOf({ host: 'three.test', port: server.port, lookup })).toEqual([200, 'hi', false])
    expect((await failureOf({ host: 'three.test', port: freePort(), lookup }))[0]).toBe('connect_refused')
  })

  test('is not held up by one that is silent, and that one is remembered', async () => {
    const server = sending(`${OK}Content-Length: 2\r\n\r\nhi`, 'fin')
    await using _ = fullServers(server.port, '127.0.0.2')
    const lookup: Asking['lookup'] = (_, done) => done(['127.0.0.2', '127.0.0.1'], null)
    const suspects = new Suspects()
    expect(await answerOf({ host: 'two.test', port: server.port, lookup, suspects })).toEqual([
      200,
      'hi',
      false,
    ])
    expect(suspects.isSuspect('127.0.0.2', server.port, performance.now())).toBe(true)
    await waitFor(() => dialsUnderWay() === 0)
  })
})

describe('an asking that is given up', () => {
  /** Asks, waits until it has come so far, gives it up: nothing is told, and no descriptor stays. */
  async function givenUp(asked: Asking, isThere: () => boolean): Promise<void> {
    const before = descriptors()
    const { end, cancel } = asking(asked)
    const told: End[] = []
    void end.then((one) => told.push(one))
    await waitFor(isThere)
    cancel()
    cancel()
    await waitFor(() => origins.every(({ open }) => open === 0) && descriptors() <= before)
    expect(await staysTrue(() => told.length === 0, 30)).toBe(true)
  }

  test('at once sends nothing', async () => {
    const server = sending(OK, 'nothing')
    const ends: End[] = []
    const { end, cancel } = asking({ port: server.port })
    void end.then((one) => ends.push(one))
    cancel()
    expect(await staysTrue(() => server.accepted === 0, 30)).toBe(true)
    expect(ends).toEqual([])
  })

  test('while its name is resolved dials nobody, though the addresses come later', async () => {
    const server = sending(OK, 'nothing')
    const late: (() => void)[] = []
    const lookup: Asking['lookup'] = (_, done) => void late.push(() => done(['127.0.0.1'], null))
    await givenUp({ host: 'late.test', port: server.port, lookup }, () => late.length === 1)
    for (const resolve of late) resolve()
    expect(await staysTrue(() => server.accepted === 0, 30)).toBe(true)
  })

  test('while it connects takes its packets back', async () => {
    await using full = new FullServer()
    await givenUp({ port: full.port }, () => dialsUnderWay() === 1)
    expect(dialsUnderWay()).toBe(0)
  })

  test('while several addresses are dialled takes all of them back', async () => {
    const port = freePort()
    await using _ = fullServers(port, '127.0.0.1', '127.0.0.2')
    const lookup: Asking['lookup'] = (_, done) => done(['127.0.0.1', '127.0.0.2'], null)
    await givenUp({ host: 'two.test', port, lookup }, () => dialsUnderWay() === 2)
    expect(dialsUnderWay()).toBe(0)
  })

  test('while it sends its request, whose server never sees it whole', async () => {
    const slow = origin(() => {})
    const request = { method: 'POST', body: Buffer.alloc(50_000_000) }
    await givenUp({ port: slow.port, request }, () => slow.requests.length === 1)
    expect(slow.requests[0]?.complete).toBe(false)
  })

  test('while it waits for its answer, or has a part of it', async () => {
    for (const part of [
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      `${OK}X-A`,
      `${OK}Content-Length: 9\r\n\r\nhi`,
    ]) {
      const server = sending(part, 'nothing')
      await givenUp({ port: server.port }, () => server.requests.length === 1)
    }
  })

  test('once it is over is nothing', async () => {
    const server = sending(`${OK}Content-Length: 2\r\n\r\nhi`, 'fin')
    const { end, cancel } = asking({ port: server.port })
    expect((await end).is).toBe('answer')
    cancel()
  })

  test('in its last moment, in any order, is told or not but never twice', async () => {
    const server = sending(`${OK}Content-Length: 2\r\n\r\nhi`, 'fin')
    const before = descriptors()
    const ends: End[] = []
    for (let n = 0; n < 60; n++) {
      const { end, cancel } = asking({ port: server.port })
      void end.then((one) => ends.push(one))
      // After n turns of the loop, wherever it stands then.
      let turns = n % 20
      const next = (): void => (turns-- === 0 ? cancel() : void setImmediate(next))
      next()
    }
    await waitFor(() => descriptors() <= before && server.open === 0)
    expect(ends.every((end) => end.is === 'answer')).toBe(true)
  })
})

describe('many askings', () => {
  test('at once each have their own end, and leave nothing open', async () => {
    const server = origin((request, reply) => reply.send(200, request.target))
    const port = freePort()
    const before = descriptors()
    const ends = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        ask(n % 2 === 0 ? { port: server.port, request: { target: `/${n}` } } : { port }),
      ),
    )
    for (const [n, end] of ends.entries())
      expect(end.is === 'answer' ? end.body.toString() : end.code).toBe(
        n % 2 === 0 ? `/${n}` : 'connect_refused',
      )
    await waitFor(() => server.open === 0 && descriptors() <= before)
  })
})

describe('a reach', () => {
  const reach = (port: number, total = 30_000): Promise<string | null> =>
    new Promise((resolve) =>
      client().reach(targetAt(port), total, (failure) => resolve(failure?.words ?? null)),
    )

  test('tells whether a connection stands, and ends it without a word', async () => {
    const server = origin(() => {})
    expect(await reach(server.port)).toBeNull()
    await waitFor(() => server.accepted === 1 && server.open === 0)
    expect(server.bytesReceived).toBe(0)
    expect(await reach(freePort())).toBe('connect refused')
    await using full = new FullServer()
    expect(await reach(full.port, 50)).toBe('timed out after 50ms while connecting')
  })
})

describe('in a worker', () => {
  test('askings go by its wheel, and take nothing of the pools of servers', async () => {
    const server = origin((request, reply) =>
      request.target === '/mute' ? undefined : reply.send(200, request.target),
    )
    await using gateway = startEngine({ config: toServers([server.url]) })
    const user = await gateway.client()
    expect((await user.get('/user')).body).toBe('/user')
    const asks = new HttpClient((gateway.engine.servers as Http1Servers).world)
    const ours = (target: string): Promise<End> =>
      new Promise((resolve) => void asks.ask(targetAt(server.port), { ...GET, target }, LIMITS, resolve))
    const answer = await ours('/ours')
    expect(answer.is === 'answer' && answer.body.toString()).toBe('/ours')
    const mute = ours('/mute')
    await waitFor(() => server.requests.length === 3)
    expect(gateway.outbound).toEqual({ open: 1, idle: 1 })
    gateway.runAhead(LIMITS.total + 1000)
    expect(await mute).toMatchObject({ code: 'timed_out', phase: 'answer' })
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 2])
    // Its idle connection has been there long enough by that clock, too.
    await waitFor(() => server.open === 0 && gateway.outbound.open === 0)
  })
})
