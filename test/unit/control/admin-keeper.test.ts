import { afterAll, afterEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAdmin } from '../../../server/admin/admin.ts'
import { shellOf } from '../../../server/admin/whole-shell.ts'
import { AdminKeeper } from '../../../server/control/admin-keeper.ts'
import type { Config } from '../../../server/config/schema.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { controlFacts } from '../../support/control-facts.ts'

const keepers: AdminKeeper[] = []
const stops: (() => void)[] = []
const data = mkdtempSync(join(tmpdir(), 'admin-keeper-'))
afterAll(() => rmSync(data, { recursive: true }))
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.stop()
  for (const stop of stops.splice(0)) stop()
})

function keeper(): AdminKeeper {
  const made = new AdminKeeper((opening) =>
    Promise.resolve(
      startAdmin({ ...opening, shell: shellOf(controlFacts({ prometheus: () => 'metrics\n' })) }),
    ),
  )
  keepers.push(made)
  return made
}

// What it is bound to is of interest here, not who may ask: no TLS.
const config = (bind: string, more: object = { plain_http: true }): { config: Config } => ({
  config: { data, admin: { bind, trusted: [], hosts: [], ...more } } as unknown as Config,
})

async function serve(made: AdminKeeper, bind: string): Promise<string> {
  expect(await made.stage(config(bind))).toEqual([])
  made.commit(config(bind))
  return made.address ?? ''
}

const answers = (address: string): Promise<boolean> =>
  fetch(`http://${address}/metrics`).then(
    ({ ok }) => ok,
    () => false,
  )

test('the address may become wider and narrower on the same port', async () => {
  const made = keeper()
  const narrow = await serve(made, '127.0.0.1:0')
  const port = narrow.split(':')[1]!
  expect(await serve(made, `0.0.0.0:${port}`)).toBe(`0.0.0.0:${port}`)
  expect(await answers(narrow)).toBe(true)
  expect(await serve(made, narrow)).toBe(narrow)
  expect(await answers(narrow)).toBe(true)
})

test('when that plan is dropped the old one is open again', async () => {
  const made = keeper()
  const narrow = await serve(made, '127.0.0.1:0')
  expect(await made.stage(config(`0.0.0.0:${narrow.split(':')[1]}`))).toEqual([])
  made.drop()
  // The next change finds it as it was.
  expect(await made.stage(config('127.0.0.1:0'))).toEqual([])
  expect(made.address).toBe(narrow)
  expect(await answers(narrow)).toBe(true)
})

test('a port of another program is a problem, and the old one stays', async () => {
  const made = keeper()
  const before = await serve(made, '127.0.0.1:0')
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  stops.push(() => taken.stop(true))
  expect(await made.stage(config(`127.0.0.1:${taken.port}`))).toMatchObject([{ path: 'admin.bind' }])
  expect(made.address).toBe(before)
  expect(await answers(before)).toBe(true)
})

test('when the wider address is of another program after all, the old one is open again', async () => {
  const made = keeper()
  const before = await serve(made, '127.0.0.1:0')
  const port = Number(before.split(':')[1])
  const taken = Bun.listen({ hostname: '127.0.0.2', port, socket: { data() {} } })
  stops.push(() => taken.stop(true))
  expect(await made.stage(config(`0.0.0.0:${port}`))).toMatchObject([{ path: 'admin.bind' }])
  expect(made.address).toBe(before)
  expect(await answers(before)).toBe(true)
})

/** Whether it answers by TLS with a certificate of this fingerprint, and not without. */
async function fingerprintAt(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({
    host: host === '0.0.0.0' ? '127.0.0.1' : host,
    port: Number(port),
    rejectUnauthorized: false,
  })
  socket.on('secureConnect', () => resolve(socket.getPeerCertificate().fingerprint256))
  socket.on('error', reject)
  return promise.finally(() => socket.destroy())
}

test('others than this machine are answered by TLS only, with a certificate that is kept', async () => {
  const made = keeper()
  expect(await made.stage(config('0.0.0.0:0', {}))).toEqual([])
  made.commit(config('0.0.0.0:0', {}))
  const address = made.address ?? ''
  const { fingerprint } = made
  expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  expect(await fingerprintAt(address)).toBe(fingerprint ?? '')
  expect(await answers(address.replace('0.0.0.0', '127.0.0.1'))).toBe(false)
  // Another gateway on the same folder, as after a restart.
  const again = keeper()
  await again.stage(config('0.0.0.0:0', { tls: 'self_signed' }))
  again.commit(config('0.0.0.0:0', { tls: 'self_signed' }))
  expect(again.fingerprint).toBe(fingerprint)
})

test('on this machine there is none unless it is asked for, and one that is asked for comes and goes', async () => {
  const made = keeper()
  const plain = await serve(made, '127.0.0.1:0')
  expect(made.fingerprint).toBeNull()
  const secure = config(plain, { tls: 'self_signed' })
  expect(await made.stage(secure)).toEqual([])
  made.commit(secure)
  expect([made.address, await fingerprintAt(plain)]).toEqual([plain, made.fingerprint ?? ''])
  // A plan that is dropped leaves it as it is.
  expect(await made.stage(config(plain, {}))).toEqual([])
  made.drop()
  expect(await made.stage(secure)).toEqual([])
  expect(await fingerprintAt(plain)).toBe(made.fingerprint ?? '')
})

test('a certificate that is put in place of another one is served at once, and a broken one is not', async () => {
  const made = keeper()
  const [cert, key] = [join(data, 'cert.pem'), join(data, 'key.pem')]
  const put = (): void => {
    const pair = selfSigned(['localhost'], { nowMs: Date.now() })
    writeFileSync(cert, pair.cert)
    writeFileSync(key, pair.key)
  }
  put()
  const wanted = config('127.0.0.1:0', { tls: { cert, key } })
  expect(await made.stage(wanted)).toEqual([])
  made.commit(wanted)
  const [address, first] = [made.address ?? '', made.fingerprint]
  await made.look()
  expect(made.fingerprint).toBe(first)
  put()
  await made.look()
  expect(made.fingerprint).not.toBe(first)
  expect(await fingerprintAt(address)).toBe(made.fingerprint ?? '')
  const second = made.fingerprint
  writeFileSync(cert, 'no certificate')
  await made.look()
  expect(await fingerprintAt(address)).toBe(second ?? '')
  expect(await made.stage(wanted)).toMatchObject([{ path: 'admin.tls' }])
})

test('a Unix socket is for our own user, and one that was left behind makes way', async () => {
  const path = join(data, 'admin.sock')
  const made = keeper()
  expect(await serve(made, `unix:${path}`)).toBe(`unix:${path}`)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect((await fetch('http://x/metrics', { unix: path, headers: { Host: 'localhost' } })).status).toBe(200)
  expect((await fetch('http://x/api/v1', { unix: path, headers: { Host: 'localhost' } })).status).toBe(401)
  const other = keeper()
  expect(await other.stage(config(`unix:${path}`))).toMatchObject([{ path: 'admin.bind' }])
  made.stop()
  expect(existsSync(path)).toBe(false)
  writeFileSync(path, 'a file')
  expect(await other.stage(config(`unix:${path}`))).toMatchObject([
    { message: expect.stringContaining('no socket') },
  ])
})
