// A gateway whose servers speak TLS: files that it is made of are followed, and health checks speak it as
// requests do.
import { expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HealthDocument } from '../../server/telemetry/documents.ts'
import { Authority } from '../support/authority.ts'
import { healthOf } from '../support/backends.ts'
import { answering } from '../support/engine.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { makePair } from '../support/pki.ts'
import { sendSignal } from '../support/processes.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const QUICK = { interval: '50ms', interval_down: '50ms', timeout: '2s', rise: 1, fall: 1 }

test('another issuer, and another certificate of ours, hold for connections from then on', async () => {
  const [one, two] = [new Authority('one'), new Authority('two')]
  const folder = mkdtempSync(join(tmpdir(), 'sluice-server-files-'))
  const own = { first: one.issue({ names: 'DNS:first' }), second: one.issue({ names: 'DNS:second' }) }
  const take = (which: keyof typeof own): void => {
    copyFileSync(own[which].certFile, join(folder, 'client.pem'))
    copyFileSync(own[which].keyFile, join(folder, 'client.key'))
  }
  writeFileSync(join(folder, 'ca.pem'), one.text)
  take('first')
  try {
    await using origin = startOrigin(answering('hello'))
    const asks = { ca: one.text, requestCert: true, rejectUnauthorized: true }
    await using front = await TlsFront.start(origin.port, {
      ...one.issue({ names: 'DNS:localhost' }),
      ...asks,
    })
    await using gateway = await startGateway({
      folder,
      config: {
        listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
        backends: {
          b: {
            servers: [{ url: front.url }],
            tls: { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' },
            keep_alive: { idle: '60s' },
            health_check: { ...QUICK, type: 'tcp' },
            retry: { attempts: 1 },
          },
        },
      },
    })
    await gateway.event('server_up')
    expect((await gateway.fetch('/')).status).toBe(200)
    const clients = (): Set<string | null> => new Set(front.handshakes.splice(0).map(({ client }) => client))
    expect([...clients()]).toEqual(['first'])
    const counted = /lb_server_tls_handshakes_total\{version="TLSv1.3",result="full"\} [1-9]/
    await waitFor(async () => counted.test(await (await fetch(`${gateway.admin}/metrics`)).text()))

    take('second')
    const replaced = await gateway.event('server_tls_replaced')
    expect(replaced['backend']).toBe('b')
    await waitFor(async () => {
      expect((await gateway.fetch('/')).status).toBe(200)
      return front.handshakes.filter(({ client }) => client === 'second').length > 3
    })

    // What is of no use changes nothing, and is told once.
    writeFileSync(join(folder, 'ca.pem'), 'no certificate')
    expect((await gateway.event('server_tls_refused'))['why']).toMatch(/"ca" holds no PEM certificate/)
    expect((await gateway.fetch('/')).status).toBe(200)
    const { refused_files } = (await (await fetch(`${gateway.admin}/_health`)).json()) as HealthDocument
    expect(refused_files).toMatchObject([{ owner: 'backend', name: 'b' }])

    // The server is a stranger from now on: to checks, and to requests, on kept connections too.
    writeFileSync(join(folder, 'ca.pem'), two.text)
    await gateway.event('server_tls_replaced')
    const { reason } = await gateway.event('server_down')
    expect(reason).toBe('TLS: certificate is issued by CN=one')
    expect((await gateway.fetch('/')).status).toBe(503)
    const { reasons } = await healthOf(gateway.admin)
    expect(Object.values(reasons)).toEqual([reason as string])
    expect(await (await fetch(`${gateway.admin}/metrics`)).text()).not.toContain('lb_files_refused{')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 20_000)

test('a file that two backends make different things of is taken by both, or by none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-server-files-'))
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  const [old, next] = [makePair(['old.example']), makePair(['next.example'])]
  put('own.pem', old.cert)
  put('own.key', old.key)
  const servers = [{ url: 'https://127.0.0.1:1' }]
  try {
    await using gateway = await startGateway({
      folder,
      config: {
        listeners: { web: { bind: '127.0.0.1:0' } },
        rules: [
          { name: 'both', match: { path: '/both' }, backend: 'both' },
          { name: 'none', backend: 'trusts' },
        ],
        backends: {
          trusts: { servers, tls: { ca: 'own.pem' } },
          both: { servers, tls: { ca: 'own.pem', cert: 'own.pem', key: 'own.key' } },
        },
      },
    })
    const why = `the key in ${join(folder, 'own.key')} does not belong to the first certificate in ${join(folder, 'own.pem')}`
    put('own.pem', next.cert)
    expect(await gateway.event('server_tls_refused')).toMatchObject({
      backend: 'trusts',
      why: `${why} (backend "both")`,
    })
    expect(await gateway.event('server_tls_refused')).toMatchObject({ backend: 'both', why })
    put('own.key', next.key)
    await gateway.event('server_tls_replaced')
    // Whoever comes anew takes them as well.
    const [pid = 0] = gateway.workers
    sendSignal(pid, 'SIGKILL')
    await gateway.event('worker_replaced')
    expect((await gateway.fetch('/both')).status).toBe(502)
    expect(gateway.events.filter(({ event }) => event === 'worker_exited')).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 20_000)
