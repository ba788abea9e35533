// Small GETs at a steady rate, whatever comes back: bun bench/paced.ts PORT CONNECTIONS RATE SECONDS, after a
// second that is not measured. A program of its own. Each request is due by the clock; one that finds all
// connections busy waits for the first that is free, and that counts. Prints what wrk's script prints.
import type { Socket } from 'bun'

const [port = 0, connections = 0, rate = 0, seconds = 0] = process.argv.slice(2).map(Number)
const REQUEST = Buffer.from(
  [
    'GET /small HTTP/1.1',
    'Host: www.example.org',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'Accept-Language: en-US,en;q=0.5',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Referer: https://www.example.org/articles/index.html?page=2',
    'Cookie: session=4f1c9a0b7e5d4c3a; theme=dark; consent=yes; visited=2026-01-02',
    'Upgrade-Insecure-Requests: 1',
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Site: same-origin',
    '\r\n',
  ].join('\r\n'),
)
/** The last byte of the answer, which ends its body and stands nowhere else behind the head's own. */
const LAST = 'here.'
const RAMP_MS = 1000
/** What is under way at the end is waited for so long. */
const REST_MS = 2000

interface Line {
  /** When its request was due; 0: it is free. */
  dueMs: number
  /** Nothing of the answer has come. */
  isHeadNext: boolean
}

const free: Socket<Line>[] = []
/** Requests that wait for a connection: when they were due. */
const waiting: number[] = []
const tookMs: number[] = []
let errors = 0
let underWay = 0
let measuresFromMs = Infinity

function send(socket: Socket<Line>, dueMs: number): void {
  socket.data.dueMs = dueMs
  socket.data.isHeadNext = true
  underWay++
  if (socket.write(REQUEST) !== REQUEST.length) errors++
}

function answered(socket: Socket<Line>, bytes: Buffer): void {
  const { dueMs, isHeadNext } = socket.data
  if (isHeadNext && bytes.toString('latin1', 0, 13) !== 'HTTP/1.1 200 ') errors++
  socket.data.isHeadNext = false
  const end = bytes.toString('latin1', Math.max(0, bytes.length - LAST.length))
  if (end !== LAST) return // more of it follows
  underWay--
  if (dueMs >= measuresFromMs) tookMs.push(performance.now() - dueMs)
  socket.data.dueMs = 0
  const next = waiting.shift()
  if (next === undefined) free.push(socket)
  else send(socket, next)
}

async function connect(): Promise<void> {
  for (let n = 0; n < connections; n++) {
    const socket = await Bun.connect<Line>({
      hostname: '127.0.0.1',
      port,
      data: { dueMs: 0, isHeadNext: true },
      socket: { data: answered, close: () => void errors++, error: () => void errors++ },
    })
    socket.setNoDelay(true)
    free.push(socket)
  }
}

/**
 * Requests that became due since the last look leave now; how late the look is, is not the server's fault.
 */
function pace(startMs: number, sent: number): number {
  const nowMs = performance.now()
  const due = Math.floor(((nowMs - startMs) * rate) / 1000)
  for (let n = sent; n < due; n++) {
    const socket = free.shift()
    if (socket) send(socket, nowMs)
    else waiting.push(nowMs)
  }
  return due
}

await connect()
const startMs = performance.now()
measuresFromMs = startMs + RAMP_MS
const endMs = measuresFromMs + seconds * 1000
let sent = 0
while (performance.now() < endMs) {
  sent = pace(startMs, sent)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const untilMs = performance.now() + REST_MS
while (underWay > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5))
errors += underWay + waiting.length
const sorted = tookMs.toSorted((a, b) => a - b)
const quantileUs = (part: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 1000)
console.log(
  JSON.stringify({
    requests: tookMs.length,
    us: seconds * 1e6,
    bytes: 0,
    errors,
    p50us: quantileUs(0.5),
    p99us: quantileUs(0.99),
  }),
)
process.exit(0)
