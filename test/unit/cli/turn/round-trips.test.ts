import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import {
  makeMessage,
  measureRoundTrips,
  type RoundTrips,
  type Side,
} from '../../../../server/cli/turn/round-trips.ts'
import type { TurnClient } from '../../../../server/cli/turn/turn-client.ts'

const [NEAR, FAR] = [Address.parse('192.0.2.1', 1)!, Address.parse('192.0.2.2', 2)!]
const TOKEN = 0xdeadbeef

/** Two sides with a network between that does what `network` says to each message: gives what arrives. */
function measure(
  network: (bytes: Uint8Array, way: 'there' | 'back') => readonly Uint8Array[],
  { count = 20, from = FAR }: { count?: number; from?: Address } = {},
): Promise<RoundTrips> {
  const clients = [0, 1].map(() => ({ onArrival: () => {}, gone: null })) as unknown as [
    TurnClient,
    TurnClient,
  ]
  const [near, far] = clients
  const side = (
    [client, other]: readonly [TurnClient, TurnClient],
    way: 'there' | 'back',
    at: Address,
    expected: Address,
  ): Side => ({
    client,
    send: (bytes) => {
      for (const one of network(bytes, way)) other.onArrival({ peer: at, channel: null, bytes: one })
    },
    isOurs: ({ peer }) => peer !== null,
    from: expected,
  })
  const [a, b] = [side([near, far], 'there', NEAR, FAR), side([far, near], 'back', from, NEAR)]
  return measureRoundTrips(a, b, { count, sizeOf: (n) => 8 + n, patienceMs: 30, token: TOKEN })
}

test('all come back', async () => {
  const { rtt, ...counts } = await measure((bytes) => [bytes])
  expect(counts).toEqual({ sent: 20, back: 20, damaged: 0, twice: 0, elsewhere: null })
  expect(rtt!.min <= rtt!.median && rtt!.median <= rtt!.p99).toBe(true)
})

test('what is lost on either way is counted', async () => {
  const lossy = await measure((bytes, way) => (bytes[3]! % 4 === (way === 'there' ? 0 : 1) ? [] : [bytes]))
  expect([lossy.sent, lossy.back]).toEqual([20, 10])
  expect(await measure(() => [])).toMatchObject({ back: 0, rtt: null })
})

test('what comes twice is counted once, and told', async () => {
  expect(
    await measure((bytes, way) => (way === 'back' ? [bytes, bytes] : [bytes]), { count: 3 }),
  ).toMatchObject({
    back: 3,
    // The last one's second copy comes when all is over.
    twice: 3,
  })
})

test.each([
  ['a changed byte', (bytes: Uint8Array) => bytes.with(bytes.length - 1, 0xff ^ bytes.at(-1)!)],
  ['another length', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
  ['padding taken for data', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
  ['a message of somebody else', () => makeMessage(1, 9, 1)],
  ['a few bytes', () => Uint8Array.of(1, 2, 3)],
])('%s is damage, and not echoed', async (_, damage) => {
  expect(await measure((bytes) => [damage(bytes)], { count: 2 })).toMatchObject({ back: 0, damaged: 2 })
})

test('messages that come from elsewhere count, and it is told from where', async () => {
  const elsewhere = Address.parse('10.0.0.1', 9)!
  expect(await measure((bytes) => [bytes], { from: elsewhere })).toMatchObject({ back: 20, elsewhere })
})

test('messages that come to who sent them have not come back', async () => {
  const client = { onArrival: () => {}, gone: null } as unknown as TurnClient
  const far = { onArrival: () => {}, gone: null } as unknown as TurnClient
  const send = (bytes: Uint8Array): void => client.onArrival({ peer: FAR, channel: null, bytes })
  const side = { send, isOurs: () => true, from: null }
  const wishes = { count: 2, sizeOf: () => 8, patienceMs: 10, token: TOKEN }
  expect(await measureRoundTrips({ ...side, client }, { ...side, client: far }, wishes)).toMatchObject({
    back: 0,
  })
})
