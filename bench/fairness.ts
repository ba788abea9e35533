// Whether a few busy connections starve the others of a worker: small requests while large answers are
// downloaded or large bodies uploaded, and while many clients ask for a large answer and do not read it. All
// contenders in alternation, as the machine is what they share.
//
// On two cores whoever moves more bytes in a second has clients and an origin that take more of the
// processor, and what is measured is the scheduler: so the same once more at a rate that all reach, and
// beside each row what was moved and how long the origin itself took meanwhile, asked without a proxy.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../test/support/client.ts'
import { killAll, treeOf } from '../test/support/processes.ts'
import { pause } from '../test/support/wait.ts'
import type { Contender } from './contenders/contender.ts'
import { median, spread, verdict } from './report.ts'
import { kernelDrops } from './kernel.ts'

export interface Crowd {
  readonly name: string
  /** Clients that download 1 GB over and over, and clients that ask for it and do not read. */
  readonly downloads: number
  readonly stalled: number
  /** Clients that upload 1 GB over and over. */
  readonly uploads?: number
  /** Of each download or upload: MiB a second, at most. */
  readonly paceMiB?: number
  /** Small requests of other clients, each on a connection of its own, one every so many ms. */
  readonly requests: number
  readonly everyMs: number
}

export const CROWDS: readonly Crowd[] = [
  { name: 'downloads', downloads: 4, stalled: 0, requests: 300, everyMs: 20 },
  { name: 'downloads-paced', downloads: 4, stalled: 0, paceMiB: 50, requests: 300, everyMs: 20 },
  { name: 'uploads', downloads: 0, stalled: 0, uploads: 4, requests: 300, everyMs: 20 },
  { name: 'uploads-paced', downloads: 0, stalled: 0, uploads: 4, paceMiB: 50, requests: 300, everyMs: 20 },
  { name: 'stalled-crowd', downloads: 0, stalled: 300, requests: 800, everyMs: 5 },
]

/** One request to the origin itself for so many. */
const DIRECT_EVERY = 4
/** How long an answer is waited for once the last request is sent. */
const PATIENCE_MS = 5000
const AGAIN = 'while curl -s -o /dev/null "$@"; do :; done'
const REQUEST = 'GET /small HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n'

export interface Share {
  /** Of each answered request. */
  readonly ms: readonly number[]
  /** Of each that went to the origin directly. */
  readonly originMs: readonly number[]
  /** Of large bodies, in a second. */
  readonly megabytes: number
  readonly unanswered: number
  /** By the kernel, meanwhile. */
  readonly dropped: number
}

/** Of each contender all rounds. */
export type Shares = ReadonlyMap<string, readonly Share[]>

/** The p99 of ours ÷ that of a rival, at most. */
const GOALS: Readonly<Record<string, number>> = { 'haproxy-nolog': 2 }

export async function fairness(
  contenders: readonly Contender[],
  crowd: Crowd,
  { rounds, originPort }: { readonly rounds: number; readonly originPort: number },
): Promise<Shares> {
  const shares = new Map<string, Share[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]
      if (contender) shares.get(contender.name)?.push(await share(contender.port, originPort, crowd))
    }
  }
  return shares
}

export function fairnessRows(shares: Shares): string[][] {
  return [
    [
      ...['contender', 'p50 ms of each round', 'p99 ms', 'the origin itself, p50', 'p99'],
      ...['MB/s', 'unanswered', 'dropped by the kernel'],
    ],
    ...[...shares].map(([name, all]) => [
      name,
      all.map(({ ms }) => quantile(ms, 0.5).toFixed(1)).join(' '),
      all.map(({ ms }) => quantile(ms, 0.99).toFixed(1)).join(' '),
      all.map(({ originMs }) => quantile(originMs, 0.5).toFixed(1)).join(' '),
      all.map(({ originMs }) => quantile(originMs, 0.99).toFixed(1)).join(' '),
      all.map(({ megabytes }) => megabytes.toFixed(0)).join(' '),
      all.map(({ unanswered }) => unanswered).join(' '),
      all.map(({ dropped }) => dropped).join(' '),
    ]),
  ]
}

