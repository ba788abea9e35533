// Thousands of certificates: what a start costs more than with one, in time and CPU and memory; what a reload
// costs that changes nothing of them; and how soon one that is changed is served. Rounds with many and with
// one alternate. `bun bench/many-certificates.ts [COUNT] [ec|rsa]`, after `npm run build`.
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { selfSigned } from '../server/tls/self-signed.ts'
import { cpuTicks, residentBytes, sendSignal } from '../test/support/processes.ts'
import { median } from './report.ts'

const BINARY = resolve(import.meta.dir, '../dist/sluice')
const ROUNDS = 3
const MS_OF_TICK = 10
/** What a start with 10,000 may take longer. */
const GOAL_MS = 300
/** RSA keys take long to make: a few for all. */
const RSA_KEYS = 8

const [count = 10_000, kind = 'ec'] = [Number(process.argv[2] ?? 10_000), process.argv[3] ?? 'ec']
const folder = mkdtempSync(join(tmpdir(), 'sluice-many-'))

const pemOf = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string
const rsaKeys = kind === 'rsa' ? Array.from({ length: RSA_KEYS }, pemOf) : []

function writePair(place: number, name = `n${place}.example.org`): void {
  const pair = selfSigned([name], { nowMs: Date.now(), key: rsaKeys[place % RSA_KEYS] })
  writeFileSync(join(folder, 'tls', `${place}.key`), pair.key)
  writeFileSync(join(folder, 'tls', `${place}.pem`), pair.cert)
}

/** A config with so many of them; `version` is what it answers. */
function write(many: number, version = 0): string {
  const names = Array.from({ length: many }, (_, place) => `c${place}`)
  const file = join(folder, `sluice-${many}.yaml`)
  const pairs = names.map((name, place) => `  ${name}: { cert: tls/${place}.pem, key: tls/${place}.key }`)
  writeFileSync(
    file,
    `listeners:
  web: { bind: "127.0.0.1:0", protocol: https, certificates: [${names.join(', ')}] }
certificates:
${pairs.join('\n')}
rules: [{ name: here, respond: { body: "${version}" } }]
backends: {}
data: ./data-${many}
admin: false
workers: 1
logs: { access: { enabled: false } }
`,
  )
  return file
}

interface Told {
  readonly event: string
  readonly workers?: readonly number[]
}

/** A gateway, and the events that it tells. */
class Run {
  readonly child: Bun.Subprocess<'ignore', 'pipe', 'ignore'>
  readonly sinceMs = performance.now()
  readonly #told: AsyncIterator<Told>

  constructor(file: string) {
    this.child = Bun.spawn([BINARY, 'run', '-c', file], { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#told = eventsOf(this.child.stdout)
  }

  async until(event: string): Promise<Told> {
    for (;;) {
      const { done, value } = await this.#told.next()
      if (done) throw new Error(`it ended before it told "${event}"`)
      if ((value as Told).event === event) return value as Told
    }
  }

  async end(): Promise<void> {
    sendSignal(this.child.pid, 'SIGTERM')
    await this.child.exited
  }
}

async function* eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  let rest = ''
  for await (const piece of stream) {
    rest += Buffer.from(piece).toString()
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as Told
  }
}

const cpuMs = (...pids: number[]): number => {
  const { user, system } = cpuTicks(pids)
  return (user + system) * MS_OF_TICK
}
const mb = (pid: number): string => (residentBytes(pid) / 1e6).toFixed(0)

interface Start {
  readonly ms: number
  readonly cpu: number
  readonly worker: string
  readonly supervisor: string
}

async function start(many: number): Promise<Start> {
  const run = new Run(write(many))
  const { workers = [] } = await run.until('serving')
  const ms = performance.now() - run.sinceMs
  const { pid } = run.child
  const cpu = cpuMs(pid, ...workers)
  const memory = { worker: mb(workers[0] ?? pid), supervisor: mb(pid) }
  if (many > 1) await changes(run, many)
  await run.end()
  return { ms, cpu, ...memory }
}

/** What is changed while it runs. */
async function changes(run: Run, many: number): Promise<void> {
  const { pid } = run.child
  for (const version of [1, 2]) {
    const [sinceMs, before] = [performance.now(), cpuMs(pid)]
    write(many, version)
    await run.until('applied')
    const took = performance.now() - sinceMs
    console.log(
      `  reload ${version}, no certificate changed: ${took.toFixed(0)} ms, supervisor ${cpuMs(pid) - before} ms of CPU`,
    )
  }
  const sinceMs = performance.now()
  writePair(many - 1, 'changed.example.org')
  await run.until('certificate_replaced')
  console.log(`  one of ${many} changed: served after ${(performance.now() - sinceMs).toFixed(0)} ms`)
}

try {
  mkdirSync(join(folder, 'tls'))
  for (let place = 0; place < count; place++) writePair(place)
  console.log(`${count} certificates (${kind}), ${readFileSync(write(count)).length} bytes of config`)
  const told = (name: string, { ms, cpu, worker, supervisor }: Start): void =>
    console.log(
      `start with ${name}: ${ms.toFixed(0)} ms, ${cpu} ms of CPU, worker ${worker} MB, supervisor ${supervisor} MB`,
    )
  // Later ones know which pairs were found good.
  told(`${count}, the first`, await start(count))
  const [few, all]: Start[][] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    few?.push(await start(1))
    all?.push(await start(count))
  }
  for (const [name, starts] of [
    ['1', few ?? []],
    [String(count), all ?? []],
  ] as const)
    for (const one of starts) told(name, one)
  const added = (of: 'ms' | 'cpu'): number =>
    median((all ?? []).map((one, round) => one[of] - (few?.[round]?.[of] ?? Number.NaN)))
  const verdict = added('ms') <= GOAL_MS ? 'reached' : 'missed'
  console.log(
    `${count} add ${added('ms').toFixed(0)} ms to a start (≤ ${GOAL_MS}: ${verdict}), ${added('cpu').toFixed(0)} ms of CPU`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
