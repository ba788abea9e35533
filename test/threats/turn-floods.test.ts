// Threat: strangers who have the relay answer a victim that they write as the sender, or who use up its
// memory and its answers.
//
// Strangers who send much, forge addresses, and would have others be answered: what comes out, what it costs,
// and that names are only data.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { residentBytes } from '../support/processes.ts'
import { isCoturnRun, startTurn, type TurnServer } from '../support/turn.ts'
import * as stun from '../support/stun.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { type Echo, startEcho } from '../support/uclient.ts'
import { pause, staysTrue, waitFor } from '../support/wait.ts'

/** What the config has when it says nothing. */
const DEFAULT_LIMITS = { ours: { limits: { unauthenticated: 20, binding: 50 } } }

let server: TurnServer
let echo: Echo

beforeAll(async () => {
  server = await startTurn({
    wide: { tls: true },
    limited: DEFAULT_LIMITS,
    flooded: DEFAULT_LIMITS,
    rest: { secret: 's3cr3t', ours: { auth: { secrets: ['s3cr3t', 'the one before'] } } },
    single: { ours: { relay: { bind: ['127.0.0.1'] }, quotas: { user: 100, permissions: 8, channels: 4 } } },
  })
  echo = await startEcho()
})

afterAll(async () => {
  echo.close()
  await server[Symbol.asyncDispose]()
})

const typesOf = ({ attributes }: stun.Stun): number[] =>
  attributes.map(({ type }) => type).toSorted((a, b) => a - b)

