// config/examples/geo.yaml behind a trusted proxy: clients by country and network, in several workers, and
// databases that change while it serves.
import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { mmdb } from '../support/mmdb.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const COUNTRIES = [
  ['192.0.2.0/24', { country: { iso_code: 'DE' }, continent: { code: 'EU' } }],
  ['198.51.100.0/24', { country: { iso_code: 'US' }, continent: { code: 'NA' } }],
] as const
const NETWORKS = [['203.0.113.0/24', { autonomous_system_number: 64_496 }]] as const

test('countries and networks decide, and a database that changes is taken up; a bad one is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-geo-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const put = (name: string, bytes: Buffer): void => {
    writeFileSync(join(folder, `new-${name}`), bytes)
    renameSync(join(folder, `new-${name}`), join(folder, name))
  }
  put('country.mmdb', mmdb('Countries', COUNTRIES))
  put('asn.mmdb', mmdb('Networks', NETWORKS))
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, stack.use(startOrigin((_, reply) => reply.send(200, String(port))))]),
  )
  const config = adapted('geo.yaml', origins).replace(
    'protocol: http',
    'protocol: http\n    trusted_proxies: ["127.0.0.1"]',
  )
  await using gateway = await startGateway({ config: `${config}workers: 2\n`, folder, file: 'geo.yaml' })
  /** On a connection of its own: each worker gets some. */
  const ask = async (address: string, target = '/'): Promise<string> => {
    await using client = await rawClient(gateway.port('web'))
    const fields = address === '' ? '' : `X-Forwarded-For: ${address}\r\n`
    const { status, body } = await client.get(target, fields)
    return status === 200 ? body : String(status)
  }
  const everywhere = (address: string, target?: string): Promise<string[]> =>
    Promise.all(Array.from({ length: 8 }, () => ask(address, target)))
  const all = (answer: string): string[] => Array<string>(8).fill(answer)

  expect(await everywhere('192.0.2.7')).toEqual(all('9001'))
  expect(await everywhere('198.51.100.7')).toEqual(all('9002'))
  expect(await everywhere('203.0.113.7')).toEqual(all('403'))
  expect(await ask('198.51.100.7', '/admin/a')).toBe('403')
  expect(await ask('10.1.1.1', '/admin/a')).toBe('403')
  // Nobody knows who it is, and so not from where.
  expect(await ask('unknown')).toBe('400')

  // The nearest region, and the next one where that has no server up.
  expect([await ask('192.0.2.7', '/files/a'), await ask('198.51.100.7', '/files/a')]).toEqual([
    '9001',
    '9002',
  ])
  const sluice = (...args: string[]) => runCommand([...args, '--config', join(folder, 'geo.yaml')])
  const server = `http://127.0.0.1:${origins[9001]?.port}`
  expect((await sluice('server', server, 'maintenance')).code).toBe(0)
  expect(await everywhere('192.0.2.7', '/files/a')).toEqual(all('9002'))
  const explained = await sluice('explain', 'http://h/files/a', '--client', '192.0.2.7', '--live')
  expect(explained.stdout).toContain(
    'nearest     to a client in DE\n            app_eu: by continent, no server in use',
  )
  expect((await sluice('server', server, 'ready')).code).toBe(0)
  await waitFor(async () => (await ask('192.0.2.7', '/files/a')) === '9001')

  // A file that says something else.
  put('country.mmdb', mmdb('Countries', [['198.51.100.0/24', { country_code: 'AT' }]]))
  await waitFor(async () => (await everywhere('198.51.100.7')).every((one) => one === '9001'), {
    forMs: 20_000,
  })
  expect(await everywhere('192.0.2.7')).toEqual(all('9002'))

  // One that is cut off is told, and changes nothing; nor does it keep a reload from its own.
  put('country.mmdb', mmdb('Countries', COUNTRIES).subarray(0, 60))
  await gateway.event('geo_refused')
  expect(await everywhere('198.51.100.7')).toEqual(all('9001'))
  const health = await runCommand(['health', '--config', join(folder, 'geo.yaml')])
  expect(health.stdout + health.stderr).toContain('geo country')
  writeFileSync(join(folder, 'geo.yaml'), `${config}workers: 2\ndrain: 1s\n`)
  await gateway.event('applied')
  expect(await everywhere('198.51.100.7')).toEqual(all('9001'))
  const copies = (): string[] => {
    const place = join(folder, 'data', 'geo')
    return existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.mmdb')) : []
  }
  expect(copies()).toHaveLength(2)

  // What workers would map is written again when it is taken away.
  put('country.mmdb', mmdb('Countries', [['198.51.100.0/24', { country_code: 'CH' }]]))
  await waitFor(() => gateway.events.filter(({ event }) => event === 'geo_replaced').length === 2, {
    forMs: 20_000,
  })
  rmSync(join(folder, 'data', 'geo'), { recursive: true })
  await waitFor(() => copies().length === 2, { forMs: 20_000 })
})

test('a database that is missing or broken keeps a gateway from starting, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-geo-'))
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
  const file = join(folder, 'geo.yaml')
  writeFileSync(file, adapted('geo.yaml', { 9001: { port: 1 }, 9002: { port: 1 }, 9003: { port: 1 } }))
  writeFileSync(join(folder, 'asn.mmdb'), 'hello')
  const checked = await runCommand(['check', file])
  expect(checked.code).toBe(1)
  expect(checked.stderr + checked.stdout).toContain('"./country.mmdb": no file of this name')
  expect(checked.stderr + checked.stdout).toContain(
    '"./asn.mmdb": it is no MaxMind database (.mmdb), or not whole',
  )
  const run = await runCommand(['run', '--config', file])
  expect(run.code).toBe(1)
  expect(run.stderr + run.stdout).toContain('country.mmdb: no file of this name')
})
