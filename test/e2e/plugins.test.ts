// config/examples/plugins.yaml: code of users in the workers of the executable; what is wrong with it is told
// and refused, and never ends more than one exchange.
import { expect, test } from 'bun:test'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { adapted, FOLDER, PORTS } from '../support/example-config.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

test('a step of a user acts, is loaded again as it changes, and fails alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-plugins-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(FOLDER, 'plugins'), join(folder, 'plugins'), { recursive: true })
  const seen: string[] = []
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      stack.use(
        startOrigin(({ head }, reply) => {
          seen.push(/^x-quota-left: (.*)$/im.exec(head)?.[1]?.trim() ?? '')
          reply.send(200, 'app')
        }),
      ),
    ]),
  )
  const config = `${adapted('plugins.yaml', origins)}workers: 1\n`
  await using gateway = await startGateway({ config, folder, file: 'plugins.yaml' })
  const ask = async (tenant: string, host = 'h') => {
    await using client = await rawClient(gateway.port('web'))
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Tenant: ${tenant}\r\n\r\n`)
    return await client.readAnswer()
  }
  const bundles = (): string[] => {
    const place = join(folder, 'data', 'plugins')
    return existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.js')) : []
  }
  const put = (name: string, text: string): void => writeFileSync(join(folder, 'plugins', name), text)

  const first = await ask('acme')
  expect([first.status, first.head.toLowerCase().includes('x-quota-left: 999')]).toEqual([200, true])
  expect(seen).toEqual(['999'])
  await ask('other')
  await ask('other')
  const third = await ask('other')
  expect([third.status, third.body]).toEqual([
    429,
    expect.stringContaining('other has used its 2 requests of 2'),
  ])
  expect(seen).toHaveLength(3)

  // Its key of a limit: whose host begins so has 50 in an hour, whatever else it says of itself.
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`tenant-${i}`, 'big.example')))
  expect(many.filter(({ status }) => status === 200)).toHaveLength(50)
  expect((await ask('another', 'big.elsewhere')).status).toBe(429)
  expect((await ask('another', 'small.example')).status).toBe(200)

  // What it imports changes: the reload has it, in the workers that run.
  put('day.ts', 'export const dayOf = (): string => "the day of days"\n')
  await gateway.event('applied')
  for (let i = 0; i < 2; i++) await ask('other')
  expect((await ask('other')).body).toContain('of the day of days')

  // One that is wrong is refused, with its line, and what is served goes on.
  put('day.ts', 'export const dayOf = (: string => 5\n')
  const refused = await gateway.event('rejected')
  expect(JSON.stringify(refused)).toContain(`${join(folder, 'plugins/day.ts')}:1:`)
  expect((await ask('other')).body).toContain('of the day of days')

  // What it throws is one 500 with its name, and a promise that is rejected too.
  put('day.ts', 'export const dayOf = (): string => { throw new Error("no days\\r\\nleft") }\n')
  await gateway.event('applied')
  const failed = await ask('acme')
  expect(failed.status).toBe(500)
  await waitFor(() => gateway.stdout.includes('"fault":"plugin_failed"'))
  expect(gateway.stdout).toContain('plugin quota, request: Error: no days left')
  const metrics = async (): Promise<string> =>
    (await fetch(`${gateway.admin}/_metrics`, { headers: { Accept: 'text/plain' } })).text()
  await waitFor(async () =>
    (await metrics()).includes('lb_plugin_failures_total{plugin="quota",part="request"} 1'),
  )
  expect(bundles()).toHaveLength(2)

  // What workers would load is written again when it is taken away.
  rmSync(join(folder, 'data', 'plugins'), { recursive: true })
  await waitFor(() => bundles().length === 2, { forMs: 20_000 })
  sendSignal(gateway.workers[0]!, 'SIGKILL')
  await gateway.event('worker_replaced')
  expect((await ask('acme')).status).toBe(500)
})

test('what is wrong with a plugin keeps a gateway from starting, and is told by check', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-plugins-'))
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
  const file = join(folder, 'plugins.yaml')
  const origins = Object.fromEntries(PORTS.map((port, i) => [port, { port: i + 1 }]))
  const text = adapted('plugins.yaml', origins).replace(/\n.*rate_limit.*/, '')
  writeFileSync(file, text)
  cpSync(join(FOLDER, 'plugins'), join(folder, 'plugins'), { recursive: true })
  const told = async (source: string): Promise<string> => {
    writeFileSync(join(folder, 'plugins/quota.ts'), source)
    const { code, stderr, stdout } = await runCommand(['check', file])
    expect(code).toBe(1)
    return stderr + stdout
  }
  expect(await told('export const algorithm = 5')).toContain(
    'rules[0].middleware[0].plugin: found plugin "quota": it exports no function middleware; it exports algorithm',
  )
  expect(await told('export const middleware = () => 5')).toContain('middleware returned no object')
  expect(await told('export const middleware = () => { throw new Error("no") }')).toContain('Error: no')
  expect(await told('process.exit(0)\nexport const middleware = () => ({})')).toContain(
    'it ended the process',
  )
  expect(await told('import "./none"\nexport const middleware = () => ({})')).toContain('quota.ts:1:8')
  const options = 'export const check = () => ["plans must be a map"]\nexport const middleware = () => ({})'
  expect(await told(options)).toContain('its options: plans must be a map')
  rmSync(join(folder, 'plugins/quota.ts'))
  const run = await runCommand(['run', '--config', file])
  expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('quota.ts: no file of this name')])
})
