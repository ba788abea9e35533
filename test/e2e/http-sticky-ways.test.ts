// Sessions that stay by what is not the gateway's own: a field, a cookie of the servers.
import { describe, expect, test } from 'bun:test'
import { StickySeal } from '../../server/backends/sticky-seal.ts'
import { unixSeconds } from '../../server/lib/clock.ts'
import { STATE_DOWN, STATE_UP } from '../../server/scoreboard/states.ts'
import { startNamed } from '../support/backends.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate } from '../support/wait.ts'

const SECRET = 'a secret of the tests'
const named = (name: string, url: string) => ({ name, url })

describe('by a header', () => {
  test('those with the same value go to one server, whatever the algorithm is, and others where that says', async () => {
    await using a = startNamed('a')
    await using b = startNamed('b')
    await using c = startNamed('c')
    const servers = [named('a', a.url), named('b', b.url), named('c', c.url)]
    await using gateway = startEngine({ config: toServers(servers, { sticky: { header: 'X-User' } }) })
    const whose = async (user: string): Promise<string> => {
      await using client = await gateway.client()
      return (await client.get('/', `X-User: ${user}\r\n`)).body
    }
    const first = await Promise.all(Array.from({ length: 12 }, (_, user) => whose(`u${user}`)))
    const second = await Promise.all(Array.from({ length: 12 }, (_, user) => whose(`u${user}`)))
    expect(second).toEqual(first)
    expect(new Set(first).size).toBe(3)
    await using client = await gateway.client()
    const bodies = [await client.get('/'), await client.get('/'), await client.get('/')]
    expect(bodies.map(({ body }) => body).toSorted()).toEqual(['a', 'b', 'c'])
    expect(bodies.map((one) => one.get('set-cookie'))).toEqual([null, null, null])
    await gateway.settled()
  })
})

describe('by a cookie of the servers', () => {
  /** Two servers with sessions of their own: /in gives one, /out takes it away, /again gives another one. */
  async function twoApps(act: (gateway: TestEngine) => Promise<void>, sticky = {}): Promise<void> {
    const app = (name: string) =>
      startOrigin(({ target }, reply) => {
        const given: Readonly<Record<string, readonly string[]>> = {
          '/in': [
            `Set-Cookie: sid=${name}1; Path=/app; Secure; SameSite=None; Max-Age=60`,
            'Set-Cookie: x=1',
          ],
          '/again': [`Set-Cookie: sid=${name}2`],
          '/out': ['Set-Cookie: sid=; Path=/app; Max-Age=0'],
          '/like': ['Set-Cookie: sid2=7'],
        }
        reply.send(200, name, given[target] ?? [])
      })
    await using a = app('a')
    await using b = app('b')
    await using gateway = startEngine({
      config: toServers([named('a', a.url), named('b', b.url)], {
        sticky: { learn: 'sid', cookie: 'where', secret: SECRET, ...sticky },
      }),
    })
    await act(gateway)
    await gateway.settled()
  }

  async function ask(gateway: TestEngine, target: string, cookie = '') {
    await using client = await gateway.client()
    const answer = await client.get(target, cookie === '' ? '' : `Cookie: ${cookie}\r\n`)
    const { sticky } = await gateway.logged()
    const set = answer.all('set-cookie')
    const ours = set.filter((one) => one.startsWith('where='))
    return { body: answer.body, set, ours, where: ours[0]?.split(';')[0] ?? '', result: sticky?.result }
  }

  test('ours stands beside it, with its attributes, and leads to the server that gave it', () =>
    twoApps(async (gateway) => {
      expect((await ask(gateway, '/')).set).toEqual([])
      const began = await ask(gateway, '/in')
      expect(began).toMatchObject({ body: 'b', result: 'new' })
      expect(began.ours).toEqual([`${began.where}; Path=/app; Secure; SameSite=None; Max-Age=60`])
      for (let i = 0; i < 4; i++)
        expect(await ask(gateway, '/', `sid=b1; ${began.where}`)).toMatchObject({
          body: 'b',
          result: 'hit',
          set: [],
        })
      // A name that only begins like it is another one.
      expect((await ask(gateway, '/like', `sid=b1; ${began.where}`)).ours).toEqual([])
    }))

  test('goes with it: without the session nobody belongs to a server, and it is taken away as well', () =>
    twoApps(async (gateway) => {
      const { where, body } = await ask(gateway, '/in')
      const alone = [await ask(gateway, '/', where), await ask(gateway, '/', where)]
      expect(alone.map((one) => one.body).toSorted()).toEqual(['a', 'b'])
      expect(alone.map((one) => one.result)).toEqual(['new', 'new'])
      const left = await ask(gateway, '/out', `sid=${body}1; ${where}`)
      expect(left.ours).toEqual([`${where}; Path=/app; Max-Age=0`])
    }))

  test('and follows the session to the server that gives a new one', () =>
    twoApps(async (gateway) => {
      const { where, body } = await ask(gateway, '/in')
      const [own, other] = gateway.backend().servers.toSorted((one) => (one.name === body ? -1 : 1))
      gateway.setState(own!, STATE_DOWN)
      // One that takes the session over without a word is not bound to it.
      const silent = await ask(gateway, '/', `sid=${body}1; ${where}`)
      expect(silent).toMatchObject({ body: other!.name, result: 'moved', set: [] })
      const moved = await ask(gateway, '/again', `sid=${body}1; ${where}`)
      expect(moved).toMatchObject({ body: other!.name, result: 'moved' })
      expect(moved.ours).toEqual([moved.where])
      gateway.setState(own!, STATE_UP)
      expect(await ask(gateway, '/', `sid=x; ${moved.where}`)).toMatchObject({
        body: other!.name,
        result: 'hit',
      })
    }))
})

