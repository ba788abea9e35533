import { afterEach, describe, expect, test } from 'bun:test'
import { type Origin, type Script, startOrigin } from '../../support/origin.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { ask, answerOf, failureOf } from './asks.ts'

const origins: Origin[] = []
afterEach(async () => {
  for (const origin of origins.splice(0)) await origin[Symbol.asyncDispose]()
})
function origin(script: Script, when: 'head' | 'request' = 'request'): Origin {
  const started = startOrigin(script, { when })
  origins.push(started)
  return started
}
/** A server that sends these, each in a segment of its own, and then ends unless told otherwise. */
const sending = (segments: readonly string[], end: 'fin' | 'rst' | 'nothing' = 'fin'): Origin =>
  origin(async (_, reply) => {
    for (const segment of segments) await reply.raw(segment)
    if (end !== 'nothing') reply[end]()
  })

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

describe('a request', () => {
  test('is sent as it was asked for, with what HTTP wants beside it', async () => {
    const server = origin((_, reply) => reply.send(200, 'ok'))
    await ask({
      port: server.port,
      request: {
        target: '/a?b=1',
        fields: [
          ['X-A', '1'],
          ['Accept', 'text/plain'],
        ],
      },
    })
    expect(server.requests[0]?.head.split('\r\n')).toEqual([
      'GET /a?b=1 HTTP/1.1',
      `Host: 127.0.0.1:${server.port}`,
      'User-Agent: sluice',
      'Accept: text/plain',
      'X-A: 1',
      'Connection: close',
      '',
      '',
    ])
  })

  test('has its body behind it, of any size, and a length where one is wanted', async () => {
    const server = origin((request, reply) => reply.send(200, String(request.bodyLength)))
    const body = Buffer.alloc(3_000_000, 'x')
    const asked = { port: server.port, request: { method: 'POST', body } }
    expect(await answerOf(asked)).toEqual([200, '3000000', false])
    expect(await answerOf({ port: server.port, request: { method: 'PUT' } })).toEqual([200, '0', false])
    expect(server.requests.map((request) => request.all('content-length'))).toEqual([['3000000'], ['0']])
    expect(server.problems).toEqual([])
  })

  test('is framed by the client alone, whatever its fields say', async () => {
    const server = origin((_, reply) => reply.send(200))
    const fields = [
      ['Content-Length', '99'],
      ['transfer-encoding', 'chunked'],
      ['Connection', 'keep-alive'],
    ] as const
    await ask({ port: server.port, request: { fields, body: Buffer.from('hi'), method: 'POST' } })
    const [request] = server.requests
    expect([request?.body, request?.all('connection'), request?.all('transfer-encoding')]).toEqual([
      'hi',
      ['close'],
      [],
    ])
  })

  test.each([
    [{ method: 'GE T' }, '"GE T" is no method'],
    [{ target: '/a b' }, '"/a b" is no target: a path and a query are wanted'],
    [{ target: 'http://h/' }, '"http://h/" is no target: a path and a query are wanted'],
    [{ target: '/\r\nX: y' }, '"/\\r\\nX: y" is no target: a path and a query are wanted'],
    [{ fields: [['X: y', '1']] as const }, '"X: y" is no name of a field'],
    [
      { fields: [['X', '1\r\nY: 2']] as const },
      'field X: "1\\r\\nY: 2" has characters that may not be in it',
    ],
    [{ fields: [['X', '\u{1F600}']] as const }, 'field X: "\u{1F600}" has characters that may not be in it'],
  ])('that would be another one for who reads it is not sent: %p', async (request, words) => {
    const server = origin((_, reply) => reply.send(200))
    expect(await failureOf({ port: server.port, request })).toEqual(['request_invalid', 'name', words])
    expect(server.accepted).toBe(0)
  })

  test('has a connection of its own, which ends with it', async () => {
    const server = origin((_, reply) => reply.send(200, 'ok'))
    for (let n = 0; n < 3; n++) expect(await answerOf({ port: server.port })).toEqual([200, 'ok', false])
    expect(server.accepted).toBe(3)
    await waitFor(() => server.open === 0)
  })
})

