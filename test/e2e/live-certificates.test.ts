// A certificate whose files change is another one for handshakes from then on, and for nothing else.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import type { HealthDocument } from '../../server/telemetry/documents.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const DAY_MS = 86_400_000
const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

let gateway: Gateway
const inFolder = (name: string): string => join(gateway.folder, name)

/** One that ended ten days ago. */
function makeExpired(folder: string, name: string): void {
  const { cert, key } = selfSigned([name], { nowMs: Date.now() - 20 * DAY_MS, days: 10 })
  writeFileSync(join(folder, `${name}.pem`), cert)
  writeFileSync(join(folder, `${name}.key`), key)
}

/** Makes a pair of this name for localhost: NAME.pem and NAME.key. */
function makePair(folder: string, name: string, days = 30, kind = EC): void {
  const { exitCode, stderr } = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', ...kind, '-nodes'],
    ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)],
    ...['-days', String(days), '-subj', `/CN=${name}`],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
}

const take = (name: string, what: 'pem' | 'key'): void =>
  writeFileSync(inFolder(`served.${what}`), readFileSync(inFolder(`${name}.${what}`)))

const config = (workers: number): string => `
certificates: { both: { cert: [long.pem, short.pem], key: [long.key, short.key] } }
listeners:
  web: { bind: "127.0.0.1:0", protocol: https, certificates: both }
  turn:
    bind: 127.0.0.1:0
    protocol: turn
    realm: here
    auth: { users: { a: b } }
    relay: { bind: [127.0.0.1] }
    tls: { bind: "127.0.0.1:0", cert: served.pem, key: served.key }
rules: [{ name: all, respond: { status: 200 } }]
workers: ${workers}
admin: { bind: 127.0.0.1:0 }
drain: 1s
`

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'live-certificates-'))
  for (const name of ['one', 'two', 'three']) makePair(folder, name)
  makeExpired(folder, 'expired')
  makePair(folder, 'long', 90, ['rsa:2048'])
  makePair(folder, 'short', 60)
  for (const what of ['pem', 'key'])
    writeFileSync(join(folder, `served.${what}`), readFileSync(join(folder, `one.${what}`)))
  gateway = await startGateway({ config: config(1), folder })
}, 30_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  rmSync(gateway.folder, { recursive: true, force: true })
})

function dial(): Promise<TLSSocket> {
  const listeners = gateway.last('serving')?.['listeners'] as Record<string, string>
  const port = Number(listeners['turn.tls']?.split(':')[1])
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(socket))
    socket.on('error', reject)
  })
}

async function served(): Promise<string> {
  const socket = await dial()
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

const metricsText = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()

async function refusedFiles(): Promise<readonly object[]> {
  const { refused_files = [] } = (await (await fetch(`${gateway.admin}/_health`)).json()) as HealthDocument
  return refused_files
}

test('a changed pair is served with no reload; connections that are there stay', async () => {
  expect(await served()).toBe('one')
  const old = await dial()
  let isClosed = false
  old.on('close', () => (isClosed = true))
  take('two', 'pem')
  take('two', 'key')
  expect(await gateway.event('certificate_replaced')).toMatchObject({
    cert: inFolder('served.pem'),
    key: inFolder('served.key'),
    subject: 'CN=two',
    serial: new X509Certificate(readFileSync(inFolder('served.pem'))).serialNumber.toLowerCase(),
    fingerprint: createHash('sha256')
      .update(new X509Certificate(readFileSync(inFolder('served.pem'))).raw)
      .digest('hex'),
  })
  await waitFor(async () => (await served()) === 'two')
  expect(isClosed).toBe(false)
  expect(gateway.last('applied')).toBeUndefined()
  old.destroy()
})

test('one that does not fit its key, or is none, is refused with its reason, and the one before is served on', async () => {
  take('three', 'pem')
  expect(await gateway.event('certificate_refused')).toMatchObject({
    cert: inFolder('served.pem'),
    why: `the key in ${inFolder('served.key')} does not belong to the first certificate in ${inFolder('served.pem')}`,
  })
  expect(await served()).toBe('two')
  writeFileSync(inFolder('served.key'), 'no key')
  expect(await gateway.event('certificate_refused')).toMatchObject({
    why: `${inFolder('served.key')} holds no PEM private key`,
    hint: 'the one before goes on',
  })
  expect(await served()).toBe('two')
  // Whoever was not there learns of it as well, until it is mended.
  const [shown, ...others] = await refusedFiles()
  expect(shown).toMatchObject({
    owner: 'certificate',
    why: `${inFolder('served.key')} holds no PEM private key`,
  })
  expect(others).toEqual([])
  expect(await metricsText()).toMatch(/lb_files_refused\{owner="certificate",name="[^"]+"\} 1/)
  take('two', 'key')
  take('two', 'pem')
  await waitFor(async () => (await refusedFiles()).length === 0)
  expect(await metricsText()).not.toContain('lb_files_refused{')
})

test('a worker that is replaced comes up with the one that is served, whatever the files hold by then', async () => {
  writeFileSync(inFolder('served.key'), 'no key')
  const [pid = 0] = gateway.workers
  sendSignal(pid, 'SIGKILL')
  await gateway.event('worker_replaced')
  expect(await served()).toBe('two')
  for (const what of ['pem', 'key'] as const) take('three', what)
  expect(await gateway.event('certificate_replaced')).toMatchObject({ subject: 'CN=three' })
  await waitFor(async () => (await served()) === 'three')
})

test('one that has expired is refused, and an edit of something else does not bring it in either', async () => {
  const before = gateway.last('certificate_refused')
  for (const what of ['key', 'pem'] as const) take('expired', what)
  const refused = (): Promise<object> =>
    gateway.event(
      'certificate_refused',
      (event) => event !== before && /expired on/.test(String(event['why'])),
    )
  await refused()
  for (const text of ['# edited\n', '# once more\n']) {
    expect(await gateway.apply(config(1) + text)).toMatchObject({ event: 'applied' })
    await refused()
    expect(await served()).toBe('three')
    expect(await refusedFiles()).toMatchObject([{ why: expect.stringContaining('expired on') }])
  }
  // Told where it is looked at by a person: what the file says is warned of.
  expect(gateway.stderr).toContain('which expired on 20')
  // Other words are meant as they are.
  const others = config(1).replace('served.pem', 'expired.pem').replace('served.key', 'expired.key')
  expect(await gateway.apply(others)).toMatchObject({ event: 'applied' })
  expect(await served()).toBe('expired')
  expect(await refusedFiles()).toEqual([])
})

test('of several pairs of one certificate each is told when one was replaced, and the end that comes first', async () => {
  makePair(gateway.folder, 'short', 40)
  const { subject, until, serial, fingerprint } = await gateway.event(
    'certificate_replaced',
    ({ certificate }) => certificate === 'both',
  )
  expect(subject).toEqual(['CN=long', 'CN=short'])
  expect([serial, fingerprint].map((one) => new Set(one as string[]).size)).toEqual([2, 2])
  expect(Date.parse(String(until)) - Date.now()).toBeLessThan(41 * DAY_MS)
})
