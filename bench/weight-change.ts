// A weight that is changed by the API in a config of 1,000 backends and 10,000 rules, while clients are
// served: how long the answer takes, and what it costs them. `bun bench/weight-change.ts`, after `npm run
// build`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { controlSocketName } from '../server/control/control-socket.ts'
import { changedLines } from '../server/lib/unified-diff.ts'
import { BACKENDS, bigConfig, RULES } from './big-config.ts'
import { median } from './report.ts'

const BINARY = resolve(import.meta.dir, '../dist/sluice')
const PORT = 18_580
const CHANGES = 30
const CLIENTS = 16
const PAUSE_MS = 4
/** What the answer to a change may take, and what it may add to the p99 of those who are served. */
const ANSWER_GOAL_MS = 150
const ADDED_GOAL_MS = 10

const folder = mkdtempSync(join(tmpdir(), 'sluice-weight-'))
const file = join(folder, 'sluice.yaml')

const origin = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('here') })

writeFileSync(file, bigConfig({ port: PORT, originPort: Number(origin.port) }))

interface Figures {
  readonly times: number[]
  failed: number
}

/** One client that asks again and again; it comes back where it is told that a connection ends. */
function client(figures: Figures): () => void {
  let socket: Socket
  let sentMs = 0
  let timer: Timer | null = null
  let isOver = false
  let isWaiting = false
  const send = (): void => {
    sentMs = performance.now()
    isWaiting = true
    socket.write('GET /here HTTP/1.1\r\nHost: a\r\n\r\n')
  }
  const open = (): void => {
    socket = connect(PORT, '127.0.0.1')
    socket.on('connect', send)
    socket.on('error', () => figures.failed++)
    socket.on('close', () => {
      if (isOver) return
      if (isWaiting) figures.failed++
      if (timer) clearTimeout(timer)
      open()
    })
    socket.on('data', (bytes) => {
      isWaiting = false
      figures.times.push(performance.now() - sentMs)
      if (!bytes.toString().startsWith('HTTP/1.1 200')) figures.failed++
      timer = setTimeout(send, PAUSE_MS)
    })
  }
  open()
  return () => {
    isOver = true
    if (timer) clearTimeout(timer)
    socket.destroy()
  }
}

const at = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(Math.floor(times.length * share), times.length - 1)] ?? Number.NaN

const unix = join(folder, 'data', controlSocketName(file))
const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`http://gateway/api/v1${path}`, {
    ...{ unix, method },
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/merge-patch+json' },
    }),
  })

async function served(work: () => Promise<void>): Promise<Figures> {
  const figures: Figures = { times: [], failed: 0 }
  const stops = Array.from({ length: CLIENTS }, () => client(figures))
  await Bun.sleep(300)
  figures.times.length = 0
  await work()
  for (const stop of stops) stop()
  return figures
}

async function change(index: number, weight: number): Promise<number> {
  const before = readFileSync(file, 'utf8')
  const startMs = performance.now()
  const answer = await ask('PATCH', `/backends/b${index}/servers/127.0.0.1:${origin.port}`, { weight })
  const text = await answer.text()
  const tookMs = performance.now() - startMs
  const { went, came } = changedLines(before, readFileSync(file, 'utf8'))
  if (!answer.ok || went !== 1 || came !== 1)
    throw new Error(`${answer.status} ${went} ${came} ${text.slice(0, 500)}`)
  return tookMs
}

const gateway = Bun.spawn([BINARY, 'run', '-c', file], { stdio: ['ignore', 'ignore', 'ignore'] })
try {
  for (let i = 0; i < 600; i++) {
    const isThere = await fetch(`http://127.0.0.1:${PORT}/here`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere && existsSync(unix)) break
    await Bun.sleep(50)
  }
  const took: number[] = []
  await change(1, 2)
  const quiet = await served(() => Bun.sleep(CHANGES * 400))
  const busy = await served(async () => {
    for (let i = 0; i < CHANGES; i++) {
      took.push(await change((i * 37) % BACKENDS, 3 + (i % 5)))
      await Bun.sleep(300)
    }
  })
  const all = [quiet, busy].map(
    ({ times }) =>
      `p50 ${at(times, 0.5).toFixed(1)} p99 ${at(times, 0.99).toFixed(1)} max ${at(times, 1).toFixed(1)}`,
  )
  const added = at(busy.times, 0.99) - at(quiet.times, 0.99)
  const answered = median(took)
  const verdict = (isReached: boolean): string => (isReached ? 'reached' : 'missed')
  console.log(
    `${BACKENDS} backends, ${RULES} rules, ${took.length} changes of a weight, one line of the file each:`,
  )
  console.log(
    `answered in p50 ${answered.toFixed(0)} p90 ${at(took, 0.9).toFixed(0)} max ${at(took, 1).toFixed(0)} ms; p50 ≤ ${ANSWER_GOAL_MS}: ${verdict(answered <= ANSWER_GOAL_MS)}`,
  )
  console.log(
    `traffic, quiet: ${all[0]} ms, ${quiet.failed} failed; with changes: ${all[1]} ms, ${busy.failed} failed`,
  )
  console.log(
    `p99 + ${added.toFixed(1)} ms; ≤ ${ADDED_GOAL_MS}: ${verdict(added <= ADDED_GOAL_MS)}; 0 failed: ${verdict(busy.failed === 0)}`,
  )
} finally {
  gateway.kill()
  await gateway.exited
  await origin.stop(true)
  rmSync(folder, { recursive: true, force: true })
}
