// Another program holds state.db, as one does that looks into it or copies it: the gateway goes on.
import { Database } from 'bun:sqlite'
import { afterEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
const holders: Database[] = []
afterEach(async () => {
  for (const holder of holders.splice(0)) holder.close()
  for (const gateway of gateways.splice(0).toReversed()) await gateway[Symbol.asyncDispose]()
})

const config = `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "one" } }]
backends: { api: { servers: [{ name: a, url: "http://127.0.0.1:9" }] } }
workers: 1
drain: 1s
admin: { bind: "127.0.0.1:0" }
`

async function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await startGateway({ config, ...options })
  gateways.push(gateway)
  return gateway
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: Record<string, unknown>
}

/** As a command asks. */
async function ask(gateway: Gateway, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`http://localhost/api/v1/${path}`, {
    ...{ method, unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile) },
    ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  })
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    body: (await answer.json()) as Record<string, unknown>,
  }
}

async function held(gateway: Gateway): Promise<Database> {
  expect((await ask(gateway, 'GET', 'users')).status).toBe(200)
  const holder = new Database(join(gateway.folder, 'data', 'state.db'))
  holders.push(holder)
  // The gateway may be writing.
  holder.run('PRAGMA busy_timeout = 60000')
  // What its start has to keep is kept: later that would wait as well.
  await waitFor(() => holder.query('SELECT 1 FROM revisions').get() !== null)
  holder.run('BEGIN IMMEDIATE')
  return holder
}

const user = (name: string): object => ({ name, role: 'viewer', password: 'correct horse battery' })
const actionsIn = async (gateway: Gateway): Promise<string[][]> => {
  const { body } = await ask(gateway, 'GET', 'audit?limit=100')
  return (body['items'] as { action: string; result: string }[]).map(({ action, result }) => [action, result])
}

test('what cannot be written is answered so, what is read is answered, and the audit is kept later', async () => {
  const gateway = await start()
  const holder = await held(gateway)
  // Many at once: each answer is there long before the holder lets go, which it never does by itself.
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => ask(gateway, 'POST', 'users', user(`user-${index}`))),
  )
  for (const { status, retryAfter, body } of answers)
    expect([status, retryAfter, body['code']]).toEqual([503, '1', 'store_busy'])
  expect((await ask(gateway, 'GET', 'users')).body).toMatchObject({ items: [] })
  await gateway.event('store_waits', ({ what }) => what === 'audit')
  // An order is in force all the same.
  const order = { admin: 'drain', reason: 'test' }
  const ordered = await ask(gateway, 'PUT', 'backends/api/servers/a/state', order)
  expect(ordered.status).toBe(200)
  expect(JSON.stringify(ordered.body)).toContain('not kept over a restart for now')
  expect(await actionsIn(gateway)).toEqual([])
  const notKept = async (): Promise<unknown> =>
    ((await (await fetch(`${gateway.admin}/_health`)).json()) as { not_kept?: string }).not_kept
  expect(await notKept()).toMatch(/^state\.db is held by another process: .*audit.* wait in memory$/)
  holder.run('COMMIT')
  await waitFor(async () => (await notKept()) === undefined)
  // Of either kind, whichever comes first.
  const again = [await gateway.event('store_kept_again'), await gateway.event('store_kept_again')]
  expect(again.map(({ what, lost }) => `${String(what)} ${String(lost)}`).toSorted()).toEqual([
    'audit 0',
    'orders 0',
  ])
  const actions = await actionsIn(gateway)
  expect(
    actions.filter(([action, result]) => action === 'users.create' && result === 'refused'),
  ).toHaveLength(8)
  // And each was told as it happened.
  const audits = (): number => gateway.events.filter(({ event }) => event === 'audit').length
  await waitFor(() => audits() >= actions.length)
  expect(audits()).toBe(actions.length)
  expect((await ask(gateway, 'POST', 'users', user('anna'))).status).toBe(201)
  gateway.process.kill('SIGKILL')
  await gateway.process.exited
  const next = await start({ folder: gateway.folder })
  const { body } = await ask(next, 'GET', 'backends/api/servers/a')
  expect(JSON.stringify(body)).toContain('drain')
})

test('a gateway that is killed while another holds it starts beside that, and has what was kept', async () => {
  const gateway = await start()
  expect((await ask(gateway, 'POST', 'users', user('anna'))).status).toBe(201)
  await held(gateway)
  expect((await ask(gateway, 'POST', 'users', user('bob'))).status).toBe(503)
  gateway.process.kill('SIGKILL')
  await gateway.process.exited
  const next = await start({ folder: gateway.folder })
  expect(await (await next.fetch('/')).text()).toBe('one')
  expect((await ask(next, 'GET', 'users')).body).toMatchObject({ items: [{ name: 'anna' }] })
  expect((await ask(next, 'POST', 'users', user('carl'))).body['code']).toBe('store_busy')
  holders.splice(0).forEach((holder) => holder.close())
  await waitFor(async () => (await ask(next, 'POST', 'users', user('carl'))).status === 201)
})
