// Reloads under load: no request fails, and nothing grows.
import { expect, test } from 'bun:test'
import { rawClient, type WireAnswer } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origin.ts'
import { descriptorsOf, residentBytes } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const RELOADS = process.env['SLUICE_LONG'] === '1' ? 1000 : 250
/** Reloads before memory is first looked at: caches and code have their size by then. */
const WARM = Math.round(RELOADS * 0.4)

/** What the supervisor may grow by, and a worker. */
const mibMax = (place: number): number => (place === 0 ? 25 : 8)

/**
 * Heaps breathe: what is kept shows in the least of many looks, of the first third beside the last. Of as
 * many reloads as come after the first ones.
 */
function grownMib(looks: readonly number[]): number {
  const last = looks.slice(-Math.floor((RELOADS - WARM) / 5))
  const third = Math.floor(last.length / 3)
  return (Math.min(...last.slice(-third)) - Math.min(...last.slice(0, third))) / 2 ** 20
}

const isOk = ({ status, complete, body }: WireAnswer): boolean => status === 200 && complete && body === 'ok'

test('hundreds of reloads under load: no request fails, no memory or descriptor is kept', async () => {
  await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
  const words = (round: number): Record<string, unknown> => ({
    listeners: {
      web: { bind: '127.0.0.1:0' },
      // Comes and goes, under changing names: sockets are made and closed.
      ...(round % 4 === 1 ? { [`extra${round}`]: { bind: '127.0.0.1:0' } } : {}),
    },
    rules: [{ name: `rule${round % 7}`, backend: `b${round % 3}` }],
    // One server stays; one is new each time, and its slot is to be used again.
    backends: {
      [`b${round % 3}`]: {
        servers: [{ url: origin.url }, { url: `http://127.0.0.1:${20_000 + (round % 1000)}`, weight: 0 }],
      },
    },
    logs: { level: 'error', access: { enabled: false } },
  })
  await using gateway = await startGateway({ config: words(0), workers: 2, args: ['--no-watch'] })
  const port = gateway.port('web')

  // Its connections see all of the reloads; and new ones come all the time.
  const load = startLoad(port, { connections: 6, restMs: 4, isRight: isOk })
  const problems: string[] = []
  const newcomer = async (): Promise<void> => {
    try {
      await using client = await rawClient(port)
      const answer = await client.get('/')
      if (!isOk(answer)) problems.push(`status ${answer.status} ${answer.body}`)
    } catch (problem) {
      problems.push(String(problem))
    }
  }

  const pids = [gateway.pid, ...gateway.workers]
  let descriptors: number[] = []
  /** Of each process, from WARM on. */
  const memory: number[][] = pids.map(() => [])
  const reload = async (round: number): Promise<void> => {
    await gateway.writeConfig(words(round))
    gateway.signal('SIGHUP')
    // A new connection in the midst of it.
    await Promise.all([newcomer(), gateway.event('applied', ({ revision }) => revision === round + 1)])
    if (round === WARM) descriptors = pids.map(descriptorsOf)
    if (round >= WARM && round % 5 === 0)
      for (const [i, pid] of pids.entries()) memory[i]?.push(residentBytes(pid))
  }
  // A heap that has not found its size yet is larger once; what is kept makes it larger each time.
  for (let round = 1, end = RELOADS; round <= end; round++) {
    await reload(round)
    const isAgain =
      round === end && end < 2 * RELOADS && memory.some((looks, i) => grownMib(looks) >= mibMax(i))
    if (isAgain) end += RELOADS - WARM
  }
  const { answered, failures } = await load.stop()
  expect([...problems, ...failures]).toEqual([])
  expect(answered).toBeGreaterThan(RELOADS)
  expect([gateway.pid, ...gateway.workers]).toEqual(pids)

  for (const [i, pid] of pids.entries()) {
    expect(grownMib(memory[i] ?? [])).toBeLessThan(mibMax(i))
    await waitFor(() => descriptorsOf(pid) <= (descriptors[i] ?? 0) + 4, { what: 'descriptors to be closed' })
  }
  expect(gateway.stderr).toBe('')
})

test('workers that come and go under load lose no connection', async () => {
  const config = (workers: number): Record<string, unknown> => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', respond: { status: 200, body: 'ok' } }],
    workers,
    drain: '10s',
    logs: { access: { enabled: false } },
  })
  await using gateway = await startGateway({ config: config(2) })
  const port = gateway.port()
  const problems: string[] = []
  let served = 0
  let isOver = false
  const load = async (): Promise<void> => {
    while (!isOver)
      try {
        await using client = await rawClient(port)
        const { status, complete } = await client.get('/', 'Connection: close\r\n')
        if (status !== 200 || !complete) problems.push(`status ${status}`)
        served++
      } catch (problem) {
        problems.push(String(problem))
      }
  }
  const loads = [load(), load(), load(), load()]
  for (const workers of [4, 1, 5, 2, 6, 1, 3]) {
    const before = served
    const { event, workers: pids } = await gateway.apply(config(workers))
    expect(event).toBe('applied')
    expect((pids as number[]).length).toBe(workers)
    await waitFor(() => served > before + 300)
  }
  isOver = true
  await Promise.all(loads)
  expect(problems).toEqual([])
})
