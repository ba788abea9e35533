import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LoadedConfig, loadConfig } from '../../../server/config/load.ts'
import { formatProblem, type Problem } from '../../../server/config/problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-cert-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)
const textOf = (name: string): string => readFileSync(at(name), 'utf8')

beforeAll(() => {
  // Each is its own issuer; that is enough for a chain that nobody verifies here.
  for (const name of ['one', 'two'])
    openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '30',
      ],
      ...['-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
    )
  openssl('pkey', '-in', at('one.key'), '-aes128', '-passout', 'pass:k33p', '-out', at('locked.key'))
  writeFileSync(at('chain.pem'), textOf('one.pem') + textOf('two.pem'))
  writeFileSync(at('wrong-order.pem'), textOf('two.pem') + textOf('one.pem'))
  writeFileSync(at('both.pem'), textOf('one.key') + textOf('one.pem'))
  writeFileSync(at('garbage.pem'), '-----BEGIN CERTIFICATE-----\nk33p\n-----END CERTIFICATE-----\n')
  writeFileSync(at('garbage.key'), '-----BEGIN PRIVATE KEY-----\nk33p\n-----END PRIVATE KEY-----\n')
  writeFileSync(at('empty'), '')
  openssl('x509', '-in', at('one.pem'), '-outform', 'der', '-out', at('one.der'))
  writeFileSync(at('large'), Buffer.alloc(1_048_577, 10))
})

function openssl(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args])
  if (exitCode !== 0) throw new Error(stderr.toString())
}

const DAY_MS = 86_400_000

function load(cert: string, key: string, { days = 0, env = {} } = {}) {
  const file = at('sluice.yaml')
  writeFileSync(
    file,
    `listeners: { turn: { bind: "192.0.2.1:0", protocol: turn, realm: a, auth: none, tls: { bind: "192.0.2.1:0", cert: "${cert}", key: "${key}" } } }`,
  )
  return loadConfig(file, env, { nowMs: Date.now() + days * DAY_MS })
}

function told(...args: Parameters<typeof load>): string[] {
  const loaded = load(...args)
  const problems: readonly Problem[] = loaded.ok ? loaded.warnings : loaded.problems
  return problems.map((problem) => formatProblem(problem).replace(/^\S+ listeners\.turn\.tls\./, ''))
}

const valid = (...args: Parameters<typeof load>): LoadedConfig => {
  const loaded = load(...args)
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded
}

test('a certificate with its key is good; both are watched, and named from the folder of the config file', () => {
  const { config, files, warnings } = valid('one.pem', './one.key')
  expect(warnings).toEqual([])
  expect(files.toSorted()).toEqual([at('one.key'), at('one.pem')])
  expect(config.listeners['turn']).toMatchObject({ tls: { cert: at('one.pem'), key: at('one.key') } })
  expect(told(at('one.pem'), at('one.key'))).toEqual([])
})

test('a chain begins with the certificate of the key; a key may stand beside it', () => {
  expect(told('chain.pem', 'one.key')).toEqual([])
  expect(told('both.pem', 'both.pem')).toEqual([])
  expect(told('wrong-order.pem', 'one.key')).toEqual([
    'key: found "one.key", the key of another certificate, allowed that of the first one in "wrong-order.pem"; put its own certificate first in the chain, those of its issuers behind it',
  ])
  expect(told('one.pem', 'two.key')).toEqual([
    'key: found "two.key", the key of another certificate, allowed that of the first one in "one.pem"',
  ])
})

test('files that are missing, unreadable, too large or no files are told with where they would be', () => {
  expect(told('gone.pem', 'empty/x')).toEqual([
    `cert: found "gone.pem", which cannot be read, allowed a readable file; it is ${at('gone.pem')}: no file of this name`,
    expect.stringMatching(/^key: found "empty\/x", which cannot be read, .*below what is no folder/),
  ])
  expect(told('.', 'large')).toEqual([
    expect.stringContaining(': a folder'),
    expect.stringContaining('larger than 1048576 bytes'),
  ])
  chmodSync(at('two.key'), 0)
  if (process.getuid?.() !== 0) expect(told('two.pem', 'two.key')[0]).toContain('may not read')
})

