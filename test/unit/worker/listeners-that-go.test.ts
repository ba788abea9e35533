// Connections of HTTP on an address that a reload closes, or gives to another kind of listener.
import { afterEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RawClient, rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'
import { config, folder, machine, planOf, serve, stopMachines } from './machines.ts'

afterEach(stopMachines)

const web = { bind: '127.0.0.1:0' }
const relay = {
  ...web,
  protocol: 'turn',
  realm: 'r',
  auth: { users: { a: 'b' } },
  relay: { bind: ['127.0.0.1'] },
}
const plan = (number: number, listeners: Record<string, unknown>) => {
  const rules = [{ name: 'all', respond: { status: 200, body: 'hi' } }]
  return planOf(number, config({ listeners, rules }), { door: join(folder, 'no-door') })
}

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

async function ask(client: RawClient): Promise<string | null> {
  client.send(GET)
  const answer = await client.readAnswer()
  expect(answer.body).toBe('hi')
  return answer.get('connection')
}

describe.each<[string, Record<string, unknown>]>([
  ['is closed', { web }],
  ['becomes a turn listener', { web, old: relay }],
])('when an address %s', (_, after) => {
  test('who asks there once more is told to go, who is silent is ended, and others stay', async () => {
    const made = machine()
    await serve(made, plan(1, { web, old: web }))
    const portOf = (name: string): number => made.plane.ports().get(name) ?? 0
    await using asks = await rawClient(portOf('old'))
    await using silent = await rawClient(portOf('old'))
    await using stays = await rawClient(portOf('web'))
    for (const client of [asks, silent, stays]) expect(await ask(client)).toBeNull()
    await serve(made, plan(2, after))
    expect(await ask(asks)).toBe('close')
    await silent.closed()
    expect(await ask(stays)).toBeNull()
    asks.fin()
    await waitFor(() => made.plane.openConnections === 1)
  })
})

test('an address that comes back to HTTP keeps its clients again', async () => {
  const made = machine()
  const plans = [{ web }, { web: relay }, { web }]
  for (const [i, listeners] of plans.entries()) await serve(made, plan(i + 1, listeners))
  await using client = await rawClient(made.plane.ports().get('web') ?? 0)
  expect([await ask(client), await ask(client)]).toEqual([null, null])
})
