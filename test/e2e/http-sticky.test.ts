// Sessions that stay with a server by a cookie: what requests show, and what answers say.
import { describe, expect, test } from 'bun:test'
import { StickySeal } from '../../server/backends/sticky-seal.ts'
import { STATE_DOWN, STATE_UP } from '../../server/scoreboard/states.ts'
import { unixSeconds } from '../../server/lib/clock.ts'
import { startNamed } from '../support/backends.ts'
import { answering, startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { freePort } from '../support/kernel.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const SECRET = 'a secret of the tests'
const seal = new StickySeal('origin', [SECRET])
const named = (name: string, url: string) => ({ name, url })

interface Got {
  readonly status: number
  readonly body: string
  /** Of Set-Cookie, without its value; null: none was set. */
  readonly attributes: string | null
  /** What the client sends from now on. */
  readonly cookie: string
  readonly result: string
  readonly why: string | null
  readonly cacheControl: string | null
}

/** A request on a connection of its own with this Cookie; '' for none. */
async function get(gateway: TestEngine, cookie = '', target = '/'): Promise<Got> {
  await using client = await gateway.client()
  const answer = await client.get(target, cookie === '' ? '' : `Cookie: ${cookie}\r\n`)
  const set = answer.all('set-cookie')
  expect(set.length).toBeLessThanOrEqual(1)
  const [first = '', ...attributes] = (set[0] ?? '').split('; ')
  const { sticky } = await gateway.logged()
  return {
    status: answer.status,
    body: answer.body,
    attributes: set.length === 0 ? null : attributes.join('; '),
    cookie: set.length === 0 ? cookie : first,
    result: sticky?.result ?? '-',
    why: sticky?.why ?? null,
    cacheControl: answer.get('cache-control'),
  }
}

const USUAL = 'Max-Age=3600; Path=/; HttpOnly; SameSite=Lax'

/** Three servers that say their names. */
async function threeServers(
  sticky: object,
  act: (gateway: TestEngine) => Promise<void>,
  more = {},
): Promise<void> {
  await using a = startNamed('a')
  await using b = startNamed('b')
  await using c = startNamed('c')
  const servers = [named('a', a.url), named('b', b.url), named('c', c.url)]
  await using gateway = startEngine({
    config: toServers(servers, { sticky: { secret: SECRET, ...sticky }, ...more }),
  })
  await act(gateway)
  await gateway.settled()
}

describe('a client without a cookie', () => {
  test('is given one, and comes back to the same server with it, which says nothing of it again', () =>
    threeServers({}, async (gateway) => {
      const first = await get(gateway)
      expect(first).toMatchObject({ body: 'a', result: 'new', attributes: USUAL, cacheControl: 'private' })
      expect(first.cookie).toMatch(/^sluice_sticky=[\w-]{40}$/)
      for (let i = 0; i < 6; i++)
        expect(await get(gateway, first.cookie)).toMatchObject({
          body: 'a',
          result: 'hit',
          attributes: null,
          cacheControl: null,
        })
      // Others are spread as ever.
      expect((await get(gateway)).body + (await get(gateway)).body).toBe('bc')
    }))

  test('is served by HTTP/1.0 in the same way', () =>
    threeServers({}, async (gateway) => {
      await using client = await gateway.client()
      client.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
      const answer = await client.readAnswer()
      const [cookie = ''] = (answer.get('set-cookie') ?? '').split(';')
      expect((await gateway.logged()).sticky?.result).toBe('new')
      expect(await get(gateway, cookie)).toMatchObject({ body: answer.body, result: 'hit' })
    }))
})

describe('a cookie', () => {
  const now = unixSeconds()
  const old = seal.seal('b', now - 3700)
  const cases: readonly (readonly [what: string, value: string, result: string])[] = [
    ['that somebody made up', 'A'.repeat(40), 'forged'],
    ['that is empty', '', 'forged'],
    ['of another backend with the same secret', new StickySeal('other', [SECRET]).seal('b', now), 'forged'],
    ['of another secret', new StickySeal('origin', ['another secret of the tests']).seal('b', now), 'forged'],
    ['that is cut', seal.seal('b', now).slice(1), 'forged'],
    ['with a letter more', `${seal.seal('b', now)}A`, 'forged'],
    ['with another word behind it', `${seal.seal('b', now)} A`, 'forged'],
    ['as long as a head may be', 'x'.repeat(8000), 'forged'],
    ['whose ttl is over', old, 'expired'],
    ['from years ahead', seal.seal('b', now + 1e8), 'expired'],
  ]
  test.each(cases)('%s is ignored and replaced', (_what, value, result) =>
    threeServers({}, async (gateway) => {
      const got = await get(gateway, `sluice_sticky=${value}`)
      expect(got).toMatchObject({ status: 200, body: 'a', result, attributes: USUAL })
      expect(await get(gateway, got.cookie)).toMatchObject({ body: 'a', result: 'hit' })
    }),
  )

  test('is found among others, and the first good one of its name counts', () =>
    threeServers({}, async (gateway) => {
      const [ofB, ofC] = [seal.seal('b', now), seal.seal('c', now)]
      const bad = `sluice_sticky=${'A'.repeat(40)}`
      for (const cookie of [
        `x=1; sluice_sticky=${ofB}; y=2`,
        `not_sluice_sticky=${ofC};sluice_sticky=${ofB}`,
        `${bad}; sluice_sticky=${old}; sluice_sticky=${ofB}; sluice_sticky=${ofC}`,
        `x="; sluice_sticky=${ofB} ; z`,
      ])
        expect(await get(gateway, cookie)).toMatchObject({ body: 'b', result: 'hit', attributes: null })
      // In two fields, too, as other protocols are allowed to split it.
      expect(await get(gateway, `x=1\r\nCookie: sluice_sticky=${ofC}`)).toMatchObject({
        body: 'c',
        result: 'hit',
      })
      // Nobody has us look for ever.
      expect(await get(gateway, `${Array(8).fill(bad).join(';')};sluice_sticky=${ofB}`)).toMatchObject({
        result: 'forged',
      })
    }))

  test('is given anew when a tenth of its ttl is over, with its attributes, and not before', () =>
    threeServers(
      {
        sliding: true,
        path: '/app',
        domain: 'example.org',
        same_site: 'strict',
        http_only: false,
        secure: true,
      },
      async (gateway) => {
        const young = await get(gateway, `sluice_sticky=${seal.seal('b', now - 300)}`)
        expect(young).toMatchObject({ body: 'b', result: 'hit', attributes: null })
        const aged = await get(gateway, `sluice_sticky=${seal.seal('b', now - 1000)}`)
        expect(aged).toMatchObject({
          body: 'b',
          result: 'hit',
          attributes: 'Max-Age=3600; Path=/app; Domain=example.org; Secure; SameSite=Strict',
        })
        expect(seal.open(Buffer.from(aged.cookie), 14)?.givenS).toBeGreaterThan(now - 60)
      },
    ))

  test('of a fixed ttl is not; without a ttl it has no end', async () => {
    await threeServers({ sliding: false }, async (gateway) => {
      const cookie = `sluice_sticky=${seal.seal('b', now - 3000)}`
      expect(await get(gateway, cookie)).toMatchObject({ body: 'b', result: 'hit', attributes: null })
    })
    await threeServers({ ttl: '0s' }, async (gateway) => {
      const first = await get(gateway)
      expect(first.attributes).toBe('Path=/; HttpOnly; SameSite=Lax')
      expect(await get(gateway, first.cookie)).toMatchObject({
        body: first.body,
        result: 'hit',
        attributes: null,
      })
    })
  })

  test('of a secret that goes is signed anew, and ends when it would have', () =>
    threeServers(
      { secret: undefined, secrets: ['the newest of all secrets', SECRET], sliding: false },
      async (gateway) => {
        const got = await get(gateway, `sluice_sticky=${seal.seal('b', now - 1600)}`)
        expect(got).toMatchObject({ body: 'b', result: 'hit' })
        const age = Number(/Max-Age=(\d+)/.exec(got.attributes ?? '')?.[1])
        expect(age).toBeGreaterThan(1900)
        expect(age).toBeLessThanOrEqual(2002)
        const opened = new StickySeal('origin', ['the newest of all secrets']).open(
          Buffer.from(got.cookie),
          14,
        )
        expect(opened?.givenS).toBe(now - 1600)
        expect(await get(gateway, got.cookie)).toMatchObject({ body: 'b', result: 'hit', attributes: null })
      },
    ))

  test('is not seen by servers where it is stripped, and other cookies are', async () => {
    for (const strip of [true, false]) {
      await using origin = startOrigin((request, reply) => reply.send(200, request.get('cookie') ?? '-'))
      await using gateway = startEngine({
        config: toServers([origin.url], { sticky: { secret: SECRET, strip } }),
      })
      const whole = `a=1; sluice_sticky=${'A'.repeat(40)}; b=2`
      expect((await get(gateway, whole)).body).toBe(strip ? 'a=1; b=2' : whole)
      const alone = (await get(gateway)).cookie
      expect((await get(gateway, alone)).body).toBe(strip ? '-' : alone)
      expect((await get(gateway, 'c=3')).body).toBe('c=3')
      // Sign-ins to a dashboard go to no server, however the field is written.
      const signIn = 'sluice-0d9d76b1=a-sign-in'
      expect((await get(gateway, `${signIn}; ${alone}; d=4`)).body).not.toContain('sign-in')
      await gateway.settled()
    }
  })

  test('takes its answer out of shared caches, unless that is not wanted', async () => {
    const said = [
      ['public, s-maxage=60, max-age=5', 'private, max-age=5'],
      ['no-store', 'no-store'],
      ['max-age=5, Private', 'max-age=5, Private'],
    ] as const
    for (const [before, after] of said)
      for (const cache of ['private', 'keep']) {
        await using origin = startOrigin(answering('x', [`Cache-Control: ${before}`]))
        await using gateway = startEngine({
          config: toServers([origin.url], { sticky: { secret: SECRET, cache } }),
        })
        const first = await get(gateway)
        expect(first.cacheControl).toBe(cache === 'keep' ? before : after)
        // Without a new cookie nobody need care.
        expect((await get(gateway, first.cookie)).cacheControl).toBe(before)
        await gateway.settled()
      }
  })

  test('stands in the answer beside those of the server', async () => {
    await using origin = startOrigin(answering('x', ['Set-Cookie: id=7', 'Set-Cookie: other=8']))
    await using gateway = startEngine({ config: toServers([origin.url], { sticky: { secret: SECRET } }) })
    await using client = await gateway.client()
    const { all } = { all: (await client.get('/')).all('set-cookie') }
    expect(all.slice(0, 2)).toEqual(['id=7', 'other=8'])
    expect(all[2]).toStartWith('sluice_sticky=')
    await gateway.settled()
  })
})

describe('a server that is out of use', () => {
  test('loses its sessions to another one, with the attributes that they had', () =>
    threeServers({ domain: 'example.org' }, async (gateway) => {
      const first = await get(gateway)
      expect(first.body).toBe('a')
      const [a] = gateway.backend().servers
      gateway.setState(a!, STATE_DOWN)
      const moved = await get(gateway, first.cookie)
      expect(moved).toMatchObject({ result: 'moved', why: 'down', attributes: first.attributes })
      expect(moved.body).not.toBe('a')
      gateway.setState(a!, STATE_UP)
      expect(await get(gateway, moved.cookie)).toMatchObject({ body: moved.body, result: 'hit' })
    }))

  test('and is gone from the config, does so too', () =>
    threeServers({}, async (gateway) => {
      const got = await get(gateway, `sluice_sticky=${seal.seal('z', unixSeconds())}`)
      expect(got).toMatchObject({ status: 200, result: 'moved', why: 'gone', attributes: USUAL })
    }))
})

describe('a server that fails', () => {
  test('is stood in for once, and keeps its session as long as it is not out of use', async () => {
    await using good = startNamed('good')
    await using gateway = startEngine({
      config: toServers([named('bad', `http://127.0.0.1:${freePort()}`), named('good', good.url)], {
        sticky: { secret: SECRET },
      }),
    })
    const cookie = `sluice_sticky=${seal.seal('bad', unixSeconds())}`
    const got = await get(gateway, cookie)
    expect(got).toMatchObject({
      status: 200,
      body: 'good',
      result: 'elsewhere',
      why: 'failed',
      attributes: null,
    })
    gateway.setState(gateway.backend().servers[0]!, STATE_DOWN)
    expect(await get(gateway, cookie)).toMatchObject({
      body: 'good',
      result: 'moved',
      why: 'down',
      attributes: USUAL,
    })
    await gateway.settled()
  })

  test('and was reached, begins a session with an answer of ours; one that was not does not', async () => {
    await using cut = startOrigin((_request, reply) => reply.rst())
    const config = { sticky: { secret: SECRET }, retry: { attempts: 1 } }
    await using reached = startEngine({ config: toServers([cut.url], config) })
    expect(await get(reached)).toMatchObject({ status: 502, result: 'new', attributes: USUAL })
    await using unreached = startEngine({ config: toServers([`http://127.0.0.1:${freePort()}`], config) })
    expect(await get(unreached)).toMatchObject({ status: 502, attributes: null })
    await reached.settled()
    await unreached.settled()
  })
})

describe('a server that is full', () => {
  const held = async (
    full: string,
    act: (gateway: TestEngine, cookie: string, release: () => void) => Promise<void>,
  ): Promise<void> => {
    const gate = makeGate()
    await using a = startOrigin(async ({ target }, reply) => {
      if (target === '/hold') await gate.opened
      reply.send(200, 'a')
    })
    await using b = startNamed('b')
    await using gateway = startEngine({
      config: toServers([{ ...named('a', a.url), max_connections: 1 }, named('b', b.url)], {
        sticky: { secret: SECRET, full },
      }),
    })
    const cookie = `sluice_sticky=${seal.seal('a', unixSeconds())}`
    await using holder = await gateway.client()
    holder.send(`GET /hold HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`)
    await waitFor(() => gateway.inFlight === 1)
    await act(gateway, cookie, () => gate.open())
    gate.open()
    await holder.readAnswer()
    await gateway.settled()
  }

  test('has its sessions served elsewhere this once', () =>
    held('other', async (gateway, cookie) => {
      const got = await get(gateway, cookie)
      expect(got).toMatchObject({ body: 'b', result: 'elsewhere', why: 'full', attributes: null })
    }))

  test('has them wait, where that is wanted, and holds nobody else up', () =>
    held('wait', async (gateway, cookie, release) => {
      await using waiting = await gateway.client()
      waiting.send(`GET / HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`)
      await waitFor(() => gateway.backend().queue.length === 1)
      expect(await get(gateway)).toMatchObject({ body: 'b', result: 'new' })
      release()
      expect((await waiting.readAnswer()).body).toBe('a')
      expect(gateway.log.filter(({ sticky }) => sticky?.result === 'hit')).toHaveLength(2)
    }))

  test('and goes down meanwhile, lets them go to another one', () =>
    held('wait', async (gateway, cookie) => {
      await using waiting = await gateway.client()
      waiting.send(`GET / HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`)
      await waitFor(() => gateway.backend().queue.length === 1)
      gateway.setState(gateway.backend().servers[0]!, STATE_DOWN)
      expect((await waiting.readAnswer()).body).toBe('b')
      expect((await gateway.logged()).sticky).toEqual({ result: 'moved', why: 'down' })
    }))
})
