// Staged rollouts through a gateway that serves: all servers are replaced without a failed request, a bad one
// takes it back, and one that the gateway does not live to end is said to have ended.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const serverOf = (name: string, status = 200) =>
  Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(name, { status }) })
const servers = ['one', 'two', 'three', 'four'].map((name) => serverOf(name))
const broken = serverOf('broken', 500)
afterAll(async () => {
  await Promise.all([...servers, broken].map((server) => server.stop(true)))
})
const [one, two, three, four] = servers.map(({ port }) => `http://127.0.0.1:${port}`) as [
  ...[string, string, string, string],
]
const bad = `http://127.0.0.1:${broken.port}`

const gateways: Gateway[] = []
const folders: string[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const words = (...urls: readonly string[]): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, backend: api }]
backends:
  api:
    # checked often
    health_check: { path: /, interval: 100ms, timeout: 2s, rise: 1, fall: 1 }
    servers:
${urls.map((url) => `      - url: ${url}\n`).join('')}workers: 1
drain: 1s
admin: false
`

async function start(text: string, folder?: string): Promise<Gateway> {
  const gateway = await startGateway({ config: text, ...(folder !== undefined && { folder }) })
  gateways.push(gateway)
  return gateway
}

interface Operation {
  readonly id: string
  readonly state: string
  readonly steps: readonly { readonly what: string }[]
  readonly facts: { readonly why?: string | null; readonly before?: string }
}

async function ask<T>(gateway: Gateway, method: string, path: string, body?: unknown): Promise<[number, T]> {
  const answer = await fetch(`http://localhost/api/v1${path}`, {
    unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile),
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    }),
  })
  return [answer.status, (await answer.json()) as T]
}

const begin = (gateway: Gateway, body: object) =>
  ask<{ operation: string; removed: string[] }>(gateway, 'POST', '/backends/api/rollouts', body)

async function ended(gateway: Gateway, id: string): Promise<Operation> {
  return waitFor(
    async () => {
      const [, found] = await ask<Operation>(gateway, 'GET', `/operations/${id}`)
      return ['running', 'paused'].includes(found.state) ? null : found
    },
    { what: 'the end of the rollout' },
  )
}

const onDisk = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')

test('all servers are replaced batch by batch, in the file too, and no request fails', async () => {
  const gateway = await start(words(one, two))
  const [status, begun] = await begin(gateway, {
    new_servers: [three, { url: four, weight: 2 }],
    interval: 0.5,
  })
  expect([status, begun.removed]).toEqual([202, [one, two]])
  expect((await begin(gateway, { new_servers: [three] }))[0]).toBe(409)
  let failed = 0
  const asking = async (): Promise<void> => {
    while (gateway.last('rollout_ended') === undefined) if (!(await gateway.fetch('/')).ok) failed++
  }
  await asking()
  const operation = await ended(gateway, begun.operation)
  expect([operation.state, failed]).toEqual(['done', 0])
  expect(operation.steps.map(({ what }) => what)).toEqual([
    `batch 1 of 2: ${three} added`,
    `batch 1 of 2: ${one} removed`,
    `batch 2 of 2: ${four} added`,
    `batch 2 of 2: ${two} removed`,
    'all batches are through',
  ])
  const text = onDisk(gateway)
  expect(text).toContain('    # checked often\n')
  expect([one, two].filter((url) => text.includes(url))).toEqual([])
  expect([three, four].filter((url) => text.includes(url))).toEqual([three, four])
  expect(gateway.last('applied')).toMatchObject({ revision: 5 })
})

test('a new server that does not come up takes it back', async () => {
  const gateway = await start(words(one, two))
  const [, begun] = await begin(gateway, { new_servers: [three, bad], interval: 0.1, gate: 1 })
  expect(await ended(gateway, begun.operation)).toMatchObject({
    state: 'failed',
    facts: { why: `not up after 1 s: ${bad}; taken back` },
  })
  expect(onDisk(gateway)).toBe(words(one, two))
})

test('what cannot be begun, found or told is said', async () => {
  const gateway = await start(words(one, two))
  expect((await begin(gateway, { new_servers: [one, two] }))[0]).toBe(409)
  expect((await begin(gateway, { new_servers: [] }))[0]).toBe(422)
  expect((await ask(gateway, 'POST', '/backends/none/rollouts', { new_servers: [three] }))[0]).toBe(404)
  expect((await ask(gateway, 'POST', '/backends/api/rollouts/op_none/pause'))[0]).toBe(404)
  const [, begun] = await begin(gateway, { new_servers: [three, four], interval: 60 })
  const path = `/backends/api/rollouts/${begun.operation}`
  expect((await ask(gateway, 'POST', `${path}/pause`))[0]).toBe(202)
  expect((await ask(gateway, 'POST', `${path}/pause`))[0]).toBe(409)
  expect((await ask(gateway, 'DELETE', path))[0]).toBe(202)
  expect(await ended(gateway, begun.operation)).toMatchObject({ state: 'aborted' })
  expect(onDisk(gateway)).toBe(words(one, two))
  expect((await ask(gateway, 'POST', `${path}/resume`))[0]).toBe(409)
})

test('a gateway that is killed in the midst of one says so once it is back; what was done stays', async () => {
  const gateway = await start(words(one, two))
  folders.push(gateway.folder)
  const [, begun] = await begin(gateway, { new_servers: [three, four], interval: 60 })
  await gateway.event('rollout_step', ({ what }) => String(what).includes('removed'))
  gateway.killNow()
  await gateway.process.exited
  const text = onDisk(gateway)
  const again = await start(text, gateway.folder)
  expect(await again.event('rollout_ended')).toMatchObject({ operation: begun.operation, state: 'aborted' })
  expect(onDisk(again)).toBe(text)
  const [, { rollouts }] = await ask<{ rollouts: Operation[] }>(again, 'GET', '/backends/api/rollouts')
  const revision = again.last('serving')?.['revision']
  const why = `what was done stays: revision ${revision} is served`
  // By the id that it had, for who asks for that still.
  expect(rollouts).toMatchObject([
    { id: begun.operation, state: 'aborted', facts: { backend: 'api', why: expect.stringContaining(why) } },
  ])
  const cut = await waitFor(async () => {
    const [, { revisions }] = await ask<{ revisions: { revision: number; why: string | null }[] }>(
      ...([again, 'GET', '/config/revisions'] as const),
    )
    return revisions.find((one) => one.why !== null)
  })
  expect(cut).toMatchObject({ revision, why: expect.stringContaining('the rollout of api was cut here') })
  // It is told once.
  expect(await again.stop()).toBe(0)
  const third = await start(text, gateway.folder)
  expect((await ask<{ rollouts: Operation[] }>(third, 'GET', '/backends/api/rollouts'))[1].rollouts).toEqual(
    [],
  )
})

test('one that only ends as the gateway stops is cut all the same', async () => {
  const gateway = await start(words(one, two))
  folders.push(gateway.folder)
  const [, begun] = await begin(gateway, { new_servers: [three, four], interval: 60 })
  await gateway.event('rollout_step', ({ what }) => String(what).includes('removed'))
  expect(await gateway.stop()).toBe(0)
  const again = await start(onDisk(gateway), gateway.folder)
  expect(await again.event('rollout_ended')).toMatchObject({ operation: begun.operation, state: 'aborted' })
})
