// Certificates on demand, of a whole gateway beside pebble: the first client waits for its certificate, and
// who asks for whatever comes to his mind costs no CA anything.
import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { type Pebble, startPebble } from '../support/pebble.ts'
import { waitFor, within } from '../support/wait.ts'

const test = needs('pebble', 'pebble-challtestsrv', 'openssl')
let pebble: Pebble
const asked: string[] = []
/** Who admits names: those that do not begin with "no". */
const ask = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: ({ url }) => {
    const domain = new URL(url).searchParams.get('domain') ?? ''
    asked.push(domain)
    return new Response('', { status: domain.startsWith('no') ? 404 : 200 })
  },
})
beforeAll(async () => {
  pebble = await startPebble({ nonceReject: 10 })
})
afterAll(async () => {
  await pebble[Symbol.asyncDispose]()
  await ask.stop(true)
})

const config = (on_demand: object, more: object = {}) => ({
  listeners: {
    plain: { bind: `127.0.0.1:${pebble.httpPort}`, protocol: 'http', redirect_https: true },
    secure: {
      bind: `127.0.0.1:${pebble.tlsPort}`,
      protocol: 'https',
      certificates: ['first', 'customers'],
    },
  },
  certificates: {
    first: { self_signed: { names: ['first.example.org'] } },
    customers: {
      acme: {
        agree_to_terms: true,
        directory: pebble.directory,
        ca: pebble.ca,
        on_demand: { allow: ['*.customers.example'], ask: `${ask.url}may?x=1`, ...on_demand },
      },
    },
  },
  rules: [{ name: 'hello', respond: { body: 'hello' } }],
  backends: {},
  ...more,
})

/** What a client is shown that asks for a name: its names, and who signed it. */
async function shown(servername: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(
    { port: pebble.tlsPort, host: '127.0.0.1', servername, rejectUnauthorized: false },
    () => {
      const { subjectaltname = '', issuer } = socket.getPeerCertificate()
      resolve(`${subjectaltname} ${String(issuer.CN).startsWith('Pebble') ? 'by the CA' : 'of our own'}`)
    },
  )
  socket.on('error', (error) => resolve(String(error)))
  const text = await within(promise, `the handshake for ${servername}`)
  socket.destroy()
  return text
}

const orders = (): number => pebble.times('order-plz')
const OWN = 'DNS:first.example.org of our own'
const metric = async (gateway: Gateway, result: string): Promise<number> => {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  const found = new RegExp(`acme_on_demand_total\\{certificate="customers",result="${result}"\\} (\\d+)`)
  return Number(found.exec(text)?.[1] ?? 0)
}

test('the first client for a name waits for its certificate, others with it; it is kept over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demand-'))
  const options = { config: config({}), folder, workers: 2 }
  const before = orders()
  try {
    {
      await using gateway = await startGateway(options)
      const names = ['a.customers.example', 'a.customers.example', 'B.customers.example']
      expect(await Promise.all(names.map(shown))).toEqual([
        'DNS:a.customers.example by the CA',
        'DNS:a.customers.example by the CA',
        'DNS:b.customers.example by the CA',
      ])
      expect(orders() - before).toBe(2)
      // Every worker has it from then on.
      for (let i = 0; i < 6; i++) expect(await shown('a.customers.example')).toContain('by the CA')
      expect(await shown('first.example.org')).toBe(OWN)
      const obtained = gateway.events.filter(({ event }) => event === 'certificate_obtained')
      expect(obtained.map(({ certificate }) => certificate)).toEqual(['customers', 'customers'])
      const list = await runCommand(['certificates', '-c', gateway.configFile])
      expect(list.stdout).toMatch(/^customers@a\.customers\.example +good +a\.customers\.example/m)
      const one = await runCommand([
        'certificates',
        'customers@a.customers.example',
        '-c',
        gateway.configFile,
      ])
      expect(one.stdout).toContain('obtained it from')
      expect(await metric(gateway, 'admitted')).toBe(2)
      // An edit of something else keeps them, and asks nothing.
      await gateway.apply(config({}, { limits: { buffers: '64MiB' } }))
      expect(await shown('b.customers.example')).toContain('by the CA')
    }
    await using again = await startGateway(options)
    expect(await shown('a.customers.example')).toContain('by the CA')
    expect(orders() - before).toBe(2)
    // Words that allow it no more take it away.
    await again.apply(config({ allow: ['b.customers.example'] }))
    expect(await shown('a.customers.example')).toBe(OWN)
    expect(await shown('b.customers.example')).toContain('by the CA')
    expect(orders() - before).toBe(2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('names that are odd, not allowed or not admitted get the first certificate at once, and no order', async () => {
  await using gateway = await startGateway({ config: config({ wait: '9s' }), workers: 1 })
  const before = orders()
  asked.length = 0
  for (const name of ['a.b.customers.example', 'customers.example', 'else.example', 'x_y.customers.example'])
    expect(await shown(name)).toBe(OWN)
  expect(asked).toEqual([])
  expect(await shown('no1.customers.example')).toBe(OWN)
  expect(await shown('no1.customers.example')).toBe(OWN)
  // Not asked for again within a minute.
  expect(asked).toEqual(['no1.customers.example'])
  expect(orders()).toBe(before)
  expect(await metric(gateway, 'not_admitted')).toBe(1)
})

test('whoever asks for one name after another meets the limits, also over a restart; those that are there go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demand-'))
  const options = { config: config({ per_hour: 2, ask: undefined }), folder, workers: 1 }
  const before = orders()
  try {
    {
      await using gateway = await startGateway(options)
      expect(await shown('one.customers.example')).toContain('by the CA')
      expect(await shown('two.customers.example')).toContain('by the CA')
      for (let i = 0; i < 10; i++) expect(await shown(`n${i}.customers.example`)).toBe(OWN)
      const told = gateway.events.filter(({ event }) => event === 'on_demand_limit')
      expect(told).toMatchObject([{ certificate: 'customers', limit: 'on_demand.per_hour', value: 2 }])
      expect(await metric(gateway, 'limit')).toBe(10)
    }
    await using again = await startGateway(options)
    expect(await shown('three.customers.example')).toBe(OWN)
    expect(await shown('one.customers.example')).toContain('by the CA')
    expect(orders() - before).toBe(2)
    expect(await metric(again, 'limit')).toBe(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a name that the CA does not believe waits as any other, and is no name of ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demand-'))
  try {
    const words = { challenge: 'dns-01', dns: { command: ['/bin/false'], wait: '0s' } }
    const base = config({})
    const customers = { acme: { ...base.certificates.customers.acme, ...words } }
    const failing = { ...base, certificates: { ...base.certificates, customers } }
    await using gateway = await startGateway({ config: failing, folder, workers: 1 })
    expect(await shown('bad.customers.example')).toBe(OWN)
    expect(await gateway.event('certificate_failed')).toMatchObject({
      certificate: 'customers',
      names: ['bad.customers.example'],
    })
    const file = join(folder, 'data', 'acme', 'on-demand.json')
    await waitFor(() => !readFileSync(file, 'utf8').includes('bad'))
    const before = orders()
    expect(await shown('bad.customers.example')).toBe(OWN)
    expect(orders()).toBe(before)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a CA that takes its time keeps nobody longer than is said; who comes later has what came of it', async () => {
  await using gateway = await startGateway({ config: config({ wait: '1ms' }), workers: 1 })
  expect(await shown('slow.customers.example')).toBe(OWN)
  await gateway.event('certificate_obtained')
  await waitFor(async () => (await shown('slow.customers.example')).includes('by the CA'))
})
