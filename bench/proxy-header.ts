// What the PROXY protocol (version 2) adds to a TCP connection that is made, used once and ended: where
// clients come with a header, where servers are told one, and both. All four ways are listeners of one
// gateway, measured in alternation: what one process or one minute does to its code is in each of them alike.
//
//   bun bench/proxy-header.ts [--ours io_uring,epoll] [--rounds N] [--connections N]
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Socket } from 'bun'
import { build } from '../build.ts'
import { writeProxyHeader } from '../server/lib/proxy-header.ts'
import { killAll } from '../test/support/processes.ts'
import { type Contender, folderFor, freePort, launch } from './contenders/contender.ts'
import { median, table } from './report.ts'

/** What a connection may cost more. */
const GOAL_US = 2
const AT_ONCE = 64
const WARM_UP_CONNECTIONS = 30_000

/** Whether a header comes in, and goes out. */
const WAYS = {
  without: [false, false],
  in: [true, false],
  out: [false, true],
  'in and out': [true, true],
} as const
type Way = keyof typeof WAYS
const NAMES = Object.keys(WAYS) as Way[]

const REQUEST = Buffer.from('GET /small HTTP/1.1\r\n\r\n')
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')

/** Answers whatever ends as a request does, and ends. */
function origin(): void {
  const end = Buffer.from('\r\n\r\n')
  const data = (socket: Socket, bytes: Buffer): void => {
    if (bytes.subarray(-end.length).equals(end)) socket.end(ANSWER)
  }
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data, error() {} } })
  console.log(listener.port)
}

/** Makes so many connections, a few at once; says how many were answered. */
async function load(port: number, isAnnounced: boolean, count: number): Promise<void> {
  const ends = { clientHost: '192.0.2.7', clientPort: 40_000, localHost: '198.51.100.1', localPort: 443 }
  const header = isAnnounced ? writeProxyHeader({ ...ends, isTls: false }) : null
  const whole = header === null ? REQUEST : Buffer.concat([header, REQUEST])
  let [begun, answered] = [0, 0]
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      let hears = false
      const over = (): void => {
        if (hears) answered++
        hears = false
        resolve()
      }
      void Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open: (socket) => void socket.write(whole),
          data: () => void (hears = true),
          close: over,
          error: over,
          connectError: over,
        },
      })
    })
  const many = async (): Promise<void> => {
    while (begun < count) {
      begun++
      await one()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, many))
  console.log(answered)
}

function spawn(...args: readonly (string | number)[]): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const command = [process.execPath, import.meta.path, ...args.map(String)]
  const child = Bun.spawn(command, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => killAll([child.pid]))
  return child
}

interface Ours {
  readonly contender: Contender
  readonly ports: Readonly<Record<Way, number>>
}

async function start(folder: string, sockets: string, originPort: number): Promise<Ours> {
  const { binary } = await build()
  const own = folderFor({ folder, originPort, sinkPort: 0 }, sockets)
  const ports = Object.fromEntries(NAMES.map((way) => [way, freePort()])) as Record<Way, number>
  const listeners = NAMES.map((way, place) => {
    const [comesIn, goesOut] = WAYS[way]
    const trusted = comesIn ? ', proxy_protocol: { trusted: [127.0.0.1] }' : ''
    return `  l${place}: { bind: "127.0.0.1:${ports[way]}", protocol: tcp, backend: ${goesOut ? 'told' : 'plain'}${trusted} }`
  })
  const file = join(own, 'sluice.yaml')
  writeFileSync(
    file,
    `listeners:
${listeners.join('\n')}
backends:
  plain: { servers: [{ url: "tcp://127.0.0.1:${originPort}" }] }
  told: { servers: [{ url: "tcp://127.0.0.1:${originPort}" }], proxy_protocol: v2 }
workers: 1
sockets: ${sockets}
admin: false
logs: { access: { file: ${JSON.stringify(join(own, 'access.log'))} } }
`,
  )
  const command = [binary, 'run', '-c', file]
  return { ports, contender: await launch({ name: sockets, command, port: ports.without, folder: own }) }
}

/** Finer than ticks: what all threads of these have run. */
function cpuNs(pids: readonly number[]): number {
  return pids
    .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`))
    .reduce((sum, file) => sum + Number(readFileSync(file, 'utf8').split(' ')[0]), 0)
}

/** CPU µs of a connection. */
async function measure({ contender, ports }: Ours, way: Way, count: number): Promise<number> {
  const pids = contender.pids()
  const before = cpuNs(pids)
  const child = spawn('load', ports[way], WAYS[way][0] ? 'announced' : 'plain', count)
  const answered = Number(await child.stdout.text())
  if (answered !== count) console.log(`${contender.name}, ${way}: ${count - answered} were not answered`)
  return (cpuNs(pids) - before) / 1000 / answered
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ours: { type: 'string', default: 'io_uring,epoll' },
      rounds: { type: 'string', default: '9' },
      connections: { type: 'string', default: '20000' },
    },
  })
  const [rounds, count] = [Number(values.rounds), Number(values.connections)]
  const folder = mkdtempSync(join(tmpdir(), 'sluice-proxy-header-'))
  const server = spawn('origin')
  const { value: said } = await server.stdout.getReader().read()
  const rows: string[][] = [
    ['sockets', 'header', 'CPU µs', `added µs (≤ ${GOAL_US})`, 'of all rounds', 'of the least'],
  ]
  try {
    for (const sockets of values.ours.split(',')) {
      const ours = await start(folder, sockets, Number(Buffer.from(said ?? []).toString()))
      for (const way of NAMES) await measure(ours, way, WARM_UP_CONNECTIONS)
      const figures = NAMES.map(() => [] as number[])
      for (let round = 0; round < rounds; round++)
        for (let turn = 0; turn < NAMES.length; turn++) {
          const place = (round + turn) % NAMES.length
          figures[place]?.push(await measure(ours, NAMES[place] ?? 'without', count))
        }
      rows.push(...rowsOf(sockets, figures))
      await ours.contender.stop()
    }
    console.log(table(rows))
  } finally {
    killAll([server.pid])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is added is judged round by round: the machine's pace drifts. */
function rowsOf(sockets: string, figures: readonly number[][]): string[][] {
  const plain = figures[0] ?? []
  return NAMES.map((way, place) => {
    const own = figures[place] ?? []
    const added = own.map((us, round) => us - (plain[round] ?? Number.NaN))
    const spread = `${Math.min(...added).toFixed(1)} to ${Math.max(...added).toFixed(1)}`
    const least = (Math.min(...own) - Math.min(...plain)).toFixed(2)
    const all = place === 0 ? ['', '', ''] : [median(added).toFixed(2), spread, least]
    return [sockets, way, median(own).toFixed(1), ...all]
  })
}

const [, , what, port, announced, count] = process.argv
if (what === 'origin') origin()
else if (what === 'load') await load(Number(port), announced === 'announced', Number(count))
else await main()
