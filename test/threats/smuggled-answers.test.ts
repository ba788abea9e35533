// Threat: a server whose answer two readers frame differently poisons the connection for the client, or for
// the next request.
//
// Each vector: a scripted server sends it as the answer to /1; then /after must get its own answer, on the
// right connection.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RawClient, type WireAnswer, rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, type Reply, startOrigin } from '../support/origin.ts'
import { pause, waitFor } from '../support/wait.ts'
import { ANSWERS, type AnswerVector, type WantedAnswer } from '../vectors/answers.ts'

let origin: Origin
let gateway: Gateway
let current: AnswerVector
/** The script has sent all and ended as told. */
let played: Promise<void>

beforeAll(async () => {
  origin = startOrigin((request, reply) => {
    if (request.target !== '/1') return reply.send(200, request.target)
    played = play(current, reply)
    return played
  })
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      backends: { origin: { servers: [{ url: origin.url }], retry: { attempts: 1 } } },
      rules: [{ name: 'all', backend: 'origin' }],
    },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

describe('answers', () => {
  for (const vector of ANSWERS) test(vector.name, () => check(vector))
})

async function play({ segments, end }: AnswerVector, reply: Reply): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    if (index > 0) await pause(segments.length > 10 ? 1 : 15)
    await reply.raw(segment)
  }
  // So that what was sent has left before a reset could overtake it.
  if (end === 'rst') await pause(15)
  if (end !== 'nothing') reply[end]()
}

async function check(vector: AnswerVector): Promise<void> {
  const { request, outcome, reused } = vector
  current = vector
  origin.forget()
  const method = request.slice(0, request.indexOf(' '))
  const client = await rawClient(gateway.port())
  client.send(request)
  const answer = await client.readAnswer({ method })
  if (outcome.is === 'failed') expectFailed(answer)
  else if (outcome.is === 'either' && (answer.status === 502 || !answer.complete)) expectFailed(answer)
  else await expectAnswer(client, answer, outcome.answer)
  // What comes after a request went out on the same connection is an answer to it: nobody could tell it
  // apart.
  await played
  if (reused === 'no') await expectDropped()
  await expectNext(client, answer, outcome.is === 'answer')
  client.rst()
  await expectReuse(reused)
}

function expectFailed(answer: WireAnswer): void {
  const { status, complete } = answer
  if (status === 502) expect(complete).toBe(true)
  else expect({ status, complete, body: answer.body.slice(0, 200) }).toMatchObject({ complete: false })
  expect(answer.body).not.toContain('smug')
}

async function expectAnswer(client: RawClient, answer: WireAnswer, wanted: WantedAnswer): Promise<void> {
  const { status, body = '', has = {}, lacks = [], trailers, interim, ending } = wanted
  expect([answer.status, answer.body, answer.complete]).toEqual([status, body, true])
  for (const [name, value] of Object.entries(has)) expect([name, ...answer.all(name)]).toEqual([name, value])
  for (const name of lacks) expect([name, ...answer.all(name)]).toEqual([name])
  if (trailers !== undefined) expect(answer.trailers).toEqual(trailers)
  if (interim !== undefined) expect(answer.interim.map((early) => early.status)).toEqual([...interim])
  if (ending !== undefined) expect(await client.ending()).toBe(ending)
}

/** The gateway ends its connection to the server by itself. */
async function expectDropped(): Promise<void> {
  const used = origin.requests.filter(({ target }) => target === '/1').map(({ connection }) => connection)
  await waitFor(() => used.every((connection) => !origin.isOpen(connection)), {
    what: 'the connection to be dropped',
  })
}

/**
 * What still came on the client's connection: nothing. The next request there gets its own answer, when the
 * connection is still open.
 */
async function expectNext(client: RawClient, first: WireAnswer, mustBeOpen: boolean): Promise<void> {
  const closing = first.version === 'HTTP/1.0' || first.get('connection')?.toLowerCase() === 'close'
  if (closing || (!mustBeOpen && !client.isOpen)) return expect(await client.readToEnd()).toBe('')
  const second = await client.get('/same').catch((problem: unknown) => {
    if (mustBeOpen || client.reader.buffered > 0) throw problem
    return null
  })
  if (second !== null) expect([second.status, second.body]).toEqual([200, '/same'])
}

async function expectReuse(reused: AnswerVector['reused']): Promise<void> {
  const used = origin.requests.filter(({ target }) => target === '/1').map(({ connection }) => connection)
  await using client = await rawClient(gateway.port())
  const after = await client.get('/after')
  expect([after.status, after.body]).toEqual([200, '/after'])
  const next = origin.requests.filter(({ target }) => target !== '/1').map(({ connection }) => connection)
  if (reused === 'yes') expect(used).toContain(next[0]!)
  if (reused === 'no') for (const connection of next) expect(used).not.toContain(connection)
}
