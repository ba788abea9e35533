// sluice turn list, end and test --peer, as they ask a gateway; and how its commands are found.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlSocket } from '../../../../server/admin/control-socket.ts'
import { shellOf } from '../../../../server/admin/whole-shell.ts'
import { turn } from '../../../../server/cli/turn/turn.ts'
import { controlSocketPath } from '../../../../server/control/control-socket.ts'
import type { AllocationFacts, PeerVerdict, Question } from '../../../../server/turn/messages.ts'
import { type Said, saidBy } from '../../../support/command.ts'
import { controlFacts } from '../../../support/control-facts.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-turn-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const CONFIG = join(cwd, 'sluice.yaml')
const LISTENER = '{ bind: "192.0.2.1:3478", protocol: turn, realm: a, auth: none }'
// Whoever answers at the usual admin address of this machine is of no account.
writeFileSync(CONFIG, `listeners: { turn: ${LISTENER} }\nadmin: false\n`)
mkdirSync(join(cwd, 'data'))

const said = (...args: readonly string[]): Promise<Said> => saidBy((io) => turn(args, io), { cwd })

const asked: Question[] = []
let stop = (): void => {}
afterEach(() => {
  stop()
  stop = () => {}
  asked.length = 0
})

/** A gateway whose relay gives this answer. */
function gateway(answer: (question: Question) => unknown): void {
  const ask = async (question: Question): Promise<unknown> => {
    asked.push(question)
    return answer(question)
  }
  const path = controlSocketPath(join(cwd, 'data'), CONFIG)
  const server = startControlSocket({ path, shell: shellOf(controlFacts({ ask })) })
  stop = () => {
    server.stop()
    rmSync(path, { force: true })
  }
}

const peer = { address: '192.0.2.9:5000', channel: null, expires_s: 100 }
const allocation = (more: Partial<AllocationFacts>): AllocationFacts => ({
  id: 'a1',
  listener: 'turn',
  realm: 'example.org',
  user: 'alice',
  client: '198.51.100.7:40000',
  transport: 'udp',
  relays: 'udp',
  relayed: ['203.0.113.7:50000'],
  peers: [peer],
  bytes_to_peers: 1000,
  bytes_to_client: 234,
  packets_to_peers: 3,
  packets_to_client: 2,
  dropped: 0,
  age_s: 59.9,
  expires_s: 541,
  ...more,
})
const ALLOCATIONS = [
  allocation({}),
  allocation({
    id: 'b22',
    listener: 'second',
    user: null,
    transport: 'tls',
    relayed: ['203.0.113.7:50001', '[2001:db8::1]:50001'],
    peers: [],
    age_s: 7384,
    expires_s: -1,
  }),
  allocation({ id: 'c', user: 'mallory\n\u001b[2J\u202e', relays: 'tcp', age_s: 0, expires_s: 3600 }),
]

test('list shows a line for each allocation', async () => {
  gateway(() => ALLOCATIONS)
  expect(await said('list')).toEqual({
    code: 0,
    err: '',
    out: `ID   LISTENER  USER           CLIENT                  RELAYED                                     PEERS  BYTES  AGE    EXPIRES
a1   turn      alice          udp 198.51.100.7:40000  udp 203.0.113.7:50000                           1   1234  59s    9m01s
b22  second    -              tls 198.51.100.7:40000  udp 203.0.113.7:50001, [2001:db8::1]:50001      0   1234  2h03m  0s
c    turn      mallory??[2J?  udp 198.51.100.7:40000  tcp 203.0.113.7:50000                           1   1234  0s     1h00m
`,
  })
  expect(asked).toEqual([{ ask: 'list' }])
})

test('list tells only those of a user or listener, and the whole of them as JSON', async () => {
  gateway(() => ALLOCATIONS)
  expect((await said('list', '--user', 'alice')).out.split('\n').map((line) => line.slice(0, 3))).toEqual([
    'ID ',
    'a1 ',
    '',
  ])
  expect((await said('list', '--listener=second')).out).toContain('\nb22')
  expect(await said('list', '--listener', 'second', '--user', 'alice')).toEqual({
    code: 0,
    out: 'no allocations\n',
    err: '',
  })
  const { out } = await said('list', '--json', '-c', 'sluice.yaml')
  expect(JSON.parse(out)).toEqual(ALLOCATIONS)
  expect(JSON.parse((await said('list', '--json', '--user', 'alice')).out)).toEqual([ALLOCATIONS[0]])
})

