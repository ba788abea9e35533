import { afterAll, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { turnCredentials } from '../../../../server/cli/turn/credentials.ts'
import { type Said, saidBy } from '../../../support/command.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-credentials-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const NOW_S = Math.floor(NOW_MS / 1000)

const made = (args: readonly string[], env: Record<string, string> = {}): Promise<Said> =>
  saidBy((io) => turnCredentials(args, io, NOW_MS), { env, cwd })

let configs = 0

/** A config with these keys of its listener; its name. */
function config(keys: string, more = ''): string {
  const name = `${configs++}.yaml`
  writeFileSync(
    join(cwd, name),
    `listeners:\n  turn: { protocol: turn, realm: example.org, ${keys} }\n${more}`,
  )
  return name
}

interface Document {
  readonly username: string
  readonly password: string
  readonly expires: string | null
  readonly iceServers?: readonly {
    readonly urls: string[]
    readonly username?: string
    readonly credential?: string
  }[]
}
const documentOf = (text: string): Document => JSON.parse(text) as Document
const passwordOf = (secret: string, username: string): string =>
  createHmac('sha1', secret).update(username).digest('base64')

const SECRETS = config('bind: "192.0.2.1:3478", auth: { secrets: ["${S:-first}", second] }')

test('the first secret of the listener makes credentials of a day', async () => {
  const username = `${NOW_S + 86_400}:alice`
  expect(await made(['-c', SECRETS, '--user', 'alice'])).toEqual({
    code: 0,
    out: `username  ${username}\npassword  ${passwordOf('first', username)}\nexpires   2026-01-03T03:04:05Z\n`,
    err: '',
  })
  expect((await made(['-c', SECRETS], { S: 'third' })).out).toContain(
    passwordOf('third', `${NOW_S + 86_400}`),
  )
})

test('a secret that is given needs no config', async () => {
  writeFileSync(join(cwd, 'secret'), 's3cret\n')
  const username = String(NOW_S + 600)
  for (const given of [['--secret', 's3cret'], ['--secret=s3cret'], ['--secret-file', 'secret']]) {
    const { code, out } = await made([...given, '--ttl', '10m', '--json'])
    expect([code, documentOf(out)]).toEqual([
      0,
      { username, password: passwordOf('s3cret', username), expires: '2026-01-02T03:14:05Z' },
    ])
  }
})

test('a secret that is given goes before that of the config, which then tells the URLs', async () => {
  const { out } = await made(['-c', SECRETS, '--secret', 'mine', '--json'])
  const { username, password, iceServers } = documentOf(out)
  expect(password).toBe(passwordOf('mine', username))
  expect(iceServers?.[0]?.urls).toEqual(['stun:192.0.2.1:3478'])
})

test.each([
  [
    'bind: "192.0.2.1:3478"',
    ['stun:192.0.2.1:3478'],
    ['turn:192.0.2.1:3478?transport=udp', 'turn:192.0.2.1:3478?transport=tcp'],
  ],
  [
    'bind: "192.0.2.1:3478", transports: [udp]',
    ['stun:192.0.2.1:3478'],
    ['turn:192.0.2.1:3478?transport=udp'],
  ],
  ['bind: "192.0.2.1:3478", transports: [tcp]', null, ['turn:192.0.2.1:3478?transport=tcp']],
  [
    'bind: "[2001:db8::1]:3478"',
    ['stun:[2001:db8::1]:3478'],
    ['turn:[2001:db8::1]:3478?transport=udp', 'turn:[2001:db8::1]:3478?transport=tcp'],
  ],
  [
    'bind: ":3478", transports: [udp], relay: { bind: [10.0.0.5], advertise: [203.0.113.7] }',
    ['stun:203.0.113.7:3478'],
    ['turn:203.0.113.7:3478?transport=udp'],
  ],
  [
    'bind: ":3478", transports: [udp], relay: { bind: [192.0.2.5] }',
    ['stun:192.0.2.5:3478'],
    ['turn:192.0.2.5:3478?transport=udp'],
  ],
  ['bind: "192.0.2.1:3478", relay: false', ['stun:192.0.2.1:3478'], null],
])('a browser is told %s', async (keys, stun, turn) => {
  const { code, out, err } = await made(['-c', config(`auth: { secrets: [s] }, ${keys}`), '--json'])
  expect([code, err]).toEqual([0, ''])
  const { username, password, iceServers } = documentOf(out)
  expect(iceServers).toEqual([
    ...(stun === null ? [] : [{ urls: stun }]),
    ...(turn === null ? [] : [{ urls: turn, username, credential: password }]),
  ])
})

test('TURN over TLS has its own port, and --host the public name', async () => {
  const pair = ['-keyout', join(cwd, 'k.pem'), '-out', join(cwd, 'c.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  Bun.spawnSync(['openssl', 'req', '-x509', ...curve, '-nodes', '-days', '2', '-subj', '/CN=a', ...pair])
  const file = config(
    'bind: ":3478", auth: { secrets: [s] }, transports: [udp], tls: { bind: ":443", cert: c.pem, key: k.pem }',
  )
  const urlsFor = async (...host: string[]): Promise<string[]> =>
    documentOf((await made(['-c', file, '--json', ...host])).out).iceServers?.flatMap(({ urls }) => urls) ??
    []
  expect(await urlsFor('--host', 'turn.example.org')).toEqual([
    'stun:turn.example.org:3478',
    'turn:turn.example.org:3478?transport=udp',
    'turns:turn.example.org:443?transport=tcp',
  ])
  expect((await urlsFor('--host', '[2001:db8::7]'))[0]).toBe('stun:[2001:db8::7]:3478')
  expect((await urlsFor('--host', '2001:db8::7'))[0]).toBe('stun:[2001:db8::7]:3478')
})

test('so has an https listener that leads to it', async () => {
  const text = `listeners:
  web: { bind: ["0.0.0.0:443", "[::1]:8443"], protocol: https, certificates: own, backend: b, turn: turn }
  turn: { bind: ":3478", protocol: turn, realm: a, transports: [udp], auth: { secrets: [s] } }
certificates: { own: { self_signed: true } }
backends: { b: { servers: [{ url: "http://127.0.0.1:1" }] } }
`
  const file = join(cwd, 'https.yaml')
  writeFileSync(file, text)
  const { out } = await made(['-c', file, '--json', '--host', 'a.example'])
  expect(documentOf(out).iceServers?.flatMap(({ urls }) => urls)).toEqual([
    'stun:a.example:3478',
    'turn:a.example:3478?transport=udp',
    'turns:a.example:443?transport=tcp',
    'turns:a.example:8443?transport=tcp',
  ])
})

test('what the config does not tell is said', async () => {
  const every = config('auth: { secrets: [s] }, bind: ":3478"')
  const { out, err } = await made(['-c', every, '--json'])
  expect(documentOf(out).iceServers?.[0]?.urls).toEqual(['stun:example.org:3478'])
  expect(err).toBe(
    'sluice turn credentials: the public name is not known: the realm, example.org, stands in for it; name it with --host\n',
  )
  expect((await made(['-c', every, '--json', '--host', 'a'])).err).toBe('')
  const any = config('auth: { secrets: [s] }, bind: "192.0.2.1:0"')
  const { out: none, err: why } = await made(['-c', any, '--json'])
  expect(documentOf(none).iceServers).toEqual([])
  expect(why).toContain('port 0')
})

test('a user of the config gets the password where there are no secrets', async () => {
  const file = config('bind: "192.0.2.1:3478", auth: { users: { alice: wonder, bob: b } }')
  expect(await made(['-c', file, '--user', 'alice'])).toEqual({
    code: 0,
    out: 'username  alice\npassword  wonder\n',
    err: '',
  })
  expect(documentOf((await made(['-c', file, '--user', 'alice', '--json'])).out)).toMatchObject({
    username: 'alice',
    password: 'wonder',
    expires: null,
  })
  const refusal = {
    code: 1,
    out: '',
    err: 'sluice turn credentials: listener "turn" has no secrets to make credentials with; name a user with --user: alice, bob\n',
  }
  for (const user of [[], ['--user', 'carol'], ['--user', 'toString']])
    expect(await made(['-c', file, ...user])).toEqual(refusal)
})

test('a user of the config is no user where secrets are', async () => {
  const file = config('bind: "192.0.2.1:3478", auth: { secrets: [s], users: { alice: wonder } }')
  expect((await made(['-c', file, '--user', 'alice'])).out).toContain(`${NOW_S + 86_400}:alice`)
})

test('who lets everybody in needs no credentials', async () => {
  expect(await made(['-c', config('bind: "192.0.2.1:3478", auth: none')])).toEqual({
    code: 1,
    out: '',
    err: 'sluice turn credentials: listener "turn" lets everybody in (auth: none): no credentials are needed\n',
  })
})

test('the listener is named where there are several', async () => {
  const other = '  other: { protocol: turn, realm: b, bind: "192.0.2.2:3478", auth: { secrets: [o] } }\n'
  const file = config('bind: "192.0.2.1:3478", auth: { secrets: [two] }', other)
  expect((await made(['-c', file])).err).toBe(
    `sluice turn credentials: ${join(cwd, file)} has more than one turn listener; name one with --listener: turn, other\n`,
  )
  const { out } = await made(['-c', file, '--listener', 'other'])
  expect(out).toContain(passwordOf('o', `${NOW_S + 86_400}`))
  expect((await made(['-c', file, '--listener', 'othr'])).err).toEndWith('"othr"; did you mean "other"?\n')
  expect((await made(['-c', file, '--listener', 'x'])).err).toEndWith('"x"; there are: turn, other\n')
})

test('a config without turn listener, with problems, or gone, is told', async () => {
  writeFileSync(join(cwd, 'web.yaml'), 'listen: ":0"\nbackends: [{ url: "http://a:1" }]')
  expect((await made(['-c', 'web.yaml'])).err).toEndWith('web.yaml has no turn listener\n')
  expect(await made(['-c', 'gone.yaml'])).toEqual({
    code: 1,
    out: '',
    err: 'sluice turn credentials: there is no file gone.yaml\n',
  })
  const { code, err } = await made([
    '-c',
    config('bind: "192.0.2.1:3478", auth: { secrets: [k33p], users: [k33p] }'),
  ])
  expect(code).toBe(1)
  expect(err).toContain('listeners.turn.auth.users: found a list')
  expect(err).not.toContain('k33p')
})

test('a file without a secret is told, and never what it holds', async () => {
  writeFileSync(join(cwd, 'empty'), '\n')
  expect((await made(['--secret-file', 'empty'])).err).toBe('sluice turn credentials: empty is empty\n')
  const { code, err } = await made(['--secret-file', 'gone'])
  expect(code).toBe(1)
  expect(err).toBe('sluice turn credentials: gone cannot be read: there is no such file or folder\n')
})

test.each([
  [['--secret', 'a', '--secret-file', 'b'], 'either "--secret" or "--secret-file"'],
  [['--secret', ''], '"--secret" is empty'],
  [['--secret', 'a', '--ttl', '999ms'], '"999ms" is no time from 1s to 24d, such as 10m or 24h'],
  [['--secret', 'a', '--ttl', '25d'], '"25d" is no time from 1s to 24d, such as 10m or 24h'],
  [['--secret', 'a', '--ttl', '3600'], '"3600" is no time from 1s to 24d, such as 10m or 24h'],
  [['--secret', 'a', '--user', 'a\nb'], '"--user" is at most 496 bytes without control characters'],
  [['--secret', 'a', '--user', 'é'.repeat(249)], '"--user" is at most 496 bytes without control characters'],
  [['-c', SECRETS, '--host', 'a'], '"--host" needs "--json"'],
  [['--secret', 'a', '--host', 'a', '--json'], '"--host" needs "-c": the ports stand in the config'],
  [
    ['-c', SECRETS, '--json', '--host', 'a:443'],
    '"a:443" is no name or address; its port stands in the config',
  ],
  [['-c', SECRETS, '--json', '--host', ''], '"" is no name or address; its port stands in the config'],
  [['word'], 'unexpected argument "word"'],
  [['--nope'], 'unknown option "--nope"'],
])('%j is wrong usage', async (args, problem) => {
  const { code, out, err } = await made(args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toStartWith(`sluice turn credentials: ${problem}; "sluice turn credentials -h" tells more\n`)
})

test('help warns of a secret on the command line', async () => {
  const { code, out, err } = await made(['-h'])
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/--secret SECRET .*\n.*list of processes/)
})
