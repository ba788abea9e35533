// `sluice turn test` on servers that are none of its own making, and on ours: it must find the same faults in
// both, and no others.
import { afterAll, describe, expect } from 'bun:test'
import { turnTest } from '../../server/cli/turn/test.ts'
import { ATTRIBUTES, METHODS } from '../../server/turn/bytes/stun.ts'
import type { Step, StepName } from '../../server/cli/turn/report.ts'
import { saidBy } from '../support/command.ts'
import { startCoturn } from '../support/coturn.ts'
import { runCommand } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { needs } from '../support/needs.ts'
import { addressOf, craft, openClient } from '../support/turn-client.ts'
import { startSluiceTurn, type TurnServer, type TurnWords } from '../support/turn.ts'

const LISTENERS: Readonly<Record<string, TurnWords>> = {
  main: { tls: true, tcp: true },
  rest: { secret: 's3cr3t' },
  closed: { allow: [] },
  quota: { userQuota: 1 },
  six: { host: '::1' },
}

interface Kind {
  readonly name: 'sluice' | 'coturn'
  readonly test: ReturnType<typeof needs>
  start(words: Readonly<Record<string, TurnWords>>): Promise<TurnServer>
}

const KINDS: readonly Kind[] = [
  { name: 'coturn', test: needs('turnserver', 'openssl'), start: startCoturn },
  { name: 'sluice', test: needs('openssl'), start: startSluiceTurn },
]

interface Examined {
  readonly code: number
  readonly steps: readonly Step[]
  /** `step outcome`, of those that are not ok. */
  readonly faults: readonly string[]
  step(name: StepName): Step
}

const LOGIN = ['-u', 'test', '-p', 'test123']

async function examine(url: string, ...args: readonly string[]): Promise<Examined> {
  const { code, out, err } = await saidBy((io) => turnTest([url, ...args, '--count', '20', '--json'], io))
  expect(err).toBe('')
  const steps = JSON.parse(out) as Step[]
  return {
    code,
    steps,
    faults: steps.filter(({ outcome }) => outcome !== 'ok').map(({ step, outcome }) => `${step} ${outcome}`),
    step: (name) => steps.findLast(({ step }) => step === name)!,
  }
}

