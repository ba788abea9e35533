// The data folder is taken away under a running gateway, and comes back: nothing is started anew for it.
import { afterEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, type GatewayOptions, spawnGateway, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0).toReversed()) await gateway[Symbol.asyncDispose]()
})

const config = (body: string): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: { bind: "127.0.0.1:0" }
`

async function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await startGateway({ config: config('one'), ...options })
  gateways.push(gateway)
  return gateway
}

async function spawn(options: GatewayOptions): Promise<Gateway> {
  const gateway = await spawnGateway(options)
  gateways.push(gateway)
  return gateway
}

/** As a command asks. */
async function ask(gateway: Gateway, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`http://localhost/api/v1/${path}`, {
    ...{ method, unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile) },
    ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  })
  return answer.json()
}

const user = (name: string): object => ({ name, role: 'viewer', password: 'correct horse battery' })
const mended = (gateway: Gateway): string =>
  gateway.events.flatMap(({ event, mended: what }) => (event === 'store_back' ? [String(what)] : [])).join()

test('a folder that comes back empty has lock, socket and all that was kept again, and a kill loses nothing of it', async () => {
  const gateway = await start()
  await ask(gateway, 'POST', 'users', user('anna'))
  const data = join(gateway.folder, 'data')
  rmSync(data, { recursive: true })
  await gateway.event('store_gone')
  mkdirSync(data)
  await waitFor(() => existsSync(controlSocketPath(data, gateway.configFile)), { what: 'the socket' })
  expect(readFileSync(join(data, 'lock'), 'utf8')).toContain(`"pid":${gateway.pid},`)
  const second = await spawn({ config: config('two'), folder: gateway.folder, file: 'other.yaml' })
  expect(await second.exited()).toBe(1)
  expect(second.stderr).toContain(`is in use by another gateway: process ${gateway.pid}`)
  expect(await ask(gateway, 'POST', 'users', user('bob'))).toMatchObject({ name: 'bob' })
  await waitFor(() => mended(gateway).includes('written'), { what: 'the database' })
  expect(mended(gateway)).toContain('lock')
  expect(mended(gateway)).toContain('control socket')
  gateway.process.kill('SIGKILL')
  await gateway.process.exited
  const next = await start({ folder: gateway.folder })
  expect(next.last('serving')).toMatchObject({ revision: 1 })
  expect(await ask(next, 'GET', 'users')).toMatchObject({ items: [{ name: 'anna' }, { name: 'bob' }] })
  const { items } = (await ask(next, 'GET', 'audit')) as { items: { action: string }[] }
  expect(items.map(({ action }) => action)).toEqual(['users.create', 'users.create'])
})

test('where another gateway was sooner the first one says so, and has the folder again once that is gone', async () => {
  const gateway = await start()
  await ask(gateway, 'POST', 'users', user('anna'))
  const data = join(gateway.folder, 'data')
  renameSync(data, `${data}-away`)
  const second = await start({ config: config('two'), folder: gateway.folder, file: 'other.yaml' })
  expect(await gateway.event('data_lost')).toMatchObject({
    why: expect.stringContaining(`process ${second.pid}`) as string,
  })
  expect(await (await gateway.fetch('/')).text()).toBe('one')
  second.process.kill('SIGKILL')
  await second.process.exited
  rmSync(data, { recursive: true })
  renameSync(`${data}-away`, data)
  // It may have taken the folder of the killed one in between.
  await waitFor(() => readFileSync(join(data, 'lock'), 'utf8').includes(`"pid":${gateway.pid},`), {
    what: 'the lock',
  })
  const users = await waitFor(() => ask(gateway, 'GET', 'users').catch(() => null), { what: 'the socket' })
  expect(users).toMatchObject({ items: [{ name: 'anna' }] })
})