describe('a session', () => {
  test('stays with its server over a connection that this had closed meanwhile', async () => {
    await using a = startOrigin((request, reply) =>
      request.place === 1 ? reply.fin() : reply.send(200, 'a'),
    )
    await using b = startNamed('b')
    await using gateway = startEngine({
      config: toServers([named('a', a.url), named('b', b.url)], { sticky: { secret: SECRET } }),
    })
    const cookie = `sluice_sticky=${new StickySeal('origin', [SECRET]).seal('a', unixSeconds())}`
    for (let i = 0; i < 4; i++) {
      await using client = await gateway.client()
      expect((await client.get('/', `Cookie: ${cookie}\r\n`)).body).toBe('a')
      expect((await gateway.logged()).sticky).toEqual({ result: 'hit', why: null })
    }
    await gateway.settled()
  })

  test('begins with a 101, and its WebSockets come back to the same server', async () => {
    const upgrade = (name: string) =>
      startOrigin((_request, reply) => {
        void reply.raw(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Name: ${name}\r\n\r\n`,
        )
      })
    await using a = upgrade('a')
    await using b = upgrade('b')
    await using gateway = startEngine({
      config: toServers([named('a', a.url), named('b', b.url)], { sticky: { secret: SECRET } }),
    })
    const open = async (cookie: string) => {
      const client = await gateway.client()
      client.send(
        `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookie}\r\n\r\n`,
      )
      const answer = await client.readAnswer()
      expect(answer.status).toBe(101)
      return answer
    }
    const first = await open('x=1')
    const cookie = first.get('set-cookie')?.split(';')[0] ?? ''
    expect(cookie).toStartWith('sluice_sticky=')
    for (let i = 0; i < 3; i++) {
      const again = await open(cookie)
      expect([again.get('x-name'), again.get('set-cookie')]).toEqual([first.get('x-name'), null])
    }
  })
})

test('a session whose server has failed is elsewhere for that reason, though that one is full when all are asked again', async () => {
  const [opens, never] = [makeGate(), makeGate()]
  await using own = startOrigin(async ({ target }, reply) => {
    if (target !== '/held') return reply.rst()
    await never.opened
    reply.send(200, 'held')
  })
  await using other = startOrigin(async (_request, reply) => {
    if (other.requests.length > 1) return reply.send(200, 'other')
    await opens.opened
    reply.rst()
  })
  const servers = [{ ...named('own', own.url), max_connections: 1 }, named('other', other.url)]
  const config = toServers(servers, { sticky: { secret: SECRET }, retry: { backoff: '1ms' } })
  await using gateway = startEngine({ config })
  const cookie = `Cookie: sluice_sticky=${new StickySeal('origin', [SECRET]).seal('own', unixSeconds())}\r\n`
  await using client = await gateway.client()
  client.send(`GET / HTTP/1.1\r\nHost: h\r\n${cookie}\r\n`)
  await other.received(1)
  await using holder = await gateway.client()
  holder.send(`GET /held HTTP/1.1\r\nHost: h\r\n${cookie}\r\n`)
  await own.received(2)
  opens.open()
  expect((await client.readAnswer()).body).toBe('other')
  expect(await gateway.logged()).toMatchObject({
    attempts: 3,
    sticky: { result: 'elsewhere', why: 'failed' },
  })
  never.open()
  expect((await holder.readAnswer()).body).toBe('held')
  await gateway.settled()
})