describe('an answer', () => {
  test('is told with its status, its fields in order and its body', async () => {
    const server = sending([
      `${OK}X-B: 2\r\nSet-Cookie: a\r\nset-cookie:b \r\nContent-Length: 3\r\n\r\na\xffb`,
    ])
    const end = await ask({ port: server.port })
    expect(end).toEqual({
      is: 'answer',
      status: 200,
      fields: [
        ['x-b', '2'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
        ['content-length', '3'],
      ],
      body: Buffer.from('a\xffb', 'latin1'),
      isCut: false,
    })
  })

  test('is read however it is framed and cut', async () => {
    for (const segments of [
      [`${OK}Content-Length: 5\r\n\r\nhello`],
      [`${OK}Content-Length: 5\r\n\r\nhello and more that nobody asked for`],
      [...`${OK}Content-Length: 5\r\n\r\nhello`],
      [`${CHUNKED}2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-T: 1\r\n\r\n`],
      [...`${CHUNKED}2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-T: 1\r\n\r\n`],
      [`${OK}\r\nhel`, 'lo'],
      ['HTTP/1.0 200 OK\r\n\r\nhello'],
    ])
      expect(await answerOf({ port: sending(segments).port })).toEqual([200, 'hello', false])
  })

  test('that is large comes whole, in whichever pieces it was read', async () => {
    const body = Buffer.alloc(5_000_000, 'abcdefghij\n')
    const server = origin((_, reply) => reply.send(200, body))
    const end = await ask({ port: server.port, limits: { body: body.length } })
    expect(end.is === 'answer' && body.equals(end.body)).toBe(true)
  })

  test('that has no body has none: to HEAD, 204, 304', async () => {
    const head = sending([`${OK}Content-Length: 5\r\n\r\n`], 'nothing')
    expect(await answerOf({ port: head.port, request: { method: 'HEAD' } })).toEqual([200, '', false])
    for (const status of [204, 304])
      expect(await answerOf({ port: sending([`HTTP/1.1 ${status} No\r\n\r\n`], 'nothing').port })).toEqual([
        status,
        '',
        false,
      ])
  })

  test('may come behind interim ones, but not behind any number of them', async () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n'
    expect(await answerOf({ port: sending([early, `${OK}Content-Length: 0\r\n\r\n`]).port })).toEqual([
      200,
      '',
      false,
    ])
    expect(await failureOf({ port: sending([early.repeat(200)], 'nothing').port })).toEqual([
      'server_head_too_large',
      'answer',
      'the answer is not HTTP/1.1: interim answers: of HTTP/1.0, or more than 64 KiB of them in short time',
    ])
  })

  test('may come before all of the request is sent', async () => {
    const server = origin((_, reply) => reply.send(413, 'too large'), 'head')
    const request = { method: 'POST', body: Buffer.alloc(30_000_000) }
    expect(await answerOf({ port: server.port, request })).toEqual([413, 'too large', false])
    await waitFor(() => server.open === 0)
    expect(server.requests[0]?.bodyLength).toBeLessThan(30_000_000)
  })

  test('may come before the request is asked', async () => {
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: (socket) => void socket.write(`${OK}Content-Length: 2\r\n\r\nhi`), data() {} },
    })
    expect(await answerOf({ port: listener.port })).toEqual([200, 'hi', false])
    listener.stop(true)
  })

  test('whose body is not wanted is over at its head', async () => {
    const asked: number[] = []
    const wantsBody = (status: number): boolean => asked.push(status) === 0
    const server = sending([`${OK}Content-Length: 9\r\n\r\n`], 'nothing')
    expect(await answerOf({ port: server.port, limits: { wantsBody } })).toEqual([200, '', true])
    expect(asked).toEqual([200])
    await waitFor(() => server.open === 0)
    const empty = sending([`${OK}Content-Length: 0\r\n\r\n`], 'nothing')
    expect(await answerOf({ port: empty.port, limits: { wantsBody } })).toEqual([200, '', false])
  })

  test('whose body is not wanted, or not all of it, may be sent to its end all the same', async () => {
    const left: number[] = []
    const server = origin(async (_, reply) => {
      let isGone = false
      void reply.gone.then(() => (isGone = true))
      await reply.raw(`${OK}Content-Length: 200000\r\n\r\n`)
      for (let n = 8; n > 0; n--) {
        await reply.raw(Buffer.alloc(25_000, 'x'))
        if (n > 1) await pause(1)
        if (isGone) left.push(n)
      }
    })
    const limits = { wantsBody: () => false }
    expect(await answerOf({ port: server.port, limits })).toEqual([200, '', true])
    expect(await answerOf({ port: server.port, limits: { body: 3, cuts: true } })).toEqual([200, 'xxx', true])
    await waitFor(() => server.open === 0)
    expect([server.accepted, ...left]).toEqual([2])
  })

  test('whose body is not wanted and has no end is left', async () => {
    const server = origin(async (_, reply) => {
      let isGone = false
      void reply.gone.then(() => (isGone = true))
      await reply.raw(`${OK}\r\n`)
      for (; !isGone; await pause(1)) void reply.raw(Buffer.alloc(10_000))
    })
    expect(await answerOf({ port: server.port, limits: { wantsBody: () => false } })).toEqual([200, '', true])
    await waitFor(() => server.open === 0)
  })
})

