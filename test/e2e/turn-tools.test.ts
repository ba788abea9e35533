// Clients that others wrote: coturn's tools. They mostly sleep, so all of them run at the same time, and the
// tests look at how they ended.
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { freePort } from '../support/kernel.ts'
import { needs, programPath } from '../support/needs.ts'
import { isCoturnRun, startTurn, type TurnServer, type TurnWords } from '../support/turn.ts'
import { waitFor } from '../support/wait.ts'
import { type Echo, startEcho, uclient, uclientOverTls, type UclientResult } from '../support/uclient.ts'

const test = needs('turnutils_uclient', 'turnutils_stunclient', 'turnutils_natdiscovery', 'openssl')

const LISTENERS = {
  main: { tls: true, tcp: true },
  six: { host: '::1' },
  anywhere: { host: '0.0.0.0' },
  four: { ours: { relay: { bind: ['127.0.0.1'] } } },
  rest: { secret: 's3cr3t' },
  mobile: { mobility: true },
  quota: { userQuota: 2 },
  closed: { allow: [] },
  denied: { deny: ['127.0.0.9'] },
  nonce: { nonceTtlS: 2 },
  narrow: { ours: { quotas: { bandwidth: '20KiB' } } },
  strict: { ours: { relay: { bind: ['127.0.0.1'], strict_channels: true } } },
  discovery: { discovery: `127.0.0.2:${freePort()}` },
} as const satisfies Record<string, TurnWords>
type Name = keyof typeof LISTENERS

interface Run {
  readonly to: Name | 'redirect'
  /** Flags; default: user "test", and the echo on 127.0.0.1 as the peer. */
  readonly flags: string
  readonly messages?: number
  readonly at?: string
  readonly peer?: string
  readonly login?: string
}

const RUNS = {
  channels: { to: 'main', flags: '-c' },
  indications: { to: 'main', flags: '-c -s' },
  eachOther: { to: 'main', flags: '-c -y' },
  tcp: { to: 'main', flags: '-c -t' },
  tcpIndications: { to: 'main', flags: '-c -t -s' },
  tls: { to: 'main', flags: '-c -t -S' },
  tlsIndications: { to: 'main', flags: '-c -t -S -s' },
  tcpRelay: { to: 'main', flags: '-T' },
  tcpRelayCrowd: { to: 'main', flags: '-t -T -y -m 4 -v' },
  tcpRelayOverTls: { to: 'main', flags: '-T -S' },
  withRtcp: { to: 'main', flags: '' },
  padded: { to: 'main', flags: '-c -D -l 171' },
  dontFragment: { to: 'main', flags: '-c -g -X' },
  extraRequests: { to: 'main', flags: '-c -G' },
  leavers: { to: 'main', flags: '-c -B -m 3' },
  crowd: { to: 'main', flags: '-c -m 10', messages: 50 },
  six: { to: 'six', flags: '-c -x', at: '::1', peer: '::1' },
  sixFromFour: { to: 'main', flags: '-c -x', peer: '::1' },
  both: { to: 'six', flags: '-Z', at: '::1', peer: '::1' },
  bothByFour: { to: 'main', flags: '-Z' },
  otherAddress: { to: 'anywhere', flags: '-c', at: '127.0.0.3' },
  rest: { to: 'rest', flags: '-c -y', login: '-u alice -W s3cr3t' },
  restWrong: { to: 'rest', flags: '-c -y', login: '-u alice -W other' },
  mobile: { to: 'mobile', flags: '-c -M' },
  notMobile: { to: 'main', flags: '-c -M' },
  quota: { to: 'quota', flags: '-c -m 3' },
  closed: { to: 'closed', flags: '-c', peer: '127.0.0.7' },
  closedIndications: { to: 'closed', flags: '-c -s', peer: '127.0.0.7' },
  denied: { to: 'denied', flags: '-c', peer: '127.0.0.9' },
  nonce: { to: 'nonce', flags: '-c -s -G', messages: 300 },
  noSix: { to: 'four', flags: '-c -x', peer: '::1' },
  narrow: { to: 'narrow', flags: '-c -z 2 -l 1000', messages: 300 },
  // It takes channels by chance: one of so many is beyond what is allowed.
  strict: { to: 'strict', flags: '-c -m 9' },
  wrong: { to: 'main', flags: '-c', login: '-u test -w wrong' },
  unknown: { to: 'main', flags: '-c', login: '-u nobody -w test123' },
  redirect: { to: 'redirect', flags: '-c -v' },
} as const satisfies Record<string, Run>
type RunName = keyof typeof RUNS

let server: TurnServer
let redirecting: TurnServer
let echoes: Echo[] = []
const results = new Map<RunName, UclientResult>()

