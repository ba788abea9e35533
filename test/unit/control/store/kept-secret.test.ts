import { afterEach, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../../../server/config/schema.ts'
import { secretsFor } from '../../../../server/control/store/kept-secret.ts'
import { StateKey } from '../../../../server/control/store/state-key.ts'
import { backendConfig } from '../../backends/backends.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-secret-'))
  folders.push(folder)
  return folder
}

type Sticky = Config['backends'][string]['sticky']
const secretOf = (data: string, sticky: Sticky): string | undefined =>
  secretsFor({
    data,
    auth: { jwt: {}, oidc: {} },
    backends: { api: backendConfig([{ name: 'a' }], sticky === undefined ? {} : { sticky }) },
  }).stickySecret

test('a secret is made once for a data folder, of its key, which others cannot read', () => {
  const [one, two] = [newFolder(), newFolder()]
  const secret = secretOf(one, true)!
  expect(secret).toHaveLength(64)
  expect(secretOf(one, true)).toBe(secret)
  expect(secretOf(two, true)).not.toBe(secret)
  expect(Buffer.from(new StateKey(one).derive('sticky')).toString('hex')).toBe(secret)
  const key = join(one, 'state.key')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(readFileSync(key).toString('hex')).not.toBe(secret)
})

test('none is made where the config has one, or sets no cookie', () => {
  const data = newFolder()
  const words = { ttl: 1, sliding: true, path: '/', http_only: true, same_site: 'lax', strip: false } as const
  const rest = { drain: 'leave', full: 'other', cache: 'private' } as const
  expect(secretOf(data, undefined)).toBeUndefined()
  expect(secretOf(data, false)).toBeUndefined()
  expect(secretOf(data, { ...words, ...rest, client_ip: true })).toBeUndefined()
  expect(secretOf(data, { ...words, ...rest, header: 'X-A' })).toBeUndefined()
  expect(secretOf(data, { ...words, ...rest, secret: 'a secret of the tests' })).toBeUndefined()
  expect(() => statSync(join(data, 'state.key'))).toThrow()
  expect(secretOf(data, { ...words, ...rest, learn: 'sid' })).toBeString()
})

test('where the key is of no use one serves as long as the gateway runs', () => {
  const data = newFolder()
  writeFileSync(join(data, 'state.key'), 'too short')
  chmodSync(join(data, 'state.key'), 0o600)
  const secret = secretOf(data, true)
  expect(secret).toHaveLength(64)
  expect(secretOf(data, true)).toBe(secret)
})

test('sign-ins have another one, where a provider names none', () => {
  const data = newFolder()
  const secretFor = (session: object): string | undefined =>
    secretsFor({ data, auth: { jwt: {}, oidc: { id: { session } } }, backends: {} } as unknown as Config)
      .sessionSecret
  expect(secretFor({ secret: 'a secret of the tests' })).toBeUndefined()
  expect(secretFor({ secrets: ['a secret of the tests'] })).toBeUndefined()
  const secret = secretFor({})
  expect(secret).toHaveLength(64)
  expect(secretFor({})).toBe(secret)
  expect(secretOf(data, true)).not.toBe(secret)
})