describe('a limit', () => {
  test('of the body holds, however the body is framed, and as soon as it is known', async () => {
    for (const segments of [
      [`${OK}Content-Length: 6\r\n\r\n`],
      [`${CHUNKED}6\r\nhelloX`],
      [`${CHUNKED}5\r\nhello\r\n1\r\nX`],
      [`${OK}\r\nhello`, 'X'],
    ])
      expect(await failureOf({ port: sending(segments, 'nothing').port, limits: { body: 5 } })).toEqual([
        'answer_too_large',
        'body',
        'the body of the answer is over 5',
      ])
    for (const exact of [
      `${OK}Content-Length: 5\r\n\r\nhello`,
      `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
      `${OK}\r\nhello`,
    ])
      expect(await answerOf({ port: sending([exact]).port, limits: { body: 5 } })).toEqual([
        200,
        'hello',
        false,
      ])
  })

  test('of the body cuts it where that is asked for', async () => {
    const limits = { body: 5, cuts: true }
    for (const segments of [
      [`${OK}Content-Length: 12\r\n\r\nhello world!`],
      [`${CHUNKED}3\r\nhel\r\n3\r\nlo \r\n`],
      [`${OK}\r\nhel`, 'lo w'],
    ])
      expect(await answerOf({ port: sending(segments, 'nothing').port, limits })).toEqual([
        200,
        'hello',
        true,
      ])
  })

  test('of the head holds', async () => {
    const huge = sending([OK, `X: ${'y'.repeat(20_000)}`], 'nothing')
    expect(await failureOf({ port: huge.port })).toEqual([
      'server_head_too_large',
      'answer',
      'the head of the answer is over 16KiB',
    ])
    const many = sending([`${OK}${'A: b\r\n'.repeat(2000)}Content-Length: 0\r\n\r\n`])
    expect(await answerOf({ port: many.port })).toEqual([200, '', false])
    expect(
      await failureOf({
        port: sending([`${OK}X: ${'y'.repeat(500)}\r\n\r\n`]).port,
        limits: { headBytes: 512 },
      }),
    ).toEqual(['server_head_too_large', 'answer', 'the head of the answer is over 512'])
  })

  test('of the whole, or of a phase, ends what takes longer, and says what was going on', async () => {
    const silent = sending([], 'nothing')
    expect(await failureOf({ port: silent.port, limits: { total: 60 } })).toEqual([
      'timed_out',
      'answer',
      'timed out after 60ms while waiting for the answer',
    ])
    expect(await failureOf({ port: silent.port, limits: { response: 60 } })).toEqual([
      'response_timeout',
      'answer',
      'no answer within 60ms',
    ])
    const half = sending([`${OK}Content-Length: 9\r\n\r\nhi`], 'nothing')
    expect(await failureOf({ port: half.port, limits: { total: 60 } })).toEqual([
      'timed_out',
      'body',
      'timed out after 60ms while reading the body',
    ])
    expect(await failureOf({ port: half.port, limits: { idle: 60 } })).toEqual([
      'server_stalled',
      'body',
      'no more of the body within 60ms',
    ])
    await waitFor(() => silent.open + half.open === 0)
  })

  test('of the whole ends a server that drips', async () => {
    const drips = origin(async (_, reply) => {
      let isGone = false
      void reply.gone.then(() => (isGone = true))
      await reply.raw(`${OK}Content-Length: 999999\r\n\r\n`)
      for (; !isGone; await pause(5)) void reply.raw('x')
    })
    const [code, phase] = await failureOf({ port: drips.port, limits: { total: 150, idle: 10_000 } })
    expect([code, phase]).toEqual(['timed_out', 'body'])
    await waitFor(() => drips.open === 0)
  })
})