test('end ends each allocation that is there, and fails where one is not', async () => {
  gateway((question) => question.ask === 'end' && question.allocation !== 'gone')
  expect(await said('end', 'a1', 'gone', 'x/../y ?')).toEqual({
    code: 1,
    out: 'ended a1\nended x/../y ?\n',
    err: 'sluice turn end: there is no allocation gone\n',
  })
  expect(asked).toEqual([
    { ask: 'end', allocation: 'a1' },
    { ask: 'end', allocation: 'gone' },
    { ask: 'end', allocation: 'x/../y ?' },
  ])
  expect(await said('end', 'a1', '--json')).toEqual({ code: 0, out: '{"id":"a1","ended":true}\n', err: '' })
})

const verdict = (listener: string, allowed: boolean): PeerVerdict => ({
  listener,
  peer: '10.0.0.1',
  allowed,
  why: allowed ? '10.0.0.1 is in peers.allow' : '10.0.0.1 is private (10.0.0.0/8)',
})

test('test --peer tells what each listener says; one that lets it be reached is enough', async () => {
  gateway(() => [verdict('turn', false), verdict('second', true)])
  expect(await said('test', '--peer', '10.0.0.1')).toEqual({
    code: 0,
    out: 'turn: refused: 10.0.0.1 is private (10.0.0.0/8)\nsecond: reached: 10.0.0.1 is in peers.allow\n',
    err: '',
  })
  expect(asked).toEqual([{ ask: 'explain', listener: null, peer: '10.0.0.1' }])
})

test('test --peer fails when the peer is refused everywhere', async () => {
  gateway(() => [verdict('turn', false)])
  expect((await said('test', '--peer=10.0.0.1', '--listener', 'turn')).code).toBe(1)
  expect(asked).toEqual([{ ask: 'explain', listener: 'turn', peer: '10.0.0.1' }])
  const { code, out } = await said('test', '--json', '--peer', '10.0.0.1')
  expect([code, JSON.parse(out)]).toEqual([1, [verdict('turn', false)]])
})

test.each(['192.0.2.7:5000', '2001:db8::1', '[2001:db8::1]:5000', '::ffff:10.0.0.1'])(
  'test --peer asks about %s as it is',
  async (peer) => {
    gateway(() => [verdict('turn', true)])
    expect((await said('test', '--peer', peer)).code).toBe(0)
    expect(asked).toEqual([{ ask: 'explain', listener: null, peer }])
  },
)

test.each([
  '',
  'example.org',
  '10.0.0.256',
  '10.0.0.1:0',
  '10.0.0.1:65536',
  '10.0.0.0/8',
  '2001:db8::1:99999',
  '[::1]',
])('test --peer %p is wrong usage', async (peer) => {
  gateway(() => [])
  expect(await said('test', '--peer', peer)).toEqual({
    code: 2,
    out: '',
    err: `sluice turn test: "${peer}" is no IP address, with or without a port\n`,
  })
  expect(asked).toEqual([])
})

test('test --peer says when there is no such listener, or none that relays', async () => {
  gateway(() => [])
  expect(await said('test', '--peer', '10.0.0.1', '--listener', 'tern')).toEqual({
    code: 1,
    out: '',
    err: 'sluice turn test: the gateway answered 404: There is no turn listener tern; there are: turn.\n',
  })
  expect((await said('test', '--peer', '10.0.0.1')).err).toBe(
    'sluice turn test: the gateway has no turn listener that relays\n',
  )
})

const COMMANDS: readonly [readonly string[]][] = [
  [['list']],
  [['end', 'a1']],
  [['test', '--peer', '10.0.0.1']],
]

