// Certificates on demand whose folder cannot be read for now, as of a disk that is gone or files of another
// user: what is served goes on, and no change of something else is refused for it.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { Store } from '../../server/control/acme/store.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { startGateway } from '../support/gateway.ts'
import { within } from '../support/wait.ts'

const DAY_MS = 86_400_000
const DIRECTORY = 'https://127.0.0.1:1/nobody-is-asked'
const NAME = 'a.customers.example'
const LEARNED = `customers@${NAME}`
const folder = mkdtempSync(join(tmpdir(), 'sluice-learned-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const config = (body: string) => ({
  listeners: {
    web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['first', 'customers'] },
  },
  certificates: {
    first: { self_signed: { names: ['first.example.org'] } },
    customers: {
      acme: {
        agree_to_terms: true,
        directory: DIRECTORY,
        challenge: 'tls-alpn-01',
        on_demand: { allow: ['*.customers.example'] },
      },
    },
  },
  rules: [{ name: 'hello', respond: { body } }],
  backends: {},
  data: join(folder, 'data'),
})

/** Obtained yesterday, of a CA that would be asked for nothing before its time. */
function obtained(store: Store): void {
  const nowMs = Date.now()
  store.keepLearned({ customers: { names: { [NAME]: nowMs }, admitted: [] } })
  store.keepCertificate(LEARNED, {
    ...selfSigned([NAME], { nowMs, days: 80 }),
    ...{ names: [NAME], directory: DIRECTORY, keyType: 'p256', advice: null },
    ...{ obtainedMs: nowMs - DAY_MS, renewAtMs: nowMs + 50 * DAY_MS, adviseAtMs: nowMs + 50 * DAY_MS },
  })
}

function namesFor(port: number, servername: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subjectaltname ?? '')
    socket.destroy()
  })
  socket.on('error', (error) => resolve(String(error)))
  return within(promise, 'a handshake')
}

test('they go on being served, through changes of something else, until they can be read again', async () => {
  const store = new Store(join(folder, 'data'))
  obtained(store)
  await using gateway = await startGateway({ config: config('one'), folder })
  const port = gateway.port('web')
  expect(await namesFor(port, NAME)).toBe(`DNS:${NAME}`)
  const own = store.folderOf(LEARNED)
  renameSync(own, `${own}.away`)
  writeFileSync(own, 'no folder')
  for (const body of ['two', 'three']) {
    expect(await gateway.apply(config(body))).toMatchObject({ event: 'applied' })
    expect(await namesFor(gateway.port('web'), NAME)).toBe(`DNS:${NAME}`)
  }
  expect(gateway.last('on_demand_failed')).toMatchObject({ why: expect.stringContaining('ENOTDIR') })
  rmSync(own)
  renameSync(`${own}.away`, own)
  expect(await gateway.apply(config('four'))).toMatchObject({ event: 'applied' })
  expect(await namesFor(gateway.port('web'), NAME)).toBe(`DNS:${NAME}`)
})
