// sluice demo: three sample servers, a gateway before them and a little traffic, to look at and to play with.
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { readArgs } from './args.ts'
import { type DemoGateway, startDemoGateway } from './demo-gateway.ts'
import { whyFailed } from './failure.ts'
import type { Io } from './io.ts'
import { type SampleServer, startSampleServer } from './sample-server.ts'
import { usageLine } from './usage.ts'

const HELP = `Starts three sample servers, a gateway before them and a little traffic, and says what went where.

Usage: sluice demo [--once]

      --once   stop after the summary

It stays until Ctrl-C. Its config is a file that you may edit meanwhile: changes apply at once.
`

/** Weights differ, so that the summary shows them at work. */
const SAMPLES = [
  { name: 'apple', weight: 3 },
  { name: 'banana', weight: 2 },
  { name: 'cherry', weight: 1 },
] as const
const REQUESTS = 60
const WANTED_PORTS = { web: 8080, admin: 9090 }

/** Runs the demo until it is stopped; gives the exit code. */
export async function demo(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: { once: { takes: 'flag' } } })
  if ('problem' in read) return usageLine('demo', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const folder = makeFolder(io)
  if (folder === null) return 1
  const servers = SAMPLES.map(({ name }) => startSampleServer(name))
  const asked = untilAskedToStop()
  let gateway: DemoGateway | null = null
  try {
    const file = join(folder, 'sluice.yaml')
    await writeFile(file, configOf(servers, folder))
    gateway = await startDemoGateway(file, io)
    if (gateway === null) return 1
    io.stdout(await sendTraffic(gateway, servers))
    io.stdout(addresses(gateway, file, folder))
    if (read.flag('once')) return 0
    io.stdout('\nCtrl-C stops it all.\n')
    const end = await Promise.race([asked.stop, gateway.exited])
    if (end !== 'asked') io.stderr('sluice demo: the gateway stopped by itself\n')
    return end === 'asked' ? 0 : 1
  } finally {
    await gateway?.stop()
    for (const server of servers) server.stop()
    rmSync(folder, { recursive: true, force: true })
    asked.forget()
  }
}

/** Where its files are; null, and a line on stderr, where none can be made. */
function makeFolder(io: Io): string | null {
  const inside = tmpdir()
  try {
    return mkdtempSync(join(inside, 'sluice-demo-'))
  } catch (error) {
    io.stderr(
      `sluice demo: its files cannot be put into ${inside}: ${whyFailed(error)}; name another folder with TMPDIR\n`,
    )
    return null
  }
}

function configOf(servers: readonly SampleServer[], folder: string): string {
  const { web, admin } = { web: freePort(WANTED_PORTS.web), admin: freePort(WANTED_PORTS.admin) }
  const lines = servers.map(
    ({ name, url }, index) =>
      `      - { name: ${name}, url: "${url}", weight: ${SAMPLES[index]?.weight ?? 1} }`,
  )
  return `# The config of this demo. Edit it while the demo runs: changes apply at once, mistakes change nothing.
listeners:
  web: { bind: "127.0.0.1:${web}", limits: { connections: 1024 } }
rules:
  - name: hello
    match: { path: /hello }
    respond: { body: "Hello from the gateway itself.\\n" }
  - name: old
    match: { path: /old }
    redirect: { to: /new, status: 308 }
  - name: everything
    middleware:
      - headers: { response: { set: { X-Demo: sluice } } }
    backend: fruit
backends:
  fruit:
    algorithm: weighted_round_robin
    servers:
${lines.join('\n')}
    health_check: { path: /health, interval: 2s, rise: 1, fall: 2 }
admin: { bind: "127.0.0.1:${admin}" }
workers: 2
drain: 2s
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`
}

/** The port that people expect; 0, which takes any, when somebody has it. */
function freePort(wanted: number): number {
  try {
    Bun.listen({ hostname: '127.0.0.1', port: wanted, socket: { data() {} } }).stop(true)
    return wanted
  } catch {
    return 0
  }
}

/** Sends the sample requests, a few at a time, and tells what became of them. */
async function sendTraffic(gateway: DemoGateway, servers: readonly SampleServer[]): Promise<string> {
  const before = servers.map(({ answered }) => answered)
  const statuses: number[] = []
  for (let sent = 0; sent < REQUESTS; sent += 6) {
    const batch = Array.from({ length: 6 }, (_, i) => statusOf(`${gateway.web}/fruit/${sent + i}`))
    statuses.push(...(await Promise.all(batch)))
  }
  const failed = statuses.filter((status) => status !== 200).length
  const hello = await statusOf(`${gateway.web}/hello`)
  const old = await statusOf(`${gateway.web}/old`)
  const rows = servers.map(({ name, url, answered }, index) => {
    const weight = SAMPLES[index]?.weight ?? 1
    const count = answered - (before[index] ?? 0)
    return `  ${name.padEnd(8)} ${url.padEnd(24)} weight ${weight}  ${String(count).padStart(3)}  ${'█'.repeat(count)}`
  })
  return `
${REQUESTS} requests for /fruit/… went to${failed === 0 ? '' : ` (${failed} failed)`}

${rows.join('\n')}

1 request for /hello was answered by the gateway itself: ${hello}
1 request for /old was redirected to /new: ${old}
`
}

async function statusOf(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { redirect: 'manual', proxy: '', signal: AbortSignal.timeout(5000) })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 0
  }
}

/** As it was called, so that it can be called again. */
function program(): string {
  const path = relative(process.cwd(), process.execPath)
  return basename(path) === 'sluice' && !path.startsWith('..') ? path : 'sluice'
}

function addresses({ web, admin }: DemoGateway, file: string, folder: string): string {
  const taken = [
    ...(web.endsWith(`:${WANTED_PORTS.web}`) ? [] : [WANTED_PORTS.web]),
    ...(admin.endsWith(`:${WANTED_PORTS.admin}`) ? [] : [WANTED_PORTS.admin]),
  ]
  const note = taken.length === 0 ? '' : `  (${taken.join(' and ')} in use: took free ports instead)\n`
  return `
  gateway      ${web}/            try: curl ${web}/anything
  health       ${admin}/_health
  metrics      ${admin}/_metrics  and for Prometheus ${admin}/metrics
  admin API    ${admin}/api/v1  try: ${program()} api backends -c ${file}
               and by HTTP with a token of ${program()} admin token --role viewer -c ${file}
  config       ${file}
  access log   ${join(folder, 'access.log')}
${note}`
}

/**
 * Ctrl-C, SIGTERM, or a terminal that closes, instead of ending at once: what was started must be stopped
 * first.
 */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

function untilAskedToStop(): { stop: Promise<'asked'>; forget: () => void } {
  const { promise, resolve } = Promise.withResolvers<'asked'>()
  const ask = (): void => resolve('asked')
  for (const signal of STOPS) process.on(signal, ask)
  const forget = (): void => {
    for (const signal of STOPS) process.off(signal, ask)
  }
  return { stop: promise, forget }
}