test.each(COMMANDS)('%j says when no gateway runs', async (args) => {
  expect(await said(...args)).toEqual({
    code: 1,
    out: '',
    err: `sluice turn ${args[0]}: no gateway runs with this config (${CONFIG})\n`,
  })
  // As one that was killed leaves its socket behind.
  const left = controlSocketPath(join(cwd, 'data'), CONFIG)
  writeFileSync(left, '')
  expect((await said(...args)).err).toContain('no gateway runs with this config')
  rmSync(left)
})

test.each(COMMANDS)('%j says when the relay does not answer, or something else does', async (args) => {
  gateway(() => {
    throw new Error('the relay does not answer')
  })
  expect(await said(...args)).toEqual({
    code: 1,
    out: '',
    err: `sluice turn ${args[0]}: the gateway answered 503: the relay does not answer\n`,
  })
  stop()
  const path = controlSocketPath(join(cwd, 'data'), CONFIG)
  const server = Bun.serve({ unix: path, fetch: () => new Response('<html>', { status: 418 }) })
  stop = () => {
    void server.stop(true)
    rmSync(path, { force: true })
  }
  expect((await said(...args)).err).toBe(
    `sluice turn ${args[0]}: the gateway answered 418: is ${path} a gateway?\n`,
  )
})

test.each(COMMANDS)(
  '%j needs no config file that is valid: one that went bad tells where to ask',
  async (args) => {
    expect((await said(...args, '-c', 'nope.yaml')).err).toBe(
      `sluice turn ${args[0]}: there is no file nope.yaml\n`,
    )
    gateway(() => [])
    const good = readFileSync(CONFIG)
    writeFileSync(CONFIG, 'listeners: [broken')
    expect(await said(...args)).toMatchObject({ err: expect.not.stringContaining('broken') as string })
    expect(asked.length).toBeGreaterThan(0)
    writeFileSync(CONFIG, good)
  },
)

test.each(COMMANDS)('%j has help, and tells of wrong usage', async (args) => {
  const help = await said(...args, '-h')
  expect(help).toMatchObject({ code: 0, err: '' })
  expect(help.out).toContain(`Usage: sluice turn ${args[0]}`)
  const wrong = await said(...args, '--nope')
  expect(wrong).toMatchObject({ code: 2, out: '' })
  expect(wrong.err).toBe(
    `sluice turn ${args[0]}: unknown option "--nope"; "sluice turn ${args[0]} -h" tells more\n`,
  )
})

test('test without --peer is the other one; the help of both is told', async () => {
  const { code, out } = await said('test', '-h')
  expect(code).toBe(0)
  expect(out).toContain('Usage: sluice turn test URL')
  expect(out).toContain('Usage: sluice turn test --peer ADDRESS')
  expect((await said('test')).code).toBe(2)
  expect((await said('test', '10.0.0.1')).code).not.toBe(0)
})

test('a command is missing, unknown, or asked for help', async () => {
  expect(await said()).toMatchObject({ code: 2, out: '' })
  expect((await said('lits')).err).toBe(
    'sluice turn: unknown command "lits"; did you mean "list"? "sluice turn -h" tells more\n',
  )
  expect((await said('constructor')).err).toStartWith('sluice turn: unknown command "constructor";')
  expect((await said('--json')).err).toStartWith('sluice turn: unknown option "--json";')
  expect((await said('end')).err).toStartWith('sluice turn end: an ID of "sluice turn list" is missing;')
  for (const word of ['-h', '--help', 'help']) {
    const { code, out, err } = await said(word)
    expect([code, err]).toEqual([0, ''])
    for (const command of ['credentials', 'list', 'end', 'test'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
  }
})

test.skipIf(existsSync('/etc/sluice/sluice.yaml'))(
  'without a config file it is told where it was looked for',
  async () => {
    const { code, err } = await saidBy((io) => turn(['list'], io), { cwd: tmpdir() })
    expect(code).toBe(1)
    expect(err).toStartWith('sluice turn list: no gateway runs with ./sluice.yaml or /etc/sluice/sluice.yaml')
  },
)