describe('what comes out for what goes in', () => {
  // Header 20, ERROR-CODE 8, REALM 4 + 12, NONCE 4 + n, PASSWORD-ALGORITHMS 4 + 8: what RFC 8489 §9.2.4 wants
  // in a 401, and nothing else.
  const NEEDED = [stun.ERROR_CODE, stun.REALM, stun.NONCE, stun.PASSWORD_ALGORITHMS].toSorted((a, b) => a - b)

  test.skipIf(isCoturnRun)(
    'a 401 over UDP holds what the standard wants and not a byte of prose',
    async () => {
      for (const message of [
        new stun.StunWriter(stun.ALLOCATE),
        udpAllocate(new stun.StunWriter(stun.ALLOCATE)),
        new stun.StunWriter(stun.REFRESH),
        new stun.StunWriter(stun.CREATE_PERMISSION),
        new stun.StunWriter(stun.CHANNEL_BIND),
        new stun.StunWriter(stun.CONNECT),
      ]) {
        await using line = await TurnLine.open({ port: server.port('wide') })
        const answer = await line.ask(message)
        expect(stun.errorCode(answer)).toBe(401)
        expect(typesOf(answer)).toEqual(NEEDED)
        expect(stun.valueOf(answer, stun.ERROR_CODE)!.length).toBe(4)
        expect(stun.valueOf(answer, stun.NONCE)!.length).toBeLessThanOrEqual(64)
        // 148 bytes at most: below what others answer, for all that it names two algorithms.
        expect(answer.bytes.length).toBeLessThanOrEqual(20 + 8 + 16 + 4 + 64 + 12)
      }
    },
  )

  test.skipIf(isCoturnRun)('a Binding answer is 12 bytes larger than its request, 24 for IPv6', async () => {
    await using line = await TurnLine.open({ port: server.port('wide') })
    const bare = new stun.StunWriter(stun.BINDING)
    const answer = await line.ask(bare)
    expect(typesOf(answer)).toEqual([stun.XOR_MAPPED_ADDRESS])
    expect(answer.bytes.length - bare.done().length).toBe(12)
    const signed = new stun.StunWriter(stun.BINDING).fingerprint()
    const echoed = await line.ask(signed)
    expect(typesOf(echoed)).toEqual([stun.XOR_MAPPED_ADDRESS, stun.FINGERPRINT])
    expect(echoed.bytes.length - signed.done().length).toBe(12)
  })

  test('what is answered at all over UDP: no indication, no answer, no half of a message', async () => {
    await using line = await TurnLine.open({ port: server.port('wide') })
    const binding = new stun.StunWriter(stun.BINDING).done()
    const broken = new stun.StunWriter(stun.BINDING).fingerprint().done()
    broken[broken.length - 1]! ^= 1
    for (const bytes of [
      new stun.StunWriter(0x0011).done(),
      new stun.StunWriter(stun.BINDING | stun.SUCCESS).done(),
      new stun.StunWriter(stun.ALLOCATE | stun.ERROR).done(),
      new stun.StunWriter(stun.SEND).add(stun.DATA_ATTRIBUTE, 'x').done(),
      new stun.StunWriter(stun.DATA).add(stun.DATA_ATTRIBUTE, 'x').done(),
      stun.channelData(0x4000, Buffer.from('hello')),
      binding.subarray(0, 19),
      Buffer.concat([binding, Buffer.alloc(4)]),
      broken,
      Buffer.alloc(20),
      Buffer.alloc(1200, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(0),
    ])
      line.send(bytes)
    expect(await staysTrue(() => line.inbox.length === 0, 200)).toBe(true)
    expect((await line.ask(new stun.StunWriter(stun.BINDING))).type).toBe(stun.BINDING | stun.SUCCESS)
  })

  test('an answer goes where the request came from, whatever its RESPONSE-PORT or CHANGE-REQUEST say', async () => {
    await using line = await TurnLine.open({ port: server.port('wide') })
    await using victim = await TurnLine.open({ port: server.port('wide') })
    const port = Buffer.alloc(4)
    port.writeUInt16BE(victim.localPort)
    for (const [type, value] of [
      [0x0027, port],
      [stun.CHANGE_REQUEST, Buffer.from([0, 0, 0, 6])],
      [0x0002, Buffer.from([0, 1, ...port.subarray(0, 2), 127, 0, 0, 1])],
    ] as const)
      line.send(new stun.StunWriter(stun.BINDING).add(type, value).done())
    expect(await staysTrue(() => victim.received === 0, 200)).toBe(true)
  })
})

describe.skipIf(isCoturnRun)('strangers over UDP', () => {
  const burst = async (line: TurnLine, count: number, make: () => stun.StunWriter): Promise<number> => {
    const before = line.inbox.length
    for (let i = 0; i < count; i++) {
      line.send(make().done())
      if (i % 20 === 19) await pause(1)
    }
    await staysTrue(() => true, 150)
    return line.inbox.length - before
  }

  test('an address that asks 300 times at once is answered some twenty times, others as ever', async () => {
    const at = { port: server.port('limited'), from: '127.0.0.41' }
    await using one = await TurnLine.open(at)
    await using two = await TurnLine.open(at)
    const ask = (): stun.StunWriter => udpAllocate(new stun.StunWriter(stun.ALLOCATE))
    /**
     * What a limit allows at most from then to now: what it gives at once, and what comes again meanwhile.
     */
    const allowed = (perSecond: number, sinceMs: number): number =>
      perSecond + ((performance.now() - sinceMs) * perSecond) / 1000
    let sinceMs = performance.now()
    const answers = (await burst(one, 150, ask)) + (await burst(two, 150, ask))
    expect(answers).toBeGreaterThanOrEqual(15)
    expect(answers).toBeLessThanOrEqual(allowed(20, sinceMs))
    // Binding has a limit of its own.
    sinceMs = performance.now()
    const bindings = await burst(one, 300, () => new stun.StunWriter(stun.BINDING))
    expect(bindings).toBeGreaterThanOrEqual(40)
    expect(bindings).toBeLessThanOrEqual(allowed(50, sinceMs))
    await using other = await TurnLine.open({ port: server.port('limited'), from: '127.0.0.42' })
    expect((await other.allocate()).port).toBeGreaterThan(0)
    // And the first one again after a while.
    await waitFor(async () => (await burst(one, 1, ask)) === 1)
  })

  test('whoever has shown credentials is not counted', async () => {
    await using line = await TurnLine.open({ port: server.port('limited'), from: '127.0.0.43' })
    await line.allocate()
    for (let i = 0; i < 100; i++) expect((await line.refresh()).code).toBe(0)
  })

  test('over TCP nobody is counted: an address that has shaken hands is nobody else', async () => {
    await using line = await TurnLine.open({ port: server.port('limited'), transport: 'tcp' })
    for (let i = 0; i < 100; i++) await line.ask(new stun.StunWriter(stun.BINDING))
  })

  test('a flood of Allocates from a thousand addresses, with nonces and MACs made up, leaves nothing and is quiet', async () => {
    const relayMemory = (): number => server.pids().reduce((sum, pid) => sum + residentBytes(pid), 0)
    const forged = (line: TurnLine, i: number): Buffer => {
      line.realm = 'example.org'
      line.nonce = Buffer.from(`obMatJos2AAAA${crypto.randomUUID()}`)
      return line
        .signed(stun.ALLOCATE, { before: (m) => udpAllocate(m).add(stun.SOFTWARE, `flood ${i}`) })
        .done()
    }
    const flood = async (addresses: number, each: number): Promise<{ sent: number; received: number }> => {
      let [sent, received] = [0, 0]
      for (let address = 0; address < addresses; address++) {
        const from = `127.1.${address >> 8}.${address & 255}`
        await using line = await TurnLine.open({ port: server.port('flooded'), from })
        const bytes = forged(line, address)
        // Another transaction each time: none is a retransmission.
        for (let i = 0; i < each; i++) {
          bytes.writeUInt32BE(i, 8)
          line.send(Buffer.from(bytes))
        }
        await pause(0)
        sent += line.sent
        received += line.received
      }
      return { sent, received }
    }
    await flood(200, 50)
    // A heap that is to be collected yet is larger once; what a flood leaves behind grows with each.
    let grown = Number.POSITIVE_INFINITY
    for (let floods = 0; floods < 4 && grown >= 4 << 20; floods++) {
      const before = relayMemory()
      const { sent, received } = await flood(1000, 100)
      expect(received).toBeLessThan(sent / 2)
      grown = relayMemory() - before
    }
    expect(grown).toBeLessThan(4 << 20)
    expect(await metric('turn_allocations', 'flooded')).toBe(0)
    await using line = await TurnLine.open({ port: server.port('flooded') })
    expect((await line.allocate()).port).toBeGreaterThan(0)
  })

  test('a flood of connections that ask and hang up leaves nothing', async () => {
    for (let i = 0; i < 200; i++) {
      await using line = await TurnLine.open({ port: server.port('wide'), transport: 'tcp' })
      line.send(udpAllocate(new stun.StunWriter(stun.ALLOCATE)).done())
    }
    await waitFor(async () => (await metric('turn_connections', 'wide')) === 0)
    expect(await metric('turn_allocations', 'wide')).toBe(0)
  })
})

describe('names are data', () => {
  const NAMES = [
    '%s%n%s%n%x%p',
    `'; DROP TABLE allocations; --`,
    '"},{"level":"info","event":"forged"}',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    '${SECRET}',
    'a'.repeat(480),
    'ünïcode ☃ 𝕏',
  ]
  const expiry = (): number => Math.floor(Date.now() / 1000) + 600

  test.each(NAMES)('of time-limited credentials: %j', async (name) => {
    const user = `${expiry()}:${name}`
    const login = { user, password: stun.restPassword('s3cr3t', user) }
    await using line = await TurnLine.open({ port: server.port('rest'), login })
    expect((await line.allocate()).port).toBeGreaterThan(0)
    expect((await line.refresh(0)).code).toBe(0)
    const wrong = { user, password: 'wrong' }
    await using stranger = await TurnLine.open({ port: server.port('rest'), login: wrong })
    expect(stun.errorCode(await stranger.request(stun.ALLOCATE, { before: udpAllocate }))).toBe(401)
  })

  // RFC 8265 §4.2: no control characters. They are where lines would be forged and terminals be written to.
  test.skipIf(isCoturnRun).each(['"}\n{"event":"forged"}', '\u001b[2Jcleared', 'nul\u0000', 'del\u007f'])(
    'with control characters they are none: %j',
    async (name) => {
      const user = `${expiry()}:${name}`
      const login = { user, password: stun.restPassword('s3cr3t', user) }
      await using line = await TurnLine.open({ port: server.port('rest'), login })
      expect([400, 401]).toContain(stun.errorCode(await line.request(stun.ALLOCATE, { before: udpAllocate })))
    },
  )

  test.skipIf(isCoturnRun)(
    'in the log each of them stands as it is, on one line, and forges none',
    async () => {
      const { gateway } = server
      const ended = (): string[] =>
        gateway!.events.filter(({ event }) => event === 'turn_allocation').map(({ user }) => String(user))
      await waitFor(() => NAMES.every((name) => ended().some((user) => user.includes(name))), {
        what: 'a log line for each name',
      })
      expect(gateway!.events.some(({ event }) => event === 'forged')).toBe(false)
      for (const line of `${gateway!.stdout}${gateway!.stderr}`.split('\n').filter((text) => text !== ''))
        expect(() => JSON.parse(line) as unknown, line).not.toThrow()
      // No password, secret or key is among it.
      expect(`${gateway!.stdout}${gateway!.stderr}`).not.toMatch(/s3cr3t|test123|the one before/)
    },
  )

  test.skipIf(isCoturnRun)('in the metrics none of them stands at all', async () => {
    const { gateway } = server
    const metrics = await (await fetch(`${gateway!.admin}/metrics`)).text()
    expect(metrics).not.toMatch(/DROP TABLE|__proto__|<script|snowman|☃/)
    expect(
      metrics.split('\n').filter((line) => line !== '' && !/^(?:#|[a-z_]+(?:\{.*\})? \S+$)/.test(line)),
    ).toEqual([])
  })

  test.each([
    ['of a secret that was replaced, while both are good', 600, 'the one before', 0],
    ['of no secret', 600, 'another', 401],
    ['that have expired', -1, 's3cr3t', 401],
  ])('credentials %s', async (_what, seconds, secret, code) => {
    const user = `${Math.floor(Date.now() / 1000) + seconds}:bob`
    const login = { user, password: stun.restPassword(secret, user) }
    await using line = await TurnLine.open({ port: server.port('rest'), login })
    expect(stun.errorCode(await line.request(stun.ALLOCATE, { before: udpAllocate }))).toBe(code)
  })

  test.each([
    '',
    ':',
    'NaN:bob',
    '1e99:bob',
    '-1:bob',
    ' 99999999999:bob',
    '0x7fffffff:bob',
    '99999999999x:bob',
  ])('a name that only looks like a time, %j, opens nothing', async (user) => {
    const login = { user, password: stun.restPassword('s3cr3t', user) }
    await using line = await TurnLine.open({ port: server.port('rest'), login })
    expect([400, 401]).toContain(stun.errorCode(await line.request(stun.ALLOCATE, { before: udpAllocate })))
  })

  test("another client's nonce is stale here, and a nonce of before is too when a byte of it changed", async () => {
    await using one = await TurnLine.open({ port: server.port('wide') })
    await using two = await TurnLine.open({ port: server.port('wide') })
    await one.greet()
    two.realm = one.realm
    for (const nonce of [one.nonce, Buffer.from('x'), Buffer.from('obMatJos2AAAA'), Buffer.alloc(127, 'n')]) {
      two.nonce = nonce
      const answer = await two.ask(two.signed(stun.ALLOCATE, { before: udpAllocate }))
      if (!isCoturnRun) expect(stun.errorCode(answer)).toBe(438)
    }
    expect((await one.allocate()).port).toBeGreaterThan(0)
  })

  test('another user cannot touch an allocation: 441', async () => {
    const [alice, bob] = ['alice', 'bob'].map((name) => {
      const user = `${expiry()}:${name}`
      return { user, password: stun.restPassword('s3cr3t', user) }
    })
    await using line = await TurnLine.open({ port: server.port('rest'), login: alice! })
    await line.allocate()
    Object.assign(line, { login: bob! })
    expect((await line.refresh(0)).code).toBe(441)
    expect(await line.permit('127.0.0.1')).toBe(441)
    expect(await line.bind(0x4000, '127.0.0.1', echo.port)).toBe(441)
    Object.assign(line, { login: alice! })
    expect((await line.refresh()).code).toBe(0)
  })
})

describe.skipIf(isCoturnRun)('one allocation cannot grow without end', () => {
  test('permissions beyond the limit: 508, and known ones can still be refreshed', async () => {
    await using line = await TurnLine.open({ port: server.port('single') })
    await line.allocate()
    for (let i = 1; i <= 8; i++) expect(await line.permit(`127.0.0.${i}`)).toBe(0)
    expect(await line.permit('127.0.0.9')).toBe(508)
    expect(await line.permit('127.0.0.1')).toBe(0)
  })

  test('channels beyond the limit: 508, and known ones can still be refreshed', async () => {
    await using line = await TurnLine.open({ port: server.port('single') })
    await line.allocate()
    for (let i = 0; i < 4; i++) expect(await line.bind(0x4000 + i, '127.0.0.1', 1000 + i)).toBe(0)
    expect(await line.bind(0x4004, '127.0.0.1', 1004)).toBe(508)
    expect(await line.bind(0x4000, '127.0.0.1', 1000)).toBe(0)
  })
})

/** The sum of a metric over a listener's series, as the relay has told it within the last second. */
async function metric(name: string, listener: string): Promise<number> {
  const metrics = await (await fetch(`${server.gateway!.admin}/metrics`)).text()
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`lb_${name}{`) && line.includes(`listener="${listener}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
