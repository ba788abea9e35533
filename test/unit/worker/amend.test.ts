// One thing of what is served changes, without another plan.
import { afterEach, expect, test } from 'bun:test'
import type { Config } from '../../../server/config/schema.ts'
import { assignSlots, NO_SLOTS, planSlots, type SlotTable } from '../../../server/control/processes/slots.ts'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { STATE_UP } from '../../../server/scoreboard/states.ts'
import type { BackendSlots } from '../../../server/scoreboard/slot.ts'
import type { InProcess } from '../../../server/worker/in-process.ts'
import { rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'
import { config, machine, planOf, serve, stopMachines } from './machines.ts'

const origins: Bun.Server<undefined>[] = []
afterEach(async () => {
  await stopMachines()
  for (const origin of origins.splice(0)) await origin.stop(true)
})

/** A server that says its name, once the gate of a path "/slow" is open. */
function origin(name: string, gate: Promise<void> = Promise.resolve()): string {
  const made = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async ({ url }) => {
      if (url.endsWith('/slow')) await gate
      return new Response(name)
    },
  })
  origins.push(made)
  return `http://127.0.0.1:${made.port}`
}

const balancing = (urls: readonly string[]): Config =>
  config({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'api' }],
    backends: { api: { algorithm: 'round_robin', servers: urls.map((url) => ({ url })) } },
  })

/** What the supervisor does with the states of servers that no check is for. */
function up(board: Scoreboard, { slot, servers }: BackendSlots): void {
  for (const { index, generation } of Object.values(servers)) {
    board.setGeneration(index, generation)
    board.setState(index, STATE_UP)
  }
  board.bumpEpoch(slot.index)
}

/** Has the backend "api" have these servers, as whoever discovers them would. */
function replace({ made, board, table }: Scene, number: number, urls: readonly string[]): SlotTable {
  const { backends } = balancing(urls)
  const next = assignSlots(table, backends, number, () => made.plane.oldestPlan() >= number)
  const slots = planSlots(next, backends)['api']!
  const list = backends['api']!.servers
  up(board, slots)
  made.plane.amend({ type: 'servers', number, backend: 'api', list, slots, records: next.records })
  return next
}

interface Scene {
  readonly made: InProcess
  readonly board: Scoreboard
  readonly table: SlotTable
}

async function answers(made: InProcess, count: number): Promise<string[]> {
  await using client = await rawClient(made.plane.ports().get('web') ?? 0)
  const bodies: string[] = []
  for (let i = 0; i < count; i++) bodies.push((await client.get('/')).body)
  return bodies.toSorted()
}

test('a backend gets other servers: the snapshot stays, those that stay keep their state, what is in flight ends where it is', async () => {
  const gate = Promise.withResolvers<void>()
  const [a, b, c] = [origin('a'), origin('b', gate.promise), origin('c')]
  const board = scoreboardOn(privateRegion(16, 1), 0)
  const made = machine(null, board)
  const words = balancing([a, b])
  const table = assignSlots(NO_SLOTS, words.backends, 1, () => true)
  up(board, planSlots(table, words.backends)['api']!)
  await serve(made, planOf(1, words))
  expect(await answers(made, 4)).toEqual(['a', 'a', 'b', 'b'])
  const { snapshot } = made.plane
  const backend = snapshot?.backends.get('api')
  const [stays] = backend?.servers ?? []
  // Two at a time: one of them is with the server that leaves.
  const port = made.plane.ports().get('web') ?? 0
  const slow = [0, 1].map(async () => {
    await using client = await rawClient(port)
    return (await client.get('/slow')).body
  })
  const asked = Promise.all(slow)
  await waitFor(() => backend?.servers[1]?.live.open === 1 && backend.servers[1].live.idle.length === 0)

  const next = replace({ made, board, table }, 2, [a, c])
  expect(await answers(made, 4)).toEqual(['a', 'a', 'c', 'c'])
  expect(made.plane.snapshot).toBe(snapshot)
  expect(backend?.servers[0]?.live).toBe(stays?.live)
  expect(backend?.servers[0]?.slot).toBe(stays?.slot)
  // The slot of one that left is not given away while somebody may be there.
  expect(next.vacant).toHaveLength(1)
  gate.resolve()
  expect((await asked).toSorted()).toEqual(['a', 'b'])
  for (let i = 0; i < 50 && made.plane.oldestPlan() < 2; i++) {
    // Where the last exchange was is remembered until the next.
    await answers(made, 2)
    Bun.gc(true)
  }
  expect(made.plane.oldestPlan()).toBe(2)
  // None at all is a list as well: then there is nobody to ask.
  const slots = { ...planSlots(next, balancing([a, c]).backends)['api']!, servers: {} }
  made.plane.amend({ type: 'servers', number: 3, backend: 'api', list: [], slots, records: next.records })
  await using client = await rawClient(port)
  expect((await client.get('/')).status).toBe(503)
})
