// What must be left once all is over: nothing. And that limits are as large as they are said to be, which
// those of rules and keys show only when they are filled up.
import { said } from '../../support/orders.ts'
import { makeGate, waitFor } from '../../support/wait.ts'
import { metricsOf } from '../gauge.ts'
import { type Entry, type Lane, BACKENDS, shown } from './books.ts'
import type { ChaosClient } from './clients.ts'
import { KEYS, KEY_MAX, RULE_MAX, STILL, configOf } from './scene.ts'
import type { Stage } from './storm.ts'

const GAUGES = [
  ...['server_in_flight', 'backend_in_flight', 'retries_in_flight', 'active_connections', 'queue_length'],
  ...['backend_adaptive_in_flight', 'sockets_buffers_lent', 'buffered_bytes'],
]

/** Looks whether it is so; `client` is one that has asked for nothing yet. */
export async function nothingIsLeft(
  stage: Stage,
  client: (n: number) => ChaosClient,
  names: readonly string[],
): Promise<void> {
  await gaugesAreZero(stage)
  await noPermits(stage, names)
  const { scene, gateway, servers, books } = stage
  const limits: Omit<Limit, 'client'>[] = []
  if (scene.ruleLimit) limits.push({ lane: 'low', max: RULE_MAX, refusal: 'rule_full', key: 'nobody' })
  if (scene.keyLimit === 'enforce')
    for (const key of KEYS) limits.push({ lane: 'keys', max: KEY_MAX, refusal: 'concurrency_limited', key })
  if (limits.length === 0) return
  const { event } = await gateway.apply(configOf(scene, servers, STILL))
  if (event !== 'applied') return books.wrong('reload', 'the last one was refused')
  let count = 0
  for (const limit of limits) await fillsUp(stage, { ...limit, client: () => client(count++) })
  await gaugesAreZero(stage)
}

async function gaugesAreZero({ gateway, books }: Stage): Promise<void> {
  for (const name of GAUGES)
    await waitFor(async () => (await metricsOf(gateway)).sum(name) === 0, {
      everyMs: 200,
      forMs: 20_000,
    }).catch(async () => {
      const left = await metricsOf(gateway)
      books.wrong('left', `${name}: ${JSON.stringify([...left.by(name, ['backend', 'server', 'process'])])}`)
    })
}

/** Of half-open servers. */
async function noPermits({ gateway, books }: Stage, names: readonly string[]): Promise<void> {
  for (const name of names)
    for (const backend of BACKENDS) {
      const { out } = await said(gateway, name, '--backend', backend, '--json')
      const { circuit } = JSON.parse(out) as { circuit?: { let_through: number } | null }
      if ((circuit?.let_through ?? 0) !== 0)
        books.wrong('left', `${circuit?.let_through} permits of ${backend} ${name}`)
    }
}

interface Limit {
  readonly lane: Lane
  readonly max: number
  readonly refusal: string
  readonly key: string
  readonly client: () => ChaosClient
}

/** Exactly so many are let in, and the next one is refused. */
async function fillsUp({ books }: Stage, { lane, max, refusal, key, client }: Limit): Promise<void> {
  for (const backend of BACKENDS) {
    const gate = makeGate()
    books.held = gate.opened
    const wish = { method: 'GET', backend, lane, key }
    const clients = Array.from({ length: max + 1 }, client)
    const asked: Promise<Entry>[] = []
    for (const held of clients.slice(0, max)) {
      const { asked: one, entry } = held.begin(true, wish)
      asked.push(one)
      await waitFor(() => entry.comings.length > 0 || entry.fate !== null)
      if (entry.fate !== null) books.wrong('a limit that is smaller than it was', shown(entry))
    }
    const beyond = await clients.at(-1)!.ask(true, wish)
    if (beyond.refusal !== refusal) books.wrong('a limit that is larger than it was', shown(beyond))
    gate.open()
    books.held = null
    for (const entry of await Promise.all(asked))
      if (entry.status !== 200) books.wrong('held, and not served', shown(entry))
    for (const one of clients) one.hangUp()
  }
}