test('what stands in files that are none of both is not told', () => {
  expect(told('garbage.pem', 'garbage.key')).toEqual([
    'cert: found "garbage.pem", with a certificate that cannot be read, allowed a certificate and those of its issuers, in PEM',
    'key: found "garbage.key", without a key that can be read, allowed a private key in PEM, without passphrase',
  ])
  expect(told('empty', 'empty').join('\n')).toMatch(
    /cert: .*without a certificate in it.*\nkey: .*without a key/,
  )
  expect(told('one.key', 'one.pem')).toEqual([
    expect.stringMatching(/^cert: .*; a key stands in it: is it that of "key"\?$/),
    expect.stringMatching(/^key: .*; a certificate stands in it: is it that of "cert"\?$/),
  ])
  expect(told('one.der', 'one.key')[0]).toEndWith(
    '; it seems to be DER: openssl x509 -inform der -in FILE -out PEM',
  )
  expect(told('one.pem', 'locked.key')).toEqual([
    'key: found "locked.key", with a key that has a passphrase, allowed a private key in PEM, without passphrase; take the passphrase off: openssl pkey -in FILE -out KEY',
  ])
})

test('files that are cut off are told, wherever that is', () => {
  for (const text of [textOf('one.pem').slice(0, -60), textOf('chain.pem').slice(0, -60)]) {
    writeFileSync(at('cut.pem'), text)
    expect(told('cut.pem', 'one.key')).toEqual([
      'cert: found "cut.pem", which ends in the midst of a certificate, allowed a certificate and those of its issuers, in PEM',
    ])
  }
  writeFileSync(at('cut.key'), textOf('one.key').slice(0, -60))
  expect(told('one.pem', 'cut.key')).toEqual([
    'key: found "cut.key", without a key that can be read, allowed a private key in PEM, without passphrase',
  ])
})

test.each([
  ['secp224r1', 'ECDSA on secp224r1', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1']],
  ['short', 'RSA of 512 bits', ['-newkey', 'rsa:512']],
])('a key that no handshake is made of is refused: %s', (name, kind, how) => {
  const [cert, key] = [`${name}.pem`, `${name}.key`]
  openssl('req', '-x509', ...how, '-nodes', '-subj', '/CN=a', '-keyout', at(key), '-out', at(cert))
  expect(told(cert, key)).toEqual([
    `cert: found "${cert}", whose key is of ${kind}, allowed a key of RSA (1024 bits or more), of ECDSA on P-256, P-384 or P-521, or Ed25519; ask for a certificate with such a key`,
  ])
})

test('one that is expired, or not valid yet, is warned of', () => {
  expect(told('one.pem', 'one.key', { days: 29 })).toEqual([])
  expect(told('one.pem', 'one.key', { days: 31 })).toEqual([
    expect.stringMatching(
      /^cert: warning: found "one\.pem", which expired on 20\d\d-\d\d-\d\d, allowed a certificate that is valid now; clients refuse it$/,
    ),
  ])
  expect(told('one.pem', 'one.key', { days: -1 })[0]).toContain('which is not valid before 20')
  expect(valid('one.pem', 'one.key', { days: 31 }).files).toHaveLength(2)
})

test('PEM in place of a path is told without repeating it', () => {
  const lines = told('one.pem', '-----BEGIN PRIVATE KEY-----\\nk33p\\n-----END PRIVATE KEY-----\\n')
  expect(lines).toEqual(['key: found a text, allowed the path of a file; put it in a file, and name that'])
  const [line = ''] = told('one.pem', '${KEY}', { env: { KEY: '/k33p/key' } })
  expect(line).toContain('"${KEY}"')
  expect(line).not.toContain('k33p')
})
