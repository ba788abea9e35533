// Certificates that come by ACME, of a whole gateway: obtained from pebble while it serves, served at once by
// all workers, and kept over a restart.
import { afterAll, beforeAll, expect } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { type Pebble, startPebble } from '../support/pebble.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const test = needs('pebble', 'pebble-challtestsrv', 'openssl')
let pebble: Pebble
const folder = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
beforeAll(async () => {
  pebble = await startPebble({ nonceReject: 10 })
})
afterAll(async () => {
  await pebble[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const acme = (domains: string[], more: object = {}) => ({
  acme: { domains, agree_to_terms: true, directory: pebble.directory, ca: pebble.ca, ...more },
})

const config = (certificates: Record<string, object>) => ({
  listeners: {
    // The CA's own path is not sent to https.
    plain: { bind: `127.0.0.1:${pebble.httpPort}`, protocol: 'http', redirect_https: true },
    secure: {
      bind: `127.0.0.1:${pebble.tlsPort}`,
      protocol: 'https',
      certificates: Object.keys(certificates),
    },
  },
  certificates,
  rules: [{ name: 'hello', respond: { body: 'hello' } }],
  backends: {},
})

/** Whose certificate a client is shown that asks for a name: its issuer, as openssl says it. */
function issuerFor(name: string): string {
  const { stdout } = Bun.spawnSync(
    ['openssl', 's_client', '-connect', `127.0.0.1:${pebble.tlsPort}`, '-servername', name],
    { stdin: 'ignore', stderr: 'ignore' },
  )
  return /^issuer=(.*)$/m.exec(stdout.toString())?.[1] ?? ''
}

test('a gateway serves a stand-in, then what it obtained, by http-01 and in the handshake, and after a restart at once', async () => {
  const certificates = {
    site: acme(['site.example.org', 'www.site.example.org']),
    shop: acme(['shop.example.org'], { challenge: 'tls-alpn-01' }),
  }
  const options = { config: config(certificates), folder, workers: 2 }
  let asked: number
  {
    await using gateway = await startGateway(options)
    expect((await gateway.event('certificate_stand_in'))['certificate']).toBe('site')
    const names = [await gateway.event('certificate_obtained'), await gateway.event('certificate_obtained')]
    expect(names.map((event) => event['certificate']).toSorted()).toEqual(['shop', 'site'])
    for (const name of ['site.example.org', 'www.site.example.org', 'shop.example.org'])
      expect(issuerFor(name)).toContain('Pebble Intermediate')
    // Nothing else was applied for that.
    expect(gateway.events.filter(({ event }) => event === 'applied')).toEqual([])
    expect((await gateway.fetch('/x', { listener: 'plain' })).status).toBe(308)

    const list = await runCommand(['certificates', '-c', gateway.configFile])
    expect(list.stdout).toMatch(
      /^site +good +site\.example\.org www\.site\.example\.org +127\.0\.0\.1:\d+ +20/m,
    )
    expect(list.code).toBe(0)
    const one = await runCommand(['certificates', 'shop', '-c', gateway.configFile])
    expect(one.stdout).toContain('asked the CA to look at shop.example.org (tls-alpn-01)')
    expect(one.stdout).toContain('obtained it from')
    const retried = await runCommand(['certificates', 'shop', '--retry', '-c', gateway.configFile])
    expect(retried.stderr).toContain('shop is good until 20')
    asked = pebble.asked.length
    // An edit of something else asks for nothing.
    const more = { ...config(certificates), limits: { buffers: '64MiB' } }
    expect((await gateway.apply(more)).event).toBe('applied')
    expect(issuerFor('site.example.org')).toContain('Pebble Intermediate')
  }
  await using again = await startGateway(options)
  expect(issuerFor('site.example.org')).toContain('Pebble Intermediate')
  expect(issuerFor('shop.example.org')).toContain('Pebble Intermediate')
  expect(again.events.filter(({ event }) => event === 'certificate_stand_in')).toEqual([])
  expect(pebble.asked.length).toBe(asked)
})

test('a name that the CA does not believe is told with what to do, and tried when its user says so', async () => {
  const own = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
  const hook = join(own, 'hook.sh')
  writeFileSync(hook, 'echo no such zone; exit 1\n')
  const dns = { command: ['/bin/sh', hook], wait: '0s' }
  const certificates = { dns: acme(['*.zone.example.org'], { challenge: 'dns-01', dns }) }
  try {
    await using gateway = await startGateway({ config: config(certificates), folder: own })
    const failed = await gateway.event('certificate_failed')
    expect(failed).toMatchObject({ certificate: 'dns', failures: 1 })
    expect(failed['hint']).toContain('step log')
    expect(issuerFor('a.zone.example.org')).toBe('CN = *.zone.example.org')
    const list = await runCommand(['certificates', '-c', gateway.configFile])
    expect(list.code).toBe(1)
    const status = await runCommand(['status', '-c', gateway.configFile])
    expect(status.stdout).toContain('acme: none yet, a stand-in')
    // Its end is far, and nobody trusts it.
    const metricsText = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()
    const ends = 'lb_certificate_expiry_timestamp_seconds{certificate="dns",source='
    expect(await metricsText()).toContain(`${ends}"stand_in"}`)
    expect(list.stdout).toContain('dns failed at')
    expect(list.stdout).toContain('ended with 1')

    writeFileSync(
      hook,
      `curl -s -d '{"host":"'$ACME_RECORD.'","value":"'$ACME_VALUE'"}' http://${pebble.dns}/set-txt\n`,
    )
    const told = await runCommand(['certificates', 'dns', '--retry', '-c', gateway.configFile])
    expect(told.code).toBe(0)
    await gateway.event('certificate_obtained')
    await waitFor(() => issuerFor('a.zone.example.org').includes('Pebble'))
    const metrics = await metricsText()
    expect(metrics).toContain(`${ends}"acme"}`)
    expect(metrics).not.toContain(`${ends}"stand_in"}`)
    expect(metrics).toContain('lb_acme_tries_total{certificate="dns",result="failed"} 1')
    expect(metrics).toContain('lb_acme_tries_total{certificate="dns",result="obtained"} 1')
    expect((await runCommand(['certificates', 'none', '-c', gateway.configFile])).stderr).toContain(
      'no certificate none',
    )
    expect(readFileSync(join(own, 'data', 'acme', 'certificates', 'dns', 'steps.log'), 'utf8')).toContain(
      'no such zone',
    )
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
})

test('a supervisor that is killed in the midst of an order orders nothing at its next start', async () => {
  const own = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
  const [hook, reached] = [join(own, 'hook.sh'), join(own, 'reached')]
  writeFileSync(hook, `touch ${reached}; exec sleep 20\n`)
  const dns = { command: ['/bin/sh', hook], wait: '0s' }
  const certificates = { dns: acme(['*.killed.example.org'], { challenge: 'dns-01', dns }) }
  const options = { config: config(certificates), folder: own, workers: 1 }
  const orders = (): number => pebble.times('order-plz')
  const before = orders()
  try {
    {
      await using first = await startGateway(options)
      await waitFor(() => existsSync(reached))
      sendSignal(first.process.pid, 'SIGKILL')
      await first.process.exited
    }
    expect(orders() - before).toBe(1)
    await using second = await startGateway(options)
    const list = await runCommand(['certificates', '-c', second.configFile])
    expect(list.stdout).toMatch(/^dns +waiting/m)
    expect(orders() - before).toBe(1)
    writeFileSync(
      hook,
      `curl -s -d '{"host":"'$ACME_RECORD.'","value":"'$ACME_VALUE'"}' http://${pebble.dns}/set-txt\n`,
    )
    await runCommand(['certificates', 'dns', '--retry', '-c', second.configFile])
    await second.event('certificate_obtained')
    expect(orders() - before).toBe(2)
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
})
