// Requests of ours to a backend, without a client: by the same Forward as those of clients, bounded in bytes,
// in time and in number, and counted apart.
import { describe, expect, test } from 'bun:test'
import { copyHead, madeHead } from '../../../server/head/copy-head.ts'
import { type RequestHead } from '../../../server/head/request-head.ts'
import { giveHead } from '../../../server/head/response-head.ts'
import type {
  AsksBackends,
  SubrequestEvents,
  SubrequestWords,
  UnderWay,
} from '../../../server/http/subrequest-words.ts'
import { event } from '../../../server/lib/event.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import { answering, startEngine, type TestEngine, toServers } from '../../support/engine.ts'
import { freePort } from '../../support/kernel.ts'
import { startOrigin } from '../../support/origin.ts'
import { makeGate, waitFor } from '../../support/wait.ts'
import { request } from '../head/heads.ts'

const BOUNDS = { totalMs: 60_000, answerBytes: 1 << 20 }

interface World extends AsyncDisposable {
  readonly gateway: TestEngine
  /** On behalf of a client whose exchange is over. */
  readonly asks: AsksBackends
  readonly id: string
  words(request: RequestHead, more?: Partial<SubrequestWords>): SubrequestWords
}

/** An engine with a backend "other", and what is known of a client. */
async function world(other: readonly string[], config: object = {}, backend: object = {}): Promise<World> {
  const real = startOrigin(answering('real'))
  let asks: AsksBackends | null = null
  let id = ''
  const step: Middleware<never> = { name: 'look', request: (x) => void ([asks, id] = [x.subrequests, x.id]) }
  const { backends } = toServers([real.url])
  const gateway = startEngine({
    config: {
      ...config,
      backends: { ...backends, other: { servers: other.map((url) => ({ url })), ...backend } },
    },
    steps: [step],
  })
  const client = await gateway.client()
  await client.get('/')
  client.rst()
  return {
    gateway,
    asks: asks as unknown as AsksBackends,
    id,
    words: (head, more) => ({
      ...{ purpose: 'cache', backend: gateway.backend('other'), request: head },
      ...BOUNDS,
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await gateway.settled()
      await gateway[Symbol.asyncDispose]()
      await real[Symbol.asyncDispose]()
    },
  }
}

const made = (more: Partial<Parameters<typeof madeHead>[0]> = {}): RequestHead => {
  const head = madeHead({ method: 'GET', target: '/made', host: 'made.example', fields: [], ...more })
  if (typeof head === 'string') throw new Error(head)
  return head
}

const ask = ({ asks }: World, words: SubrequestWords) => asks.answerOf(words)

/** What is told of one. */
class Heard implements SubrequestEvents {
  readonly told: string[] = []
  head(head: Parameters<SubrequestEvents['head']>[0]): void {
    this.told.push(`head ${head.status}`)
    giveHead(head)
  }
  body(_bytes: Buffer, from: number, to: number): void {
    this.told.push(`body ${to - from}`)
  }
  whole(isCut: boolean): void {
    this.told.push(isCut ? 'cut' : 'end')
  }
  failed(code: string): void {
    this.told.push(code)
  }
}

function begin({ asks }: World, words: SubrequestWords): { one: UnderWay | null; heard: Heard } {
  const heard = new Heard()
  let one: UnderWay | null = null
  event(() => (one = asks.ask(words, heard)))
  return { one, heard }
}

describe('a request of ours', () => {
  test('says on whose behalf it is, has its own body, and leaves nothing among what clients asked', async () => {
    await using other = startOrigin((asked, reply) => reply.send(201, `got ${asked.body}`, ['X-A: 1']))
    await using w = await world([other.url])
    const bytes = Buffer.from('a body')
    const head = made({ method: 'POST', fields: [['X-Why', 'test']], bodyBytes: bytes.length })
    const { answer } = ask(w, w.words(head, { body: { form: 'length', bytes } }))
    const told = await answer
    if (told.is !== 'answer') throw new Error(told.code)
    expect([told.status, told.body.toString(), told.head.get('x-a'), told.isCut]).toEqual([
      201,
      'got a body',
      '1',
      false,
    ])
    const asked = await other.received()
    expect([asked.method, asked.target, asked.get('host'), asked.get('x-why')]).toEqual([
      'POST',
      '/made',
      'made.example',
      'test',
    ])
    expect([asked.get('x-forwarded-for'), asked.get('x-request-id')]).toEqual(['127.0.0.1', w.id])
    expect(w.gateway.log).toHaveLength(1)
    expect(w.gateway.counted('requests_total')).toEqual({
      [`web all origin ${w.gateway.backend().servers[0]?.name} GET 200`]: 1,
    })
    expect(w.gateway.counted('subrequests_total')).toEqual({ 'cache other answered': 1 })
    expect(w.gateway.engine.subrequests.size).toBe(0)
  })

  test('goes to another server where one refuses, as the backend has it', async () => {
    await using other = startOrigin(answering('here'))
    await using w = await world(
      [`http://127.0.0.1:${freePort()}`, other.url],
      {},
      { retry: { backoff: '1ms' } },
    )
    for (let n = 0; n < 2; n++)
      expect(await ask(w, w.words(made())).answer).toMatchObject({ is: 'answer', status: 200 })
    expect(other.requests).toHaveLength(2)
  })

  test('that fails says by which fault, and the next one is none the worse', async () => {
    await using w = await world([`http://127.0.0.1:${freePort()}`], {}, { retry: { attempts: 1 } })
    expect(await ask(w, w.words(made())).answer).toMatchObject({
      is: 'failure',
      code: 'connect_refused',
    })
    expect(w.gateway.counted('subrequests_total')).toEqual({ 'cache other failed': 1 })
  })

  test('may follow with its body piece by piece, up to a bound', async () => {
    await using other = startOrigin((asked, reply) => reply.send(200, asked.body))
    await using w = await world([other.url])
    const head = copyHead(request('POST /f HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'), true)
    const following = { body: { form: 'content', bytes: { most: 8 } } } as const
    const { one, heard } = begin(w, w.words(head, following))
    const piece = Buffer.from('1234')
    event(() => one?.body(piece, 0, 4))
    event(() => one?.body(piece, 0, 4))
    event(() => one?.bodyEnd(null))
    await waitFor(() => heard.told.includes('end'))
    expect(heard.told).toEqual(['head 200', 'body 8', 'end'])
    expect((await other.received()).body).toBe('12341234')
    const more = begin(w, w.words(copyHead(head, true), following))
    for (let n = 0; n < 3; n++) event(() => more.one?.body(piece, 0, 4))
    expect(more.heard.told).toEqual(['body_too_large'])
    // The server that had a part of it sees it cut, never as whole.
    await waitFor(() => other.open === 0 || other.requests.every(({ complete }) => complete))
  })
})

describe('its bounds', () => {
  test('an answer that is too large is a failure, or cut where that is wanted', async () => {
    await using other = startOrigin(answering('x'.repeat(100_000)))
    await using w = await world([other.url])
    expect(await ask(w, w.words(made(), { answerBytes: 99_999 })).answer).toMatchObject({
      code: 'answer_too_large',
    })
    const cut = await ask(w, w.words(made(), { answerBytes: 10, cuts: true })).answer
    expect(cut.is === 'answer' && [cut.body.length, cut.isCut]).toEqual([10, true])
    const whole = await ask(w, w.words(made(), { answerBytes: 100_000 })).answer
    expect(whole.is === 'answer' && [whole.body.length, whole.isCut]).toEqual([100_000, false])
  })

  test('a server that says nothing is given up in time, and so is one that breaks off', async () => {
    const gate = makeGate()
    await using other = startOrigin(async (asked, reply) => {
      if (asked.target !== '/cut') return void (await gate.opened)
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
      reply.fin()
    })
    await using w = await world([other.url])
    const { answer } = ask(w, w.words(made(), { totalMs: 2000 }))
    await other.received()
    w.gateway.runAhead(3000)
    expect(await answer).toMatchObject({ is: 'failure', code: 'timed_out' })
    gate.open()
    expect(await ask(w, w.words(made({ target: '/cut' }))).answer).toMatchObject({
      code: 'server_truncated',
    })
    expect(w.gateway.counted('subrequests_total')).toEqual({
      'cache other timed_out': 1,
      'cache other failed': 1,
    })
  })

  test('so many are under way at most: the next is not begun, which is told; one that is given up makes room', async () => {
    const gate = makeGate()
    await using other = startOrigin(async (_asked, reply) => {
      await gate.opened
      reply.send(200, 'late')
    })
    await using w = await world([other.url], { limits: { subrequests: 2 } })
    const [first, second] = [begin(w, w.words(made())), begin(w, w.words(made()))]
    await other.received(2)
    expect(await ask(w, w.words(made())).answer).toMatchObject({ code: 'subrequest_limit' })
    expect(w.gateway.events).toContainEqual(
      expect.objectContaining({ event: 'limit_reached', limit: 'limits.subrequests', value: 2 }),
    )
    event(() => first.one?.cancel())
    const third = ask(w, w.words(made()))
    await other.received(3)
    gate.open()
    expect(await third.answer).toMatchObject({ is: 'answer', status: 200 })
    await waitFor(() => second.heard.told.includes('end'))
    expect(first.heard.told).toEqual([])
    expect(w.gateway.counted('subrequests_total')).toEqual({
      'cache other refused': 1,
      'cache other cancelled': 1,
      'cache other answered': 2,
    })
  })
})

describe('heads', () => {
  test('a copy has the changes of its original, outlives it, and waits for nothing', () => {
    const original = request(
      'PUT /a?b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nUpgrade: x\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n',
    )
    original.set('X-A', '2')
    original.rewritten = '/other'
    const copy = copyHead(original, true)
    original.set('X-A', '3')
    const bare = copyHead(original, false)
    original.release()
    expect([copy.method, copy.target, copy.host, copy.get('x-a')]).toEqual(['PUT', '/a?b', 'h', '2'])
    expect(copy.rewritten).toBe('/other')
    expect([copy.get('expect'), copy.get('upgrade'), copy.get('content-length')]).toEqual([null, null, '3'])
    expect([bare.get('content-length'), bare.get('x-a')]).toEqual([null, '3'])
  })

  test('nothing in what is made becomes a line or a target of its own', () => {
    const value = `a\r\nX-Evil: 1\0${'v'.repeat(65_536)}`
    const head = made({ fields: [['X-A', value]] })
    expect([head.get('x-evil'), head.get('x-a')?.length]).toEqual([null, value.length])
    for (const target of ['/a b', '/a\r\nX: 1', '/a\0', '/\u010a', ''])
      expect(madeHead({ method: 'GET', target, host: 'h', fields: [] })).toBe('target_invalid')
    for (const host of ['a b', 'a\r\nX: 1', ''])
      expect(typeof madeHead({ method: 'GET', target: '/', host, fields: [] })).toBe('string')
    expect(typeof madeHead({ method: 'GET', target: '/', host: 'a/b', fields: [] })).toBe('string')
    expect(() => made({ fields: [['X\r\nY', '1']] })).toThrow()
  })
})
