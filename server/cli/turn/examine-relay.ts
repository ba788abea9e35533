// Permissions, channels and messages between the two allocations of an examination.
import { randomInt } from 'node:crypto'
import { FIRST_CHANNEL } from '../../turn/bytes/channel-data.ts'
import type { Held } from './examine-allocate.ts'
import type { Examination } from './examination.ts'
import { adviceOnTrips, factsOfTrips, failureOfTrips, wordsOfTrips } from './explain-trips.ts'
import { explainOther, explainSilence, factsOf, saidBy } from './explanations.ts'
import { measureRoundTrips, type Side } from './round-trips.ts'
import type { Finding, StepName } from './report.ts'
import type { Silence } from './transactions.ts'
import type { Answer } from './answer.ts'

/** How long what is under way is waited for. */
const PATIENCE_MS = 2000

/** Lets both relay to each other, and sends messages there and back: by indications, then by channels. */
export async function relayBetween(exam: Examination, first: Held, second: Held): Promise<void> {
  const permitted = await both(exam, 'permissions', [first, second], {
    ask: (one, other) => one.client.permit(other.relayed),
    done: 'each may receive from the other',
  })
  if (!permitted) return
  await relay(exam, 'indications', byIndications(first, second), byIndications(second, first))
  const [a, b] = [FIRST_CHANNEL, FIRST_CHANNEL + 1]
  const bound = await both(exam, 'channels', [first, second], {
    ask: (one, other) => one.client.bindChannel(one === first ? a : b, other.relayed),
    done: 'each has a channel to the other',
  })
  if (bound) await relay(exam, 'channel_data', byChannel(first, a), byChannel(second, b))
}

interface Asking {
  ask(one: Held, other: Held): Promise<Answer | Silence>
  readonly done: string
}

async function both(
  exam: Examination,
  step: StepName,
  [first, second]: readonly [Held, Held],
  { ask, done }: Asking,
): Promise<boolean> {
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const answer = await ask(one, other)
    const finding = findingOf(exam, answer, other)
    if (finding === null) continue
    exam.report.fail(step, finding)
    return false
  }
  exam.report.ok(step, done)
  return true
}

function findingOf({ world }: Examination, answer: Answer | Silence, { relayed }: Held): Finding | null {
  if ('silence' in answer) return explainSilence(answer)
  if (answer.code === 0) return null
  // Who sees clients behind strict networks relays on both sides: then the peer is a relayed address of the
  // server itself.
  if (answer.code !== 403) return explainOther(answer)
  const range = world.rangeOf(relayed.host)
  const facts = { ...factsOf(answer), peer: String(relayed), range }
  const found = `${saidBy(answer)}: the server does not relay to its own relayed address ${relayed}`
  if (range === null)
    return {
      found,
      advice: 'Two clients that both need the relay cannot meet: allow its own address among its peers.',
      facts,
    }
  const hint =
    range === 'loopback'
      ? 'On a server for tests: allow-loopback-peers (coturn), peers.allow (Sluice).'
      : 'Tell it its public address (Sluice: relay.advertise; coturn: external-ip), or allow its own address among its peers.'
  return {
    found: `${found}, which is ${range}`,
    advice: `Two clients that both need the relay cannot meet. ${hint}`,
    facts,
  }
}

const byIndications = ({ client }: Held, { relayed }: Held): Side => ({
  client,
  send: (bytes) => client.sendTo(relayed, bytes),
  isOurs: ({ peer }) => peer !== null,
  from: relayed,
})

const byChannel = ({ client }: Held, channel: number): Side => ({
  client,
  send: (bytes) => client.sendChannel(channel, bytes),
  isOurs: (arrival) => arrival.channel === channel,
  from: null,
})

async function relay({ wishes, report }: Examination, step: StepName, near: Side, far: Side): Promise<void> {
  const { count, size, timeoutMs } = wishes
  const isStream = [near, far].some(({ client }) => client.link.transport !== 'udp')
  // On streams messages are padded to four bytes: lengths of each remainder show whether the server does that
  // too.
  const sizeOf = (number: number): number => size + (isStream ? number % 4 : 0)
  const patienceMs = Math.min(PATIENCE_MS, timeoutMs)
  const trips = await measureRoundTrips(near, far, { count, sizeOf, patienceMs, token: randomInt(2 ** 32) })
  const facts = { ...factsOfTrips(trips), bytes: size }
  const failure = failureOfTrips(trips, near, far)
  if (failure !== null) return void report.fail(step, { ...failure, facts: { ...facts, ...failure.facts } })
  const found = wordsOfTrips(trips, isStream ? `${size} to ${size + 3}` : String(size))
  const advice = adviceOnTrips(trips)
  if (advice === null) report.ok(step, found, facts)
  else report.warn(step, { found, advice, facts })
}
