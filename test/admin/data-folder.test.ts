// One gateway has a data folder at a time; what a killed one leaves keeps nobody out.
import { afterEach, expect, test } from 'bun:test'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Gateway, type GatewayOptions, spawnGateway, startGateway } from '../support/gateway.ts'
import { isRunning } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0).toReversed()) await gateway[Symbol.asyncDispose]()
})

const config = (body: string): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 2
drain: 20s
admin: false
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

const served = async (gateway: Gateway): Promise<string> => (await gateway.fetch('/')).text()

/** Processes that have the lock's file open. */
function holders(gateway: Gateway, among: readonly number[]): number[] {
  const lock = join(gateway.folder, 'data', 'lock')
  const hasIt = (pid: number): boolean =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === lock
      } catch {
        return false
      }
    })
  return among.filter(hasIt)
}

test('a second gateway on the same data folder is refused with who holds it', async () => {
  const first = await start()
  for (const file of ['other.yaml', 'sluice.yaml']) {
    // Its own file the first one follows: there it finds what it has.
    const body = file === 'sluice.yaml' ? 'one' : 'two'
    const second = await spawn({ config: config(body), folder: first.folder, file })
    expect(await second.exited()).toBe(1)
    expect(second.stderr).toMatch(
      new RegExp(
        `${file}: data: .*/data is in use by another gateway: process ${first.pid} with ${first.configFile}, since \\d{4}-\\S+Z; stop that one`.replace(
          ': data:',
          '(:\\d+:\\d+)? data:',
        ),
      ),
    )
    // And nothing else: that it could not start is no bug.
    expect(second.stderr.trim().split('\n')).toHaveLength(1)
    expect(second.last('serving')).toBeUndefined()
  }
  expect(await served(first)).toBe('one')
})

test('a supervisor that was killed is followed at once, though its workers live on', async () => {
  const first = await start()
  const { workers } = first
  expect(workers.length).toBe(2)
  expect(holders(first, [first.pid, ...workers])).toEqual([first.pid])
  first.process.kill('SIGKILL')
  await first.process.exited
  expect(workers.filter(isRunning).length).toBeGreaterThan(0)
  const second = await start({ folder: first.folder, config: config('two') })
  expect(second.last('waits_for_data')).toBeUndefined()
  expect(await served(second)).toBe('two')
  expect(readFileSync(join(first.folder, 'data', 'lock'), 'utf8')).toContain(`"pid":${second.pid},`)
})

test('who comes while the other one finishes what is in flight waits for that', async () => {
  const first = await start()
  const held = await first.client()
  // It waits for the rest of this request.
  held.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na')
  await waitFor(() => first.workers.length === 2, { what: 'both workers' })
  first.signal('SIGTERM')
  await first.event('draining')
  const second = await spawn({ config: config('two'), folder: first.folder, file: 'other.yaml' })
  expect(await second.event('waits_for_data')).toMatchObject({ pid: first.pid, config: first.configFile })
  expect(isRunning(first.pid)).toBe(true)
  first.signal('SIGTERM')
  await second.event('serving')
  expect(await served(second)).toBe('two')
})
