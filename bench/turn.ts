// Sluice beside coturn, one relay thread each, in the same run: CPU of all processes per relayed datagram,
// loss, memory.
import { startCoturn } from '../test/support/coturn.ts'
import { programPath } from '../test/support/needs.ts'
import { cpuTicks } from '../test/support/processes.ts'
import { startSluiceTurn, type TurnServer, type TurnWords } from '../test/support/turn.ts'
import { uclient } from '../test/support/uclient.ts'
import { median, spread, table, verdict } from './report.ts'
import { TURN_CASES, TURN_EXTRAS, type TurnCase } from './turn-cases.ts'
import { allocationMemory, LOSS_HEAD, lossAtRate, MEMORY_HEAD } from './turn-figures.ts'
import { startPeer } from './turn-peer.ts'

export interface TurnEffort {
  readonly rounds: number
  /** How long each round sends. */
  readonly seconds: number
  /** Which sockets ours is to have; undefined: those that the machine gives it. */
  readonly sockets: string | undefined
}

interface Round {
  /** CPU of the server for each datagram that it relayed, in µs. */
  readonly cpuUs: number
  readonly perSecond: number
  readonly lost: number
  readonly delayMs: number
}

interface Contender {
  readonly name: string
  readonly server: TurnServer
}

const TICK_US = 10_000
/** Of each client, before it is measured how much of it: whether it gets all of them does not matter. */
const WARMING_PER_S = 300
const LISTENERS: Readonly<Record<string, TurnWords>> = { turn: { tls: true } }

/** Runs those that are asked for and prints their tables. Rows of the table of goals. */
export async function turnBench(asked: readonly string[], effort: TurnEffort): Promise<string[][]> {
  const missing = ['turnserver', 'turnutils_uclient', 'turnutils_peer'].filter(
    (name) => programPath(name) === null,
  )
  if (missing.length > 0) {
    console.log(`\n${missing.join(', ')} not installed: no TURN cases`)
    return []
  }
  const goals: string[][] = []
  const peer = await startPeer()
  try {
    for (const what of TURN_CASES.filter(({ name }) => asked.includes(name))) {
      await withBoth(effort.sockets, async (contenders) => {
        const results = await compare(contenders, what, peer.port, effort)
        console.log(tableOf(what, results))
        goals.push(goalRow(what, results, contenders[0]?.name ?? ''))
      })
    }
    for (const name of TURN_EXTRAS.filter((extra) => asked.includes(extra))) {
      const rows = await eachAlone(effort.sockets, (contender) =>
        name === 'turn-loss' ? lossAtRate(contender.server, peer.port) : allocationMemory(contender.server),
      )
      const head = name === 'turn-loss' ? LOSS_HEAD : MEMORY_HEAD
      console.log(`\n${name}\n\n${table([head, ...rows])}`)
    }
    return goals
  } finally {
    peer.stop()
  }
}

async function withBoth(
  sockets: string | undefined,
  work: (contenders: readonly Contender[]) => Promise<void>,
): Promise<void> {
  await using ours = await startOurs(sockets)
  await using theirs = await startCoturn(LISTENERS)
  await work([
    { name: sockets === undefined ? 'sluice' : `sluice-${sockets}`, server: ours },
    { name: 'coturn', server: theirs },
  ])
}

async function eachAlone(
  sockets: string | undefined,
  work: (contender: Contender) => Promise<string[]>,
): Promise<string[][]> {
  const rows: string[][] = []
  for (const [name, start] of [
    ['sluice', () => startOurs(sockets)],
    ['coturn', () => startCoturn(LISTENERS)],
  ] as const) {
    await using server = await start()
    rows.push([name, ...(await work({ name, server }))])
  }
  return rows
}

/**
 * As users run it: the executable, one worker, its log of allocations. SLUICE_BENCH_TURN=coturn: coturn
 * against itself, to see the noise.
 */
