import { afterEach, describe, expect, test } from 'bun:test'
import { type Origin, type OriginRequest, startOrigin } from '../../support/origin.ts'
import { waitFor } from '../../support/wait.ts'
import { answerOf, failureOf, type Asking } from './asks.ts'

const origins: Origin[] = []
afterEach(async () => {
  for (const origin of origins.splice(0)) await origin[Symbol.asyncDispose]()
})

type Where = (request: OriginRequest) => readonly [status: number, location: string | null]

/** Answers with a redirect to where that says, else with the request's line. */
function redirecting(where: Where, body = 'elsewhere'): Origin {
  const started = startOrigin((request, reply) => {
    const [status, location] = where(request)
    if (location === null) reply.send(200, `${request.method} ${request.target} ${request.body}`)
    else reply.send(status, body, [`Location: ${location}`])
  })
  origins.push(started)
  return started
}

const once =
  (status: number, location: string): Where =>
  ({ target }) => [status, target === '/from' ? location : null]
const from = (port: number, change: Partial<Asking['request']> = {}, redirects = 3): Asking => ({
  port,
  request: { target: '/from', ...change },
  limits: { redirects },
})

describe('a redirect', () => {
  test('is an answer like any other where none is to be followed', async () => {
    const server = redirecting(once(302, '/to'))
    expect(await answerOf({ port: server.port, request: { target: '/from' } })).toEqual([
      302,
      'elsewhere',
      false,
    ])
    expect(server.requests.length).toBe(1)
  })

  test.each([
    [301, 'GET', null, 'GET /to '],
    [302, 'HEAD', null, ''],
    [302, 'POST', 'hi', 'GET /to '],
    [302, 'PUT', 'hi', 'PUT /to hi'],
    [303, 'PUT', 'hi', 'GET /to '],
    [307, 'POST', 'hi', 'POST /to hi'],
    [308, 'POST', 'hi', 'POST /to hi'],
  ])('%p of a %p with body %p asks as RFC 9110 says', async (status, method, body, seen) => {
    const server = redirecting(once(status, '/to'))
    const request = {
      method,
      body: body === null ? null : Buffer.from(body),
      fields: [['Content-Type', 'a/b']] as const,
    }
    expect(await answerOf(from(server.port, request))).toEqual([200, seen, false])
    expect(server.requests[1]?.all('content-type')).toEqual(
      seen.startsWith('GET') && body !== null ? [] : ['a/b'],
    )
    expect(server.problems).toEqual([])
    await waitFor(() => server.open === 0)
  })

  test('leads to wherever its Location says, read against where it came from', async () => {
    const other = redirecting(() => [200, null])
    for (const [location, seen] of [
      [`http://127.0.0.1:${other.port}/a?b#c`, 'GET /a?b '],
      [`http://127.0.0.1:${other.port}`, 'GET / '],
      [`//127.0.0.1:${other.port}/x`, 'GET /x '],
    ] as const)
      expect((await answerOf(from(redirecting(once(302, location)).port)))[1]).toBe(seen)
    for (const [location, seen] of [
      ['to', 'GET /to '],
      ['?q', 'GET /from?q '],
      ['../a b', 'GET /a%20b '],
    ] as const)
      expect((await answerOf(from(redirecting(once(302, location)).port)))[1]).toBe(seen)
  })

  test('to another host leaves behind what was for the first', async () => {
    const other = redirecting(() => [200, null])
    const first = redirecting(once(302, `http://127.0.0.1:${other.port}/to`))
    const fields = [
      ['Authorization', 'secret'],
      ['Cookie', 'a=b'],
      ['Host', 'first.test'],
      ['X-A', '1'],
    ] as const
    await answerOf(from(first.port, { fields }))
    expect(first.requests[0]?.all('host')).toEqual(['first.test'])
    const [request] = other.requests
    expect(['authorization', 'cookie', 'host', 'x-a'].map((name) => request?.get(name))).toEqual([
      null,
      null,
      `127.0.0.1:${other.port}`,
      '1',
    ])
    const same = redirecting(once(302, '/to'))
    await answerOf(from(same.port, { fields }))
    expect(same.requests[1]?.all('authorization')).toEqual(['secret'])
  })

  test('that never ends does', async () => {
    const server = redirecting(() => [302, '/from'])
    expect(await failureOf(from(server.port, {}, 5))).toEqual([
      'redirected_too_often',
      'answer',
      'redirected more than 5 times',
    ])
    expect(server.requests.length).toBe(6)
    await waitFor(() => server.open === 0)
  })

  test('counts for the time that there is for all', async () => {
    const server = startOrigin(async (request, reply) => {
      if (request.place > 0 || server.requests.length > 3) return
      reply.send(302, '', ['Location: /again'])
    })
    origins.push(server)
    expect(await failureOf({ ...from(server.port, {}, 50), limits: { redirects: 50, total: 100 } })).toEqual([
      'timed_out',
      'answer',
      'timed out after 100ms while waiting for the answer',
    ])
  })

  test.each([
    ['https://secure.test/', 'redirected to "https://secure.test/", which is not spoken here'],
    ['ftp://a/', 'redirected to "ftp://a/", which is not spoken here'],
    ['http://', 'redirected to "http://", which is no URL'],
    ['http://a:0/', 'redirected to "http://a:0/", which is no URL'],
  ])('to %p is refused', async (location, words) => {
    expect(await failureOf(from(redirecting(once(302, location)).port))).toEqual([
      'redirect_refused',
      'answer',
      words,
    ])
  })

  test('without a Location is an answer', async () => {
    const server = startOrigin((_, reply) => reply.send(302, 'x'))
    origins.push(server)
    expect(await answerOf(from(server.port))).toEqual([302, 'x', false])
  })
})
