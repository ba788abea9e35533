// A server fails until the breaker that all workers share opens: what comes to it behind the answer that
// opened it, and for how long. Requests that were under way by then are told apart: a connection of a client
// has one at a time.
import { RawClient } from '../test/support/client.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { done } from '../test/support/orders.ts'
import { startOrigin } from '../test/support/origin.ts'
import { waitFor } from '../test/support/wait.ts'
import { median } from './report.ts'

const WORKERS = 4
const CLIENTS = 16
const FAILURES = 20
/** So many answers of the other server are waited for behind the opening. */
const BEHIND = 400

interface Heeded {
  readonly late: number
  readonly lastMs: number
}

class Sick {
  isSick = false
  failed = 0
  /** When the answer was given with which it opens. */
  openedMs = 0
  late = 0
  lastMs = 0

  answer(): number {
    if (!this.isSick) return 200
    this.failed++
    if (this.failed === FAILURES) this.openedMs = performance.now()
    if (this.failed > FAILURES) {
      this.late++
      this.lastMs = performance.now() - this.openedMs
    }
    return 500
  }
}

/** Prints how soon an opening is heeded by all workers. */
export async function heededRounds(rounds: number): Promise<void> {
  const sick = new Sick()
  let good = 0
  await using a = startOrigin((_request, reply) => reply.send(sick.answer(), 'a'))
  await using b = startOrigin((_request, reply) => (good++, reply.send(200, 'b')))
  await using gateway = await startGateway({
    workers: WORKERS,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'api', limits: { requests: 1_000_000 } } },
      backends: {
        api: {
          servers: [
            { name: 'a', url: a.url },
            { name: 'b', url: b.url },
          ],
          retry: { attempts: 1 },
          circuit_breaker: { failures: FAILURES, open_for: '1h', open_for_max: '1h' },
        },
      },
      logs: { access: { enabled: false } },
    },
  })
  const load = { isOver: false }
  const clients = Array.from({ length: CLIENTS }, () => ask(gateway, load))
  const all: Heeded[] = []
  for (let n = 0; n < rounds; n++) {
    Object.assign(sick, { failed: 0, late: 0, lastMs: 0, isSick: true })
    await waitFor(() => sick.failed >= FAILURES)
    const from = good
    await waitFor(() => good > from + BEHIND)
    all.push({ late: sick.late, lastMs: sick.lastMs })
    sick.isSick = false
    a.requests.length = b.requests.length = 0
    await done(gateway, 'a', 'circuit', 'reset')
  }
  load.isOver = true
  await Promise.all(clients)
  tell(all)
}

async function ask(gateway: Gateway, load: { readonly isOver: boolean }): Promise<void> {
  const client = await RawClient.connect(gateway.port())
  while (!load.isOver) await client.get('/')
  client.rst()
}

function tell(all: readonly Heeded[]): void {
  const late = all.map((one) => one.late)
  const lastMs = all.map((one) => one.lastMs)
  const most = `at most ${Math.max(...late)} and ${Math.max(...lastMs).toFixed(1)} ms`
  process.stdout.write(
    `${WORKERS} workers, ${CLIENTS} clients, ${all.length} openings: behind the answer that opened, ${median(late)} requests (median) came to the server, the last after ${median(lastMs).toFixed(1)} ms; ${most}\n`,
  )
}
