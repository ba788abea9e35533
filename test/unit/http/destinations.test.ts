// Where a rule leads an exchange: the parts of a split, and maintenance in place of a destination.
import { describe, expect, test } from 'bun:test'
import { STATE_DOWN, STATE_UP } from '../../../server/scoreboard/states.ts'
import { answering, startEngine, type TestEngine } from '../../support/engine.ts'
import { startOrigin } from '../../support/origin.ts'

interface World extends AsyncDisposable {
  readonly gateway: TestEngine
  /** Who answers, and what it says in Set-Cookie. */
  ask(
    fields?: string,
    target?: string,
  ): Promise<{ who: string; status: number; cookie: string | null; cache: string | null }>
  setDown(name: string, isDown: boolean): void
}

/** An engine with the backends a and b, whose servers say so. */
async function world(rule: object): Promise<World> {
  const origins = ['a', 'b'].map((name) => startOrigin(answering(name, ['Cache-Control: public, max-age=9'])))
  const backends = Object.fromEntries(
    origins.map(({ url }, n) => ['ab'[n], { servers: [{ url }], retry: { attempts: 1 } }]),
  )
  const gateway = startEngine({ config: { backends, rules: [{ name: 'r', ...rule }] } })
  const client = await gateway.client()
  return {
    gateway,
    async ask(fields = '', target = '/') {
      const answer = await client.get(target, fields)
      const { status, body: who } = answer
      return { who, status, cookie: answer.get('set-cookie'), cache: answer.get('cache-control') }
    },
    setDown(name, isDown) {
      for (const server of gateway.backend(name).servers)
        gateway.setState(server, isDown ? STATE_DOWN : STATE_UP)
    },
    async [Symbol.asyncDispose]() {
      await gateway.settled()
      await gateway[Symbol.asyncDispose]()
      for (const origin of origins) await origin[Symbol.asyncDispose]()
    },
  }
}

const splitOf = (a: number, b: number, more: object = {}): object => ({
  split: {
    to: [
      { backend: 'a', weight: a },
      { name: 'green', backend: 'b', weight: b },
    ],
    ...more,
  },
})

describe('a split', () => {
  test('all to nothing sends none to the other part, and is switched by swapping weights', async () => {
    for (const [weights, who] of [
      [[100, 0], 'a'],
      [[0, 100], 'b'],
    ] as const) {
      await using w = await world(splitOf(weights[0], weights[1]))
      for (let n = 0; n < 20; n++) expect((await w.ask()).who).toBe(who)
      expect(w.gateway.counted('split_requests_total')).toEqual({
        [`r ${who === 'a' ? 'a' : 'green'} own`]: 20,
      })
    }
  })

  test('by a field sends the same one to the same part, and who has none by chance', async () => {
    await using w = await world(splitOf(1, 1, { by: 'header X-User' }))
    const first = new Map<string, string>()
    for (let round = 0; round < 3; round++)
      for (let user = 0; user < 20; user++) {
        const { who } = await w.ask(`X-User: ${user}\r\n`)
        expect(who).toBe(first.get(String(user)) ?? who)
        first.set(String(user), who)
      }
    expect(new Set(first.values())).toEqual(new Set(['a', 'b']))
    const counted = Object.values(w.gateway.counted('split_requests_total'))
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(60)
  })

  test('by a cookie gives one to who has none, which no cache keeps for others, and believes it', async () => {
    await using w = await world(splitOf(1, 1, { by: 'cookie', cookie: { name: 'part' } }))
    for (let n = 0; n < 10; n++) {
      const { who, cookie, cache } = await w.ask()
      const [, value = ''] =
        /^part=([0-9a-f]{8}); Max-Age=2073600; Path=\/; HttpOnly; SameSite=Lax$/.exec(cookie ?? '') ?? []
      expect([value.length, cache]).toEqual([8, 'private, max-age=9'])
      const again = await w.ask(`Cookie: part=${value}\r\n`)
      expect(again).toMatchObject({ who, cookie: null, cache: 'public, max-age=9' })
    }
    // Who writes one of its own gets another.
    expect((await w.ask('Cookie: part=green\r\n')).cookie).toStartWith('part=')
  })

  test('whose part has no server in use sends its requests to the others, until one is back', async () => {
    await using w = await world(splitOf(100, 1, { by: 'header X-User' }))
    w.setDown('a', true)
    expect(await w.ask('X-User: 1\r\n')).toMatchObject({ who: 'b', status: 200 })
    w.setDown('b', true)
    expect((await w.ask('X-User: 1\r\n')).status).toBe(503)
    expect(w.gateway.log.at(-1)).toMatchObject({ fault: 'no_server' })
    w.setDown('a', false)
    expect((await w.ask('X-User: 1\r\n')).who).toBe('a')
    expect(w.gateway.counted('split_requests_total')).toEqual({ 'r green instead': 1, 'r a own': 2 })
    // What was refused is counted for the backend that it was for.
    expect(w.gateway.counted('requests_total')).toMatchObject({ 'web r a - GET 503': 1 })
  })

  test('never sends to a part without weight, and stays where that is wanted', async () => {
    await using blue = await world(splitOf(100, 0))
    blue.setDown('a', true)
    expect((await blue.ask()).status).toBe(503)
    await using stays = await world(splitOf(100, 1, { by: 'header X-User', when_down: 'stay' }))
    stays.setDown('a', true)
    expect((await stays.ask('X-User: 1\r\n')).status).toBe(503)
  })
})

describe('maintenance', () => {
  test('is answered in place of the destination, in the form that is taken, and is no failure', async () => {
    await using w = await world({ backend: 'a', maintenance: { message: 'soon', page: '<p>soon</p>' } })
    const json = await w.ask('Accept: application/json\r\n')
    expect([json.status, JSON.parse(json.who)]).toMatchObject([503, { fault: 'maintenance', detail: 'soon' }])
    expect((await w.ask('Accept: text/html\r\n')).who).toBe('<p>soon</p>')
    expect(w.gateway.counted('faults_total')).toEqual({ maintenance: 2 })
    expect(w.gateway.board.failures(0)).toBe(0)
    expect(w.gateway.log.at(-1)).toMatchObject({ server: null, attempts: 0 })
  })

  test('lets those through that may look, and is nothing where it is over or false', async () => {
    for (const maintenance of [{ allow: ['127.0.0.0/8'] }, { until: '2001-01-01T00:00:00Z' }, false]) {
      await using w = await world({ backend: 'a', maintenance })
      expect((await w.ask()).who).toBe('a')
    }
    await using w = await world({ maintenance: true })
    expect((await w.ask()).status).toBe(503)
  })
})