beforeAll(async () => {
  if (programPath('turnutils_uclient') === null) return
  server = await startTurn(LISTENERS)
  redirecting = await startTurn({ redirect: { redirect: `127.0.0.1:${server.port('main')}` } })
  echoes = [await startEcho('127.0.0.1'), await startEcho('::1')]
  const runs = Object.entries(RUNS) as [RunName, Run][]
  const play = async ([name, run]: [RunName, Run]): Promise<void> => {
    const go = isOverTls(run) ? uclientOverTls : uclient
    results.set(name, await go(commandOf(run)))
  }
  await Promise.all(runs.map(play))
})

afterAll(async () => {
  for (const echo of echoes) echo.close()
  await server?.[Symbol.asyncDispose]()
  await redirecting?.[Symbol.asyncDispose]()
})

const isOverTls = ({ flags }: Run): boolean => / -S\b/.test(flags)

function commandOf(run: Run): string[] {
  const { to, flags, messages = 30, at = '127.0.0.1', peer = '127.0.0.1', login } = run
  const port =
    to === 'redirect' ? redirecting.port(to) : isOverTls(run) ? server.tlsPort(to) : server.port(to)
  const echo = echoes[peer.includes(':') ? 1 : 0]!
  return [
    ...['-p', String(port), '-l', '170', '-n', String(messages)],
    ...(login ?? '-u test -w test123').split(' '),
    ...flags.split(' ').filter((flag) => flag !== ''),
    ...(/-[yT]/.test(flags) ? [] : ['-e', peer, '-r', String(echo.port)]),
    at,
  ]
}

const resultOf = (name: RunName): UclientResult => results.get(name)!

/** All that it sent came back. What it said is shown when not. */
function expectWhole(name: RunName, messages: number): void {
  const { code, sent, received, lost, output } = resultOf(name)
  const seen = { code, sent, received, lost }
  expect(seen, output.slice(-1500)).toEqual({ code: 0, sent: messages, received: messages, lost: 0 })
}

/** It could not be set up, for this reason alone. */
function expectRefused(name: RunName, error: string): void {
  const { code, errors, output } = resultOf(name)
  expect(code, output.slice(-1500)).toBe(255)
  expect([...new Set(errors.map((text) => text.slice(0, 3)))], output.slice(-1500)).toEqual([error])
}

/** How often a listener has answered with this code. Workers and the relay tell once a second. */
async function faults(listener: string, code: string): Promise<number> {
  const isIt = (line: string): boolean =>
    line.startsWith('lb_turn_faults_total{') &&
    line.includes(`listener="${listener}"`) &&
    line.includes(`code="${code}"`)
  return waitFor(async () => {
    const metrics = await (await fetch(`${server.gateway!.admin}/metrics`)).text()
    const count = metrics
      .split('\n')
      .filter(isIt)
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    return count > 0 && count
  })
}

describe('turnutils_uclient loses nothing', () => {
  test('through channels over UDP', () => expectWhole('channels', 30))
  test('through indications over UDP', () => expectWhole('indications', 30))
  test('between two clients of the same server', () => expectWhole('eachOther', 60))
  test('over TCP', () => expectWhole('tcp', 30))
  test('through indications over TCP', () => expectWhole('tcpIndications', 30))
  test('over TLS', () => expectWhole('tls', 30))
  test('through indications over TLS', () => expectWhole('tlsIndications', 30))
  test('through TCP allocations', () => expectWhole('tcpRelay', 60))
  test('through TCP allocations of several clients, none of which is given another nonce', () => {
    expectWhole('tcpRelayCrowd', 120)
    const { output } = resultOf('tcpRelayCrowd')
    // A nonce that is not taken is fetched anew without a word: the connection is bound a second time.
    expect(output).not.toContain('not enough')
    expect(output.match(/connection bind sent/g)?.length).toBe(12)
  })
  test('through TCP allocations over TLS', () => expectWhole('tcpRelayOverTls', 60))
  test('with a port pair for RTP and RTCP', () => expectWhole('withRtcp', 60))
  test('when it pads channel data over UDP', () => expectWhole('padded', 30))
  test('when it asks for IPv4 and that nothing be fragmented', () => expectWhole('dontFragment', 30))
  test('when it repeats permissions and channels', () => expectWhole('extraRequests', 30))
  test('when it hangs up and comes back', () => expect(resultOf('leavers').code).toBe(0))
  test('when ten of it come at once', () => expectWhole('crowd', 500))
  test('from IPv6 to IPv6', () => expectWhole('six', 30))
  test('from IPv4 to IPv6', () => expectWhole('sixFromFour', 30))
  test('with an allocation of both families, to an IPv6 peer', () => expectWhole('both', 30))
  test('with an allocation of both families, to an IPv4 peer', () => expectWhole('bothByFour', 30))
  // coturn answers from the first of them.
  test.skipIf(isCoturnRun)('when it asks a server of all addresses by another than the first', () =>
    expectWhole('otherAddress', 30),
  )
  test('with time-limited credentials', () => expectWhole('rest', 60))
  test('when it moves to another address', () => expectWhole('mobile', 30))
  test('when nonces expire under it', async () => {
    expectWhole('nonce', 300)
    if (server.gateway !== null) expect(await faults('nonce', '438')).toBeGreaterThan(0)
  })
  test('when it is sent to another server', () => {
    expectWhole('redirect', 30)
    expect(resultOf('redirect').errors.every((error) => error.startsWith('300'))).toBe(true)
    expect(resultOf('redirect').errors.length).toBeGreaterThan(0)
  })
})