const startOurs = (sockets: string | undefined): Promise<TurnServer> =>
  process.env['SLUICE_BENCH_TURN'] === 'coturn'
    ? startCoturn(LISTENERS)
    : startSluiceTurn(LISTENERS, { logs: { level: 'info' }, ...(sockets !== undefined && { sockets }) })

/** All rounds of both, in alternation, each round begun by the other one. */
async function compare(
  contenders: readonly Contender[],
  what: TurnCase,
  peerPort: number,
  { rounds, seconds }: TurnEffort,
): Promise<Round[][]> {
  // Some hundred thousand datagrams: until then machine code is still being made of ours, on other threads,
  // which is counted as well.
  const fast = { ...what, everyMs: 1, perSecond: Math.max(what.perSecond, WARMING_PER_S) }
  for (const contender of contenders) await measure(contender, fast, peerPort, 2 * seconds)
  const results: Round[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length
      const contender = contenders[index]
      if (contender !== undefined) results[index]?.push(await measure(contender, what, peerPort, seconds))
    }
  }
  return results
}

async function measure(
  { server }: Contender,
  { flags, overTls, bytes, clients, everyMs, perSecond }: TurnCase,
  peerPort: number,
  seconds: number,
): Promise<Round> {
  const messages = Math.round(seconds * perSecond)
  const port = overTls ? server.tlsPort('turn') : server.port('turn')
  const toPeer = flags.includes('-y') ? [] : ['-e', '127.0.0.1', '-r', peerPort]
  const load = ['-m', clients, '-z', everyMs, '-n', messages, '-l', bytes]
  const before = cpuTicks(server.pids())
  const said = await uclient(
    ['-p', port, '-u', 'test', '-w', 'test123', ...flags, ...toPeer, ...load, '127.0.0.1'],
    60_000 + seconds * 4000,
  )
  const after = cpuTicks(server.pids())
  if (said.code !== 0) throw new Error(`turnutils_uclient: ${said.code}\n${said.output.slice(-2000)}`)
  const ticks = after.user + after.system - before.user - before.system
  return {
    // There and back.
    cpuUs: (ticks * TICK_US) / (2 * said.received),
    perSecond: said.received / Math.max(1, said.seconds),
    lost: said.lost,
    delayMs: said.delayMs,
  }
}

/** NaN: messages were lost. */
function ratiosOf([ours = [], theirs = []]: readonly Round[][]): number[] {
  const lost = [...ours, ...theirs].some((round) => round.lost > 0)
  return ours.map(({ cpuUs }, i) => (lost ? Number.NaN : cpuUs / (theirs[i]?.cpuUs ?? Number.NaN)))
}

const ratioText = (ratios: readonly number[]): string =>
  ratios.some(Number.isNaN) ? 'none: messages were lost' : spread(ratios, 2)

function goalRow(what: TurnCase, results: readonly Round[][], ours: string): string[] {
  const ratios = ratiosOf(results)
  const work = `TURN, ${what.what}, ${what.bytes} bytes: CPU`
  return [work, ours, 'coturn', ratioText(ratios), verdict(what.goal ?? undefined, median(ratios))]
}

function tableOf(what: TurnCase, results: readonly Round[][]): string {
  const [ours = [], theirs = []] = results
  const ratios = ratiosOf(results)
  const goal = verdict(what.goal ?? undefined, median(ratios))
  const row = (name: string, rounds: readonly Round[], ...rest: string[]): string[] => [
    name,
    spread(
      rounds.map(({ cpuUs }) => cpuUs),
      2,
    ),
    median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
    rounds.map((round) => round.lost).join(' '),
    median(rounds.map(({ delayMs }) => delayMs)).toFixed(2),
    ...rest,
  ]
  const head = [
    'contender',
    'CPU µs/datagram',
    'messages/s',
    'lost',
    'there and back ms',
    'ours ÷ it',
    'goal',
  ]
  const rows = [head, row('sluice', ours, '', ''), row('coturn', theirs, ratioText(ratios), goal)]
  return `\n${what.name}: ${what.what}, ${what.bytes} bytes, ${what.clients} clients\n\n${table(rows)}`
}