/** As rows of the table of goals. */
export function fairnessGoals(shares: Shares, { name }: Crowd, ours: readonly string[]): string[][] {
  const p99s = (contender: string): number[] =>
    (shares.get(contender) ?? []).map(({ ms }) => quantile(ms, 0.99))
  return ours.flatMap((own) =>
    Object.entries(GOALS)
      .filter(([rival]) => shares.has(rival))
      .map(([rival, most]) => {
        const theirs = p99s(rival)
        const ratios = p99s(own).map((ms, round) => ms / (theirs[round] ?? Number.NaN))
        return [`small GET beside ${name}: p99`, own, rival, spread(ratios, 2), verdict(most, median(ratios))]
      }),
  )
}

async function share(port: number, originPort: number, crowd: Crowd): Promise<Share> {
  const before = kernelDrops()
  const stop = await begin(port, crowd)
  const ms: number[] = []
  const originMs: number[] = []
  const asked: Promise<void>[] = []
  const tell = (into: number[], at: number): void => {
    const answer = ask(at).then((took) => void (took !== null && into.push(took)))
    asked.push(answer)
  }
  const movedBefore = await movedBy(originPort)
  const startMs = performance.now()
  for (let n = 0; n < crowd.requests; n++) {
    await pause(Math.max(0, startMs + n * crowd.everyMs - performance.now()))
    tell(ms, port)
    if (n % DIRECT_EVERY === 0) tell(originMs, originPort)
  }
  const seconds = (performance.now() - startMs) / 1000
  const megabytes = ((await movedBy(originPort)) - movedBefore) / 1e6 / seconds
  await Promise.race([Promise.all(asked), pause(PATIENCE_MS)])
  const answered = [...ms]
  stop()
  await pause(500)
  return {
    ms: answered,
    originMs,
    megabytes,
    unanswered: crowd.requests - answered.length,
    dropped: kernelDrops() - before,
  }
}

/** Starts the crowd; it is under way when this settles. Returns how to end it. */
async function begin(port: number, crowd: Crowd): Promise<() => void> {
  const { downloads, uploads = 0, stalled, paceMiB } = crowd
  const folder = mkdtempSync(join(tmpdir(), 'sluice-crowd-'))
  const file = join(folder, 'zeros')
  writeFileSync(file, '')
  truncateSync(file, 1 << 30)
  const pace = paceMiB === undefined ? [] : ['--limit-rate', `${paceMiB}M`]
  const volume = (count: number, ...what: string[]): Bun.Subprocess[] =>
    Array.from({ length: count }, () =>
      Bun.spawn(['sh', '-c', AGAIN, 'curl', ...pace, ...what], { stdin: 'ignore' }),
    )
  const loops = [
    ...volume(downloads, `http://127.0.0.1:${port}/1g`),
    ...volume(uploads, '-X', 'POST', '-H', 'Expect:', '-T', file, `http://127.0.0.1:${port}/upload`),
  ]
  const clients = await Promise.all(Array.from({ length: stalled }, () => rawClient(port)))
  for (const client of clients) {
    client.pause()
    client.send('GET /1g HTTP/1.1\r\nHost: www.example.org\r\n\r\n')
  }
  if (loops.length > 0) await pause(500)
  return () => {
    for (const { pid } of loops) killAll(treeOf(pid))
    for (const client of clients) client.rst()
    rmSync(folder, { recursive: true })
  }
}

/** By all contenders together, in bytes. */
async function movedBy(originPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${originPort}/moved`, { headers: { Connection: 'close' } })
  return Number(await answer.text())
}

/** One request on a connection of its own: how long it took, null when it was not answered. */
function ask(port: number): Promise<number | null> {
  const startMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<number | null>()
  void Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(REQUEST),
      data: (socket) => {
        resolve(performance.now() - startMs)
        socket.terminate()
      },
      close: () => resolve(null),
      connectError: () => resolve(null),
      error() {},
    },
  }).catch(() => resolve(null))
  return promise
}

function quantile(ms: readonly number[], part: number): number {
  const sorted = ms.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
