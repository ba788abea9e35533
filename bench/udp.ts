// Datagrams through a udp listener beside nginx's stream module, one worker each, each with its log of
// flows: CPU of all processes for each datagram that was asked and answered.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { programPath } from '../test/support/needs.ts'
import { cpuTicks, killAll, treeOf } from '../test/support/processes.ts'
import { pause, waitFor } from '../test/support/wait.ts'
import { freePort } from './contenders/contender.ts'
import { oneWorker, STREAM_MODULE } from './contenders/nginx.ts'
import { median, spread, table, verdict } from './report.ts'

const TICK_US = 10_000

interface UdpCase {
  readonly name: string
  readonly what: string
  readonly clients: number
  readonly bytes: number
  /** Of one question and its answer: a flow each. */
  readonly isShort: boolean
  /** Our CPU ÷ nginx's, at most. */
  readonly goal: number
}

export const UDP_CASES: readonly UdpCase[] = [
  { name: 'udp-64', what: '64 flows that last', clients: 64, bytes: 64, isShort: false, goal: 1 },
  { name: 'udp-dns', what: 'a flow for each question', clients: 64, bytes: 64, isShort: true, goal: 1 },
]

interface Contender {
  readonly name: string
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

interface Round {
  readonly cpuUs: number
  readonly perSecond: number
  readonly lost: number
}

export interface UdpEffort {
  readonly rounds: number
  readonly seconds: number
  /** Which sockets ours are to have, side by side; empty: those that the machine gives. */
  readonly kinds: readonly string[]
}

/** Runs those that are asked for and prints their tables. Rows of the table of goals. */
export async function udpBench(asked: readonly string[], effort: UdpEffort): Promise<string[][]> {
  const cases = UDP_CASES.filter(({ name }) => asked.includes(name))
  if (cases.length === 0) return []
  if (programPath('nginx') === null || !existsSync(STREAM_MODULE)) {
    console.log('\nnginx with its stream module (libnginx-mod-stream) is not installed: no UDP cases')
    return []
  }
  const goals: string[][] = []
  const origin = freePort()
  const echo = Bun.spawn([process.execPath, join(import.meta.dir, 'udp-load.ts'), 'echo', String(origin)])
  try {
    for (const what of cases) goals.push(...(await runCase(what, origin, effort)))
  } finally {
    killAll([echo.pid])
  }
  return goals
}

async function runCase(what: UdpCase, origin: number, effort: UdpEffort): Promise<string[][]> {
  const kinds = effort.kinds.length > 0 ? effort.kinds : [undefined]
  const contenders = await Promise.all([
    ...kinds.map((kind) => startOurs(what, origin, kind)),
    startNginx(what, origin),
  ])
  try {
    const results = await compare(contenders, what, effort)
    const cpu = results.map((rounds) => median(rounds.map(({ cpuUs }) => cpuUs)))
    const rows = contenders.map(({ name }, i) => {
      const rounds = results[i] ?? []
      return [
        name,
        (cpu[i] ?? 0).toFixed(2),
        spread(
          rounds.map(({ cpuUs }) => cpuUs),
          2,
        ),
        String(Math.round(median(rounds.map(({ perSecond }) => perSecond)))),
        String(rounds.reduce((sum, { lost }) => sum + lost, 0)),
      ]
    })
    console.log(`\n${what.name}: ${what.what}, ${what.bytes} bytes\n`)
    console.log(table([['', 'µs CPU a datagram', 'spread', 'answered/s', 'lost'], ...rows]))
    const theirs = cpu.at(-1) ?? Number.NaN
    return contenders.slice(0, -1).map(({ name }, i) => {
      const ratio = (cpu[i] ?? Number.NaN) / theirs
      return [what.name, name, 'nginx', ratio.toFixed(2), verdict(what.goal, ratio)]
    })
  } finally {
    for (const contender of contenders) await contender.stop()
  }
}

async function compare(
  contenders: readonly Contender[],
  what: UdpCase,
  { rounds, seconds }: UdpEffort,
): Promise<Round[][]> {
  for (const contender of contenders) await measure(contender, what, seconds)
  const results: Round[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length
      const contender = contenders[index]
      if (contender !== undefined) results[index]?.push(await measure(contender, what, seconds))
    }
  return results
}

async function measure(
  { pid, port }: Contender,
  { clients, bytes }: UdpCase,
  seconds: number,
): Promise<Round> {
  const words = ['ask', port, clients, bytes, seconds].map(String)
  const before = ticksOf(pid)
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'udp-load.ts'), ...words], {
    stdout: 'pipe',
  })
  const said = JSON.parse(await new Response(child.stdout).text()) as { answered: number; lost: number }
  const cpuUs = ((ticksOf(pid) - before) * TICK_US) / said.answered
  await pause(100)
  return { cpuUs, perSecond: said.answered / seconds, lost: said.lost }
}

const ticksOf = (pid: number): number => {
  const { user, system } = cpuTicks(treeOf(pid))
  return user + system
}

async function startOurs({ isShort }: UdpCase, origin: number, kind: string | undefined): Promise<Contender> {
  const gateway: Gateway = await startGateway({
    config: {
      listeners: {
        udp: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all', ...(isShort && { responses: 1 }) },
      },
      backends: { all: { servers: [{ url: `udp://127.0.0.1:${origin}` }] } },
      ...(kind !== undefined && { sockets: kind }),
    },
  })
  const name = kind === undefined ? 'sluice' : `sluice-${kind}`
  return { name, pid: gateway.pid, port: gateway.port(), stop: () => gateway[Symbol.asyncDispose]() }
}

async function startNginx({ isShort }: UdpCase, origin: number): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-udp-'))
  const port = freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `load_module ${STREAM_MODULE};
${oneWorker(folder)}
stream {
  log_format sluice escape=json '{"time":"$time_iso8601","listener":"udp","client":"$remote_addr","client_port":$remote_port,"protocol":"$protocol","backend":"origin","server":"$upstream_addr","bytes_in":$bytes_received,"bytes_out":$bytes_sent,"first_byte_ms":"$upstream_first_byte_time","total_ms":$session_time}';
  access_log ${folder}/access.log sluice buffer=64k flush=1s;
  upstream origin { server 127.0.0.1:${origin}; }
  server {
    listen 127.0.0.1:${port} udp;
    proxy_pass origin;
    proxy_timeout 30s;
    ${isShort ? 'proxy_responses 1;' : ''}
  }
}
`,
  )
  const child = Bun.spawn([programPath('nginx') ?? 'nginx', '-c', file, '-p', folder], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  await waitFor(() => treeOf(child.pid).length > 1, { what: 'nginx to start' })
  return {
    name: 'nginx',
    pid: child.pid,
    port,
    stop: async () => {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
