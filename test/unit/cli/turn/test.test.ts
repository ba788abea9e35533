import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { turnTest } from '../../../../server/cli/turn/test.ts'
import { ATTRIBUTES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import type { Step } from '../../../../server/cli/turn/report.ts'
import { restPassword } from '../../../../server/turn/state/rest-names.ts'
import { type Said, saidBy } from '../../../support/command.ts'
import { freePort } from '../../../support/kernel.ts'
import { FakeTurn } from './fake-turn.ts'

const LOGIN = ['-u', 'test', '-p', 'test123']

const run = (...args: readonly string[]): Promise<Said> => saidBy((io) => turnTest(args, io))

const stepsOf = (out: string): Step[] => JSON.parse(out) as Step[]

describe('wrong usage', () => {
  test.each([
    ['a URL such as turn:HOST (or --peer ADDRESS) is missing', ''],
    ['unexpected argument "x"', 'turn:a x'],
    ['unknown option "--user-name"', 'turn:a --user-name x'],
    ['"https://a" is no URL such as', 'https://a'],
    ['"turn:a:99999": "99999" is no port', 'turn:a:99999'],
    ['--user needs --password or --secret', 'turn:a -u x'],
    ['--password needs --user', 'turn:a -p x'],
    ['--password and --secret exclude each other', 'turn:a -u x -p y --secret z'],
    ['either "--secret" or "--secret-file"', 'turn:a --secret x --secret-file y'],
    ['/there/is/none cannot be read', 'turn:a -u x --password-file /there/is/none'],
    ['--transport "sctp" is not udp, tcp or tls', 'turn:a --transport sctp'],
    ['--peer-url "x" is no URL', 'turn:a --peer-url x'],
    ['--peer-url needs a "turn:"', 'turn:a --peer-url stun:b'],
    ['--count "0" is no whole number from 1 to 10000', 'turn:a --count 0'],
    ['--count "1e3"', 'turn:a --count=1e3'],
    ['--size "7" is no size from 8 to 8000 bytes', 'turn:a --size 7'],
    ['--size "1MiB"', 'turn:a --size 1MiB'],
    ['--timeout "5" is no time', 'turn:a --timeout 5'],
    ['--timeout "1h"', 'turn:a --timeout 1h'],
  ])('%s: "%s"', async (words, line) => {
    const args = line.split(' ').filter((word) => word !== '')
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toStartWith('sluice turn test: ')
    expect(err).toContain(words)
  })

  test('help is no wrong usage', async () => {
    const { code, out, err } = await run('-h')
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('Usage: sluice turn test URL')
  })
})

test('a good server: a line for each step, and 0', async () => {
  await using fake = await FakeTurn.start()
  const { code, out, err } = await run(`turn:127.0.0.1:${fake.port}`, ...LOGIN, '--count', '3')
  expect([code, err]).toEqual([0, ''])
  const lines = out.trimEnd().split('\n')
  expect(lines[0]).toBe(`turn:127.0.0.1:${fake.port}?transport=udp, as "test"`)
  expect(lines.slice(2, 4)).toEqual([
    'ok       resolve        127.0.0.1 is an address: no name to resolve',
    expect.stringMatching(/^ok {7}reach {10}127\.0\.0\.1:\d+ answers over UDP in [\d.]+ ms; it sees us as /),
  ])
  expect(lines.filter((line) => line.startsWith('ok '))).toHaveLength(13)
  expect(lines.at(-1)).toBe('all is well')
  expect(out).toContain('50000 is ours for 600 s (loopback, as the server itself)')
})

test('a name is resolved, and what fails says what to do; 1', async () => {
  const { code, out } = await run(`turn:localhost:${freePort()}`, ...LOGIN)
  expect(code).toBe(1)
  expect(out).toMatch(/^ok {7}resolve {8}localhost is .*127\.0\.0\.1/m)
  expect(out).toMatch(/^FAILED {3}reach {10}nothing listens at .*\n {24}→ Look whether the server runs/m)
  expect(out).toEndWith('\nfailed: reach\n')
})

test('warnings do not fail: 0, and they are summed up', async () => {
  await using fake = await FakeTurn.start({ transport: 'tls', password: null })
  const { code, out } = await run(`turns:localhost:${fake.port}`, '--insecure', '--count', '2')
  expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([0, 'it works; warnings: certificate, challenge'])
  const strict = await run(`turns:localhost:${fake.port}`)
  expect([strict.code, strict.out.trimEnd().split('\n').at(-1)]).toEqual([1, 'failed: certificate'])
})

test('--json gives the steps, and nothing else', async () => {
  await using fake = await FakeTurn.start()
  const url = `turn:127.0.0.1:${fake.port}`
  const good = await run(url, ...LOGIN, '--json', '--count', '4', '--size', '100')
  expect([good.code, good.err]).toEqual([0, ''])
  const steps = stepsOf(good.out)
  expect(steps.map(({ step }) => step).slice(-4)).toEqual([
    'channel_data',
    'private_peers',
    'refresh',
    'delete',
  ])
  for (const step of steps)
    expect(Object.keys(step)).toEqual(['step', 'outcome', 'found', 'advice', 'facts', 'took_ms'])
  expect(steps.find(({ step }) => step === 'channel_data')!.facts).toMatchObject({
    sent: 4,
    back: 4,
    bytes: 100,
  })
  const bad = await run(url, '-u', 'test', '-p', 'wrong', '--json')
  expect([bad.code, stepsOf(bad.out).at(-1)]).toEqual([
    1,
    expect.objectContaining({ step: 'authenticate', outcome: 'failed' }),
  ])
  expect(bad.out).not.toContain('wrong"')
})

test('secrets and passwords come from files as well, which end in a line break', async () => {
  await using fake = await FakeTurn.start()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-turn-test-'))
  const file = join(folder, 'password')
  writeFileSync(file, 'test123\n', { mode: 0o600 })
  const { code } = await run(
    `turn:127.0.0.1:${fake.port}`,
    '-u',
    'test',
    '--password-file',
    file,
    '--count',
    '2',
  )
  rmSync(folder, { recursive: true })
  expect(code).toBe(0)
})

test('a secret makes a name that is good for ten minutes', async () => {
  const names: string[] = []
  await using fake = await FakeTurn.start({
    script: (request, line, fake) => {
      const name = request.text(ATTRIBUTES.USERNAME)
      if (name === null) return false
      names.push(name)
      fake.challenge(line, request, 401)
      return true
    },
  })
  const beforeS = Math.floor(Date.now() / 1000)
  const { out } = await run(`turn:127.0.0.1:${fake.port}`, '--secret', 's3cr3t', '-u', 'joe')
  const [expiry, user] = names[0]!.split(':')
  expect(user).toBe('joe')
  expect(Number(expiry) - beforeS).toBeWithin(600, 603)
  // Refused: the same secret is tried once more, for a day.
  expect(Number.parseInt(names[1]!, 10) - beforeS).toBeWithin(86_400, 86_403)
  expect(out).toContain(`as "${names[0]}"`)
  expect(out).not.toContain('s3cr3t')
  expect(out).not.toContain(restPassword('s3cr3t', names[0]!))
  await run(`turn:127.0.0.1:${fake.port}`, '--secret', 's3cr3t')
  expect(names[2]).toMatch(/^\d+$/)
})

test('a time in the name of a user is told when it is past', async () => {
  await using fake = await FakeTurn.start({ password: 'other' })
  const expired = await run(`turn:127.0.0.1:${fake.port}`, '-u', '1600000000:joe', '-p', 'x')
  expect(expired.out).toContain('These credentials expired')
  const year = await run(`turn:127.0.0.1:${fake.port}`, '-u', '2001', '-p', 'x')
  expect(year.out).toContain('The name or the password is wrong')
})

test('--transport goes before the URL, --peer-url names the second server', async () => {
  await using fake = await FakeTurn.start({ transport: 'tcp' })
  await using other = await FakeTurn.start({ firstPort: 60_000 })
  const peer = `turn:127.0.0.1:${other.port}`
  const args = [`turn:127.0.0.1:${fake.port}`, '--transport', 'tcp', '--peer-url', peer, ...LOGIN]
  const { out } = await run(...args, '--count', '1', '--timeout', '500ms')
  expect(out).toStartWith(`turn:127.0.0.1:${fake.port}?transport=tcp and ${peer}?transport=udp, as "test"\n`)
  expect([fake.count(METHODS.ALLOCATE), other.count(METHODS.ALLOCATE)]).toEqual([2, 2])
})
