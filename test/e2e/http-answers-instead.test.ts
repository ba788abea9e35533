// Steps that put another answer in place of the one that came.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Answer } from '../../server/head/answer.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

const plain = (status: number, body: string): Answer => ({ status, headers: [], body, fault: null })

const outer: Middleware<never> = {
  name: 'outer',
  request: () => undefined,
  response: (_, head) => head.set('X-Seen', String(head.status)),
}

/** Puts that in place of answers with this status. */
const instead = (status: number, answer: Answer, waits = false): Middleware<never> => ({
  name: 'instead',
  request: () => undefined,
  response: (_, head) => {
    if (head.status !== status) return undefined
    return waits ? Promise.resolve(answer) : answer
  },
})

for (const waits of [false, true]) {
  const how = waits ? ', by a step that waits' : ''

  test(`one without a body makes room, and its connection serves on${how}`, async () => {
    await using origin = startOrigin((_, reply) => reply.send(304, ''))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [outer, instead(304, plain(200, 'what was kept'), waits)],
    })
    await using client = await gateway.client()
    for (let i = 0; i < 3; i++) {
      const answer = await client.get('/')
      expect([answer.status, answer.body]).toEqual([200, 'what was kept'])
      expect(answer.get('x-seen')).toBe('200')
    }
    expect(origin.accepted).toBe(1)
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: null, aborted: false, attempts: 1 })
    await gateway.settled()
  })

  test(`the body of one that makes room goes nowhere${how}`, async () => {
    await using origin = startOrigin((_, reply) => reply.send(500, 'x'.repeat(300_000)))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      steps: [outer, instead(500, plain(200, 'better'), waits)],
    })
    await using client = await gateway.client()
    for (let i = 0; i < 2; i++) expect((await client.get('/')).body).toBe('better')
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: null, aborted: false })
    await gateway.settled()
  })
}

test('one takes the place of a fault of ours', async () => {
  await using gateway = startEngine({
    config: toServers(['http://127.0.0.1:1']),
    steps: [outer, instead(502, plain(200, 'kept'))],
  })
  await using client = await gateway.client()
  const answer = await client.get('/')
  expect([answer.status, answer.body, answer.get('x-seen')]).toEqual([200, 'kept', '200'])
  expect(await gateway.logged()).toMatchObject({ status: 200, fault: null })
  await gateway.settled()
  expect(bugs).toEqual([])
})
