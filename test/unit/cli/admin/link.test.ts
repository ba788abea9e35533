import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { admin } from '../../../../server/cli/admin/admin.ts'
import { Store } from '../../../../server/control/store/store.ts'
import { type Said, saidBy } from '../../../support/command.ts'
import { FAST_FOLDER } from '../../../support/store-world.ts'

let cwd = ''
let store: Store
beforeEach(() => {
  cwd = mkdtempSync(join(FAST_FOLDER, 'cli-link-'))
  store = new Store(join(cwd, 'kept'))
  store.users.add({ name: 'anna', role: 'editor', hash: 'x', by: 'test' })
})
afterEach(() => {
  store.close()
  rmSync(cwd, { recursive: true })
})

const link = (...args: readonly string[]): Promise<Said> =>
  saidBy((io) => admin(['link', ...args], io), { cwd })
const listeningAt = (admin: string): void =>
  writeFileSync(
    join(cwd, 'sluice.yaml'),
    `listen: "127.0.0.1:0"\ndata: kept\nadmin: ${admin}\nbackends: [{ url: "http://127.0.0.1:1" }]\n`,
  )
const tokenIn = (text: string): string => /#\/link\/([0-9A-Za-z]+)/.exec(text)?.[1] ?? ''

test('prints where it is opened, for the role that was asked, and tells the audit', async () => {
  listeningAt('{ bind: "127.0.0.1:9191" }')
  const { code, out, err } = await link('ANNA', '--role', 'viewer', '--for', '2h')
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:9191\/_admin\/#\/link\/[0-9A-Za-z]{22}\n$/)
  const found = store.signInLinks.find(tokenIn(out))
  expect(found).toMatchObject({ user: 'anna', most: 'viewer' })
  expect((found?.expiresMs ?? 0) - Date.now()).toBeGreaterThan(119 * 60_000)
  const [entry] = store.audit.list({ limit: 1 })
  expect(entry).toMatchObject({ action: 'auth.links', resource: 'users/anna', after: { role: 'viewer' } })
  expect(JSON.stringify(entry)).not.toContain(tokenIn(out))
})

test('knows by the config whether browsers come by TLS, and by which name', async () => {
  const asked = { '"[::1]:9192"': 'http://[::1]:9192/', '"0.0.0.0:9193"': `https://${hostname()}:9193/` }
  for (const [bind, start] of Object.entries(asked)) {
    listeningAt(`{ bind: ${bind} }`)
    expect((await link('anna')).out).toStartWith(`${start}_admin/#/link/`)
  }
  listeningAt('{ bind: "127.0.0.1:9194", tls: self_signed }')
  expect((await link('anna')).out).toStartWith('https://127.0.0.1:9194/_admin/')
  const behind = await link('anna', '--json', '--url', 'https://example.org/sluice/')
  expect(JSON.parse(behind.out)).toMatchObject({ user: 'anna', role: 'editor' })
  expect(JSON.parse(behind.out).link).toStartWith('https://example.org/sluice/_admin/#/link/')
})

test('is refused where nobody could open it, and says what to do', async () => {
  const asked = {
    false: 'no admin listener is open; --url names',
    '{ bind: "unix:/tmp/some.sock" }': 'the admin listener is a Unix socket; --url',
    '{ bind: "127.0.0.1:0" }': 'its port is known once the gateway runs',
    '{ bind: "0.0.0.0:9195", plain_http: true }': 'nobody signs in by plain HTTP',
  }
  for (const [bind, why] of Object.entries(asked)) {
    listeningAt(bind)
    const { code, out, err } = await link('anna')
    expect([bind, code, out, err.includes(why)]).toEqual([bind, 1, '', true])
  }
})

test('is made for users that there are, with no more than their role and for a day at most', async () => {
  listeningAt('{ bind: "127.0.0.1:9196" }')
  expect((await link('bob')).err).toBe('sluice admin link: there is no user bob\n')
  expect((await link('anna', '--role', 'admin')).err).toContain('anna is editor, and a link gives no more')
  expect((await link('anna', '--role', 'root')).code).toBe(2)
  expect((await link('anna', '--for', '25h')).err).toContain('a link lasts as 15m or 2h say, 24h at most')
  expect((await link('anna', '--url', 'example.org')).code).toBe(2)
  expect((await link()).err).toContain('the name of a user')
})