describe.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (name, { test, start }) => {
  const started: Promise<TurnServer>[] = []
  const begin = (words: Readonly<Record<string, TurnWords>>): Promise<TurnServer> => {
    const server = start(words)
    started.push(server)
    return server
  }
  // Only where its tests are not skipped.
  const server = (): Promise<TurnServer> => (main ??= begin(LISTENERS))
  let main: Promise<TurnServer> | null = null
  afterAll(async () => {
    for (const one of started) await (await one)[Symbol.asyncDispose]()
  })
  const at = async (listener: string): Promise<string> => {
    const of = await server()
    const host = of.host(listener)
    return `${host.includes(':') ? `[${host}]` : host}:${of.port(listener)}`
  }
  // coturn lets clients reach private networks unless it is told not to.
  const usual = name === 'coturn' ? ['private_peers warning'] : []

  test.each(['udp', 'tcp'])('all is well over %s', async (transport) => {
    const { code, faults, steps, step } = await examine(
      `turn:${await at('main')}?transport=${transport}`,
      ...LOGIN,
    )
    expect([code, faults]).toEqual([0, usual])
    expect(steps).toHaveLength(13)
    for (const round of ['indications', 'channel_data'] as const)
      expect(step(round).facts).toMatchObject({ sent: 20, back: 20, damaged: 0, twice: 0 })
    expect(step('reach').facts).toMatchObject({ transport, translated: false })
    expect(step('allocate').facts).toMatchObject({ lifetime_s: 600, range: 'loopback' })
  })

  test('all is well on IPv6, and for "stun:"', async () => {
    expect(await examine(`turn:${await at('six')}`, ...LOGIN)).toMatchObject({ code: 0, faults: usual })
    const { code, steps } = await examine(`stun:${await at('main')}`)
    expect([code, steps.map(({ step }) => step)]).toEqual([0, ['resolve', 'reach']])
  })

  test('a self-signed certificate is refused before credentials are shown; --insecure goes on', async () => {
    const url = `turns:localhost:${(await server()).tlsPort('main')}`
    const refused = await examine(url, ...LOGIN)
    expect([refused.code, refused.faults]).toEqual([1, ['certificate failed']])
    expect(refused.step('certificate').found).toContain('it is self-signed')
    expect(refused.steps.at(-1)!.step).toBe('certificate')
    const taken = await examine(url, ...LOGIN, '--insecure')
    expect([taken.code, taken.faults]).toEqual([0, ['certificate warning', ...usual]])
    expect(taken.step('certificate').facts).toMatchObject({ problems: ['self_signed'] })
  })

  test('the second client may come another way', async () => {
    const peer = `turns:localhost:${(await server()).tlsPort('main')}`
    const { code, faults } = await examine(
      `turn:${await at('main')}`,
      ...LOGIN,
      '--peer-url',
      peer,
      '--insecure',
    )
    expect([code, faults]).toEqual([0, ['certificate warning', ...usual]])
  })

  test('wrong credentials are told from none', async () => {
    const url = `turn:${await at('main')}`
    for (const [user, password] of [
      ['test', 'wrong'],
      ['nobody', 'test123'],
    ]) {
      const { code, faults, step } = await examine(url, '-u', user!, '-p', password!)
      expect([code, faults]).toEqual([1, ['authenticate failed']])
      expect(step('authenticate')).toMatchObject({
        found: expect.stringContaining(`user "${user}" is refused: 401`),
      })
    }
    const { faults, step } = await examine(url)
    expect([faults, step('authenticate').found]).toEqual([
      ['authenticate failed'],
      expect.stringContaining('none were given'),
    ])
    expect(step('challenge').facts).toMatchObject({ realm: expect.stringContaining('example.org') })
  })

  test('time-limited credentials: good, of another secret, expired', async () => {
    const url = `turn:${await at('rest')}`
    expect(await examine(url, '--secret', 's3cr3t', '-u', 'joe')).toMatchObject({ code: 0, faults: usual })
    const other = await examine(url, '--secret', 'other')
    expect([other.code, other.step('authenticate').advice]).toEqual([
      1,
      expect.stringContaining('The secret is not the one'),
    ])
    const expired = await examine(url, '-u', '1600000000:joe', '-p', 'x')
    expect([expired.code, expired.step('authenticate').found]).toEqual([
      1,
      expect.stringContaining('expired'),
    ])
  })

  test('a port where nobody listens, for each transport', async () => {
    for (const transport of ['udp', 'tcp', 'tls']) {
      const { code, steps, step } = await examine(
        `turn:127.0.0.1:${freePort()}`,
        ...LOGIN,
        '--transport',
        transport,
      )
      expect([code, steps.length, step('reach').outcome]).toEqual([1, 2, 'failed'])
      expect(step('reach').found).toContain('nothing listens')
    }
  })

  test('a quota of one: the second allocation is refused, the first is ended', async () => {
    const url = `turn:${await at('quota')}`
    // coturn frees what was ended a little later.
    for (let round = 0; round < (name === 'sluice' ? 2 : 1); round++) {
      const { code, faults, step } = await examine(url, ...LOGIN)
      expect([code, faults]).toEqual([1, ['second failed', ...usual]])
      expect(step('second').facts).toMatchObject({ code: 486 })
      expect(step('delete').outcome).toBe('ok')
    }
  })

  test('clients of a server that allows no private peers', async () => {
    const { code, faults, step } = await examine(`turn:${await at('closed')}`, ...LOGIN)
    // Ours lets its clients meet at its own relayed addresses; coturn counts these among loopback.
    const expected = name === 'sluice' ? [0, []] : [1, ['permissions failed', ...usual]]
    expect([code, faults]).toEqual(expected)
    if (name === 'coturn') expect(step('permissions').advice).toContain('allow-loopback-peers')
    else expect(step('private_peers').facts).toMatchObject({ granted: [] })
  })

  test('a server that sends its clients elsewhere is followed', async () => {
    const to = await at('main')
    const redirecting = await begin({ redirect: { redirect: to } })
    const url = `turn:${redirecting.host('redirect')}:${redirecting.port('redirect')}`
    const { code, faults, step } = await examine(url, ...LOGIN)
    expect([code, faults]).toEqual([0, usual])
    expect(step('redirect').facts).toMatchObject({ code: 300, alternate: to })
  })

  test('as a command: words for people, and the exit code', async () => {
    const url = `turn:${await at('main')}`
    const good = await runCommand(['turn', 'test', url, ...LOGIN, '--count', '5'])
    expect([good.code, good.stderr]).toEqual([0, ''])
    expect(good.stdout).toStartWith(`${url}?transport=udp, as "test"\n\nok       resolve `)
    expect(good.stdout).toContain('5 of 5 messages of 500 bytes came back, each byte right')
    const bad = await runCommand(['turn', 'test', url, '-u', 'test', '-p', 'wrong'])
    expect(bad.stdout).toEndWith('\nfailed: authenticate\n')
    expect(bad.code).toBe(1)
    expect(await runCommand(['turn', 'test', 'nonsense'])).toMatchObject({ code: 2, stdout: '' })
  })

  test.each(['udp', 'tcp', 'tls'] as const)('the client itself, over %s', async (transport) => {
    const of = await server()
    const port = transport === 'tls' ? of.tlsPort('main') : of.port('main')
    await using near = await openClient({ transport, port })
    await using far = await openClient({ port: of.port('main') })
    const [atNear, atFar] = [await near.allocate(), await far.allocate()]
    await near.permission(atFar)
    near.send(atFar, 'nobody has permitted this')
    expect(await far.isSilent(50)).toBe(true)
    await far.bind(0x4001, atNear)
    near.send(atFar, 'hello')
    expect(await far.receive()).toMatchObject({
      channel: 0x4001,
      bytes: Uint8Array.from(Buffer.from('hello')),
    })
    far.send(0x4001, 'back')
    expect(await near.receive()).toMatchObject({ channel: null, bytes: Uint8Array.from(Buffer.from('back')) })
    expect(await near.refresh(1200)).toBe(1200)
    // What it is told to do wrong it does wrong.
    expect(await near.code(METHODS.CHANNEL_BIND, (w) => w.first16(ATTRIBUTES.CHANNEL_NUMBER, 0x4000))).toBe(
      400,
    )
    const request = craft(METHODS.ALLOCATE, (w) => w.u32(ATTRIBUTES.LIFETIME, 1))
    expect(await near.ask(request)).toMatchObject({ code: expect.any(Number), isProven: null })
    near.send(addressOf('127.0.0.9', 9), 'not permitted')
    expect(await far.isSilent(50)).toBe(true)
    expect([await near.refresh(0), await far.refresh(0)]).toEqual([0, 0])
  })

  test('SHA-256 is used where it is offered', async () => {
    await using client = await openClient({ port: (await server()).port('main') })
    await client.allocate()
    expect(client.client.challenge!.algorithms).toEqual(name === 'sluice' ? [2, 1] : [])
    await client.refresh(0)
  })
})