describe('turnutils_uclient is told', () => {
  test('401 for a wrong password', () => expect(resultOf('wrong').code).toBe(255))
  test('401 for an unknown user', () => expect(resultOf('unknown').code).toBe(255))
  test('401 for a password of another secret', () => expect(resultOf('restWrong').code).toBe(255))
  test('486 beyond the quota of its user', () => expectRefused('quota', '486'))
  test('403 for a loopback peer that nobody has allowed', () => expectRefused('closed', '403'))
  test('403 for it by indications too', () => expectRefused('closedIndications', '403'))
  test('403 for a denied peer, though its range is allowed', () => expectRefused('denied', '403'))
  test.skipIf(isCoturnRun)('440 for IPv6 where there is none', () => expectRefused('noSix', '440'))
  test('405 for a mobility ticket where clients may not move', () => expectRefused('notMobile', '405'))
  test.skipIf(isCoturnRun)('400 for a channel of the old range, when channels are strict', () =>
    expectRefused('strict', '400'),
  )
})

test.skipIf(isCoturnRun)('what is beyond the bandwidth of an allocation is dropped, the rest arrives', () => {
  const { code, received } = resultOf('narrow')
  expect(code).toBe(0)
  // Some 600 ms at 20 KiB a second each way, and what may be sent at once.
  expect(received).toBeGreaterThan(5)
  expect(received).toBeLessThan(100)
})

describe('STUN', () => {
  interface Ran {
    readonly code: number
    readonly out: string
    /** All that it said, on both. */
    readonly said: string
  }
  const run = (...command: string[]): Ran => {
    const { exitCode, stdout, stderr, signalCode } = Bun.spawnSync(command, { timeout: 20_000 })
    const [out, err] = [stdout.toString(), stderr.toString()]
    return { code: exitCode, out, said: `${command.join(' ')}: ${signalCode ?? exitCode}\n${out}${err}` }
  }

  test('turnutils_stunclient learns its address', () => {
    const { code, out, said } = run('turnutils_stunclient', '-p', String(server.port('main')), '127.0.0.1')
    expect(code, said).toBe(0)
    expect(out).toMatch(/UDP reflexive addr: 127\.0\.0\.1:\d+/)
  })

  test('turnutils_stunclient learns its IPv6 address', () => {
    const { code, out, said } = run('turnutils_stunclient', '-p', String(server.port('six')), '::1')
    expect(code, said).toBe(0)
    expect(out).toMatch(/UDP reflexive addr: (?:\[::1\]|::1):\d+/)
  })

  /**
   * Some of its questions go out from the port behind the one that it was given, and it ends with 255 where
   * that is another program's: on an address that nobody else uses, that is one of every address.
   */
  const fromOwnAddress = (command: string, ...flags: string[]): Ran => {
    const port = String(server.port('discovery'))
    const once = (): Ran => run(command, ...flags, '-p', port, '-L', '127.0.77.1', '127.0.0.1')
    let ran = once()
    for (let again = 0; again < 4 && ran.said.includes('Address already in use'); again++) ran = once()
    return ran
  }

  test('turnutils_natdiscovery finds that there is no translator', () => {
    const { code, out, said } = fromOwnAddress('turnutils_natdiscovery', '-m', '-f')
    expect(code, said).toBe(0)
    expect(out).toContain('NAT with Endpoint Independent Mapping!')
    expect(out).toContain('NAT with Endpoint Independent Filtering!')
  })

  test('turnutils_stunclient gets answers from all four addresses of behaviour discovery', () => {
    const { code, out, said } = fromOwnAddress('turnutils_stunclient')
    expect(code, said).toBe(0)
    expect(out.match(/RFC 5780 response \d/g)?.length, said).toBe(3)
  })
})
