// Reloads that differ at random, under load. SLUICE_LONG=1 makes a thousand of them; SLUICE_SEED=… repeats a
// run.
import { expect, test } from 'bun:test'
import { startNamed } from '../support/backends.ts'
import { rawClient, type WireAnswer } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { descriptorsOf, residentBytes } from '../support/processes.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const IS_LONG = process.env['SLUICE_LONG'] === '1'
const RELOADS = IS_LONG ? 1000 : 150
/** Until caches, compiled code and the garbage collector have found their size. */
const WARM_UP = IS_LONG ? 300 : 75
/**
 * So many rounds are looked at for the least that a process needs: what it has beside that is garbage not
 * collected yet.
 */
const WINDOW = 50
/**
 * What the least swings by in a sound process: measured over 2,000 reloads, 9 MiB in a worker and 15 in the
 * supervisor, with no trend. A kept snapshot or plan, with its connections, is 100 KB and more.
 */
const SWING_MIB = IS_LONG ? 32 : 24
const MIB = 2 ** 20

const names = ['a', 'b', 'c', 'd'] as const
const algorithms = ['round_robin', 'least_connections', 'random', 'power_of_two', 'ip_hash']

interface Revision {
  readonly words: Record<string, unknown>
  /** Whether the listener that comes and goes is there. */
  readonly hasExtra: boolean
  readonly extraRules: number
  readonly servers: readonly string[]
}

function someRevision(round: number, urls: Readonly<Record<string, string>>, random: Random): Revision {
  const servers = names.filter((_, place) => place === 0 || random.below(2) === 0)
  const hasExtra = random.below(3) === 0
  const extraRules = random.below(6)
  const rules = Array.from({ length: extraRules }, (_, place) => ({
    name: `fixed-${place}`,
    match: { path: `/fixed/${place}` },
    respond: { body: `revision ${round}` },
  }))
  const stamp = { response: { set: { 'X-Round': String(round) } } }
  return {
    hasExtra,
    extraRules,
    servers,
    words: {
      listeners: {
        web: { bind: '127.0.0.1:0' },
        ...(hasExtra ? { [`extra-${round}`]: { bind: '127.0.0.1:0' } } : {}),
      },
      rules: [...rules, { name: 'all', middleware: [{ headers: stamp }], backend: `b${round % 3}` }],
      backends: {
        [`b${round % 3}`]: {
          algorithm: random.pick(algorithms),
          servers: servers.map((name) => ({ name, url: urls[name], weight: 1 + random.below(5) })),
        },
      },
      logs: { level: 'info', access: { enabled: false } },
    },
  }
}

/** Applies at once, without the file watch's pause. */
async function reload(
  gateway: Gateway,
  words: Record<string, unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const from = gateway.events.length
  await gateway.writeConfig(words)
  gateway.signal('SIGHUP')
  return waitFor(
    () => gateway.events.slice(from).find(({ event }) => event === 'applied' || event === 'rejected'),
    { what: 'the reload' },
  )
}

const roundOf = (answer: WireAnswer): number => Number(answer.get('x-round'))

test(`${RELOADS} reloads under load: none fails a request, each holds from the moment it is applied, and nothing grows`, async () => {
  const random = seededRandom(seedOfRun())
  const origins = Object.fromEntries(names.map((name) => [name, startNamed(name)]))
  const urls = Object.fromEntries(names.map((name) => [name, origins[name]!.url]))
  await using gateway = await startGateway({
    config: someRevision(0, urls, random).words,
    workers: 2,
    args: ['--no-watch'],
  })
  const port = gateway.port('web')
  let applied = 0
  let newest = 0
  const stale: string[] = []
  // An answer is of the revision that was applied when it came, or of the one on its way; never older than
  // one that a later answer on the same connection could have seen.
  const load = startLoad(port, {
    connections: 8,
    restMs: 4,
    isRight: (answer) => {
      const round = roundOf(answer)
      if (round > newest) newest = round
      return answer.status === 200 && answer.complete && round >= 0
    },
  })
  await using probe = await rawClient(port)
  const pids = [gateway.pid, ...gateway.workers]
  const memory = pids.map((): number[] => [])
  for (let round = 1; round <= RELOADS; round++) {
    const revision = someRevision(round, urls, random)
    const event = await reload(gateway, revision.words)
    expect([round, event['event']]).toEqual([round, 'applied'])
    applied = round
    // Sent after it was applied, on a connection that has seen all before: it must hold.
    const answer = await probe.get('/any')
    if (roundOf(answer) !== applied) stale.push(`round ${applied}: answered by ${roundOf(answer)}`)
    if (!revision.servers.includes(answer.body))
      stale.push(`round ${applied}: answered by server ${answer.body}`)
    await checkExtras(gateway, revision, round)
    for (const origin of Object.values(origins)) origin.forget()
    for (const [place, pid] of pids.entries()) memory[place]!.push(residentBytes(pid))
  }
  // The last one is no sooner over than the load has seen it, too.
  await waitFor(() => newest === RELOADS)
  const { answered, failures } = await load.stop()
  expect([failures, stale, random.seed]).toEqual([[], [], random.seed])
  expect(answered).toBeGreaterThan(RELOADS)
  // The same processes, no bigger than they were.
  expect([gateway.pid, ...gateway.workers]).toEqual(pids)
  const grownMib = memory.map((bytes) => (least(bytes, RELOADS) - least(bytes, WARM_UP)) / MIB)
  if (IS_LONG) process.stderr.write(`${JSON.stringify({ answered, grownMib: grownMib.map(Math.round) })}\n`)
  for (const grown of grownMib) expect(grown).toBeLessThan(SWING_MIB)
  for (const pid of pids) await waitFor(() => descriptorsOf(pid) < 60, { what: 'descriptors to be closed' })
  for (const origin of Object.values(origins)) origin.kill()
})

/** The least of the rounds up to this one. */
const least = (bytes: readonly number[], round: number): number =>
  Math.min(...bytes.slice(Math.max(0, round - WINDOW), round))

/** The listener that came serves, by the rules of its revision. */
async function checkExtras(gateway: Gateway, revision: Revision, round: number): Promise<void> {
  if (!revision.hasExtra) return
  await using client = await rawClient(gateway.port(`extra-${round}`))
  const last = revision.extraRules - 1
  const answer = await client.get(last < 0 ? '/any' : `/fixed/${last}`)
  expect(answer.status).toBe(200)
  if (last >= 0) expect(answer.body).toBe(`revision ${round}`)
}
