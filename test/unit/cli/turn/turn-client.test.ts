import { expect, test } from 'bun:test'
import type { Address } from '../../../../server/lib/address.ts'
import { nonceCookie } from '../../../../server/turn/bytes/nonce-cookie.ts'
import { OFFERED_ALGORITHMS } from '../../../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import type { Answer } from '../../../../server/cli/turn/answer.ts'
import type { Silence } from '../../../../server/cli/turn/transactions.ts'
import { type Arrival, type ClientOptions, TurnClient } from '../../../../server/cli/turn/turn-client.ts'
import { waitFor } from '../../../support/wait.ts'
import { FakeTurn, type Script, PASSWORD, USER } from './fake-turn.ts'

const LOGIN = { user: USER, password: PASSWORD }
const HELLO = Buffer.from('hello')

async function clientOf(
  fake: FakeTurn,
  options: Partial<ClientOptions> = {},
): Promise<TurnClient & Disposable> {
  const target = { transport: fake.words.transport ?? 'udp', address: fake.address, serverName: 'localhost' }
  const client = await TurnClient.open(target, { timeoutMs: 3000, login: LOGIN, ...options })
  if ('failure' in client) throw new Error(client.detail)
  return Object.assign(client, { [Symbol.dispose]: () => client.close() })
}

function answered(answer: Answer | Silence): Answer {
  if ('silence' in answer) throw new Error(answer.detail)
  return answer
}

async function relayedTo(client: TurnClient): Promise<Address> {
  return answered(await client.allocate()).message.address(ATTRIBUTES.XOR_RELAYED_ADDRESS) as Address
}

test.each(['udp', 'tcp', 'tls'] as const)(
  'two clients over %s reach each other, by indications and by channels',
  async (transport) => {
    await using fake = await FakeTurn.start({ transport })
    using near = await clientOf(fake)
    using far = await clientOf(fake)
    const [atNear, atFar] = [await relayedTo(near), await relayedTo(far)]
    const arrivals: Arrival[] = []
    near.onArrival = far.onArrival = (arrival) => void arrivals.push(arrival)
    near.sendTo(atFar, HELLO)
    await waitFor(() => arrivals.length === 1)
    expect(arrivals[0]).toEqual({ peer: atNear, channel: null, bytes: Uint8Array.from(HELLO) })
    expect(answered(await near.bindChannel(0x4000, atFar)).code).toBe(0)
    expect(answered(await far.bindChannel(0x7ffe, atNear)).code).toBe(0)
    // Lengths of each remainder: padding is neither lost nor taken for data.
    for (const length of [5, 6, 7, 8, 0]) near.sendChannel(0x4000, new Uint8Array(length).fill(length))
    far.sendChannel(0x7ffe, HELLO)
    await waitFor(() => arrivals.length === 7)
    const byChannel = arrivals.slice(1).map(({ channel, bytes }) => [channel, bytes.length])
    expect(byChannel.filter(([channel]) => channel === 0x7ffe)).toEqual(
      [5, 6, 7, 8, 0].map((n) => [0x7ffe, n]),
    )
    expect(byChannel.filter(([channel]) => channel === 0x4000)).toEqual([[0x4000, 5]])
    expect(answered(await near.refresh(0)).isProven).toBe(true)
  },
)

test('it asks without credentials first, and then with them', async () => {
  await using fake = await FakeTurn.start()
  using client = await clientOf(fake)
  expect(answered(await client.allocate())).toMatchObject({ code: 0, isProven: true })
  expect(fake.heard.map(({ hasIntegrity }) => hasIntegrity)).toEqual([false, true])
  expect(client.challenge).toMatchObject({ realm: 'example.org' })
})

test('a refused password is not tried again', async () => {
  await using fake = await FakeTurn.start()
  using client = await clientOf(fake, { login: { user: USER, password: 'wrong' } })
  expect(answered(await client.allocate())).toMatchObject({ code: 401, isProven: false })
  expect(fake.heard.length).toBe(2)
})

test('without credentials a 401 is the answer', async () => {
  await using fake = await FakeTurn.start()
  using client = await clientOf(fake, { login: null })
  expect(answered(await client.allocate())).toMatchObject({
    code: 401,
    reason: 'Unauthenticated',
    isProven: null,
  })
  expect(fake.heard.length).toBe(1)
})

test('a stale nonce is replaced by the new one, at most twice', async () => {
  let nonces = 0
  const stale: Script = (request, line, fake) => {
    const nonce = request.text(ATTRIBUTES.NONCE)
    if (nonce === null || nonce === `nonce-${limit}`) return false
    fake.challenge(line, request, 438, `nonce-${++nonces}`)
    return true
  }
  let limit = 1
  await using fake = await FakeTurn.start({ script: stale })
  using client = await clientOf(fake)
  expect(answered(await client.allocate()).code).toBe(0)
  expect(fake.heard.length).toBe(3)
  limit = 99
  expect(answered(await client.refresh()).code).toBe(438)
  expect(fake.heard.length).toBe(6)
})

test('SHA-256 is taken where it is offered, and the answer is checked with it', async () => {
  const nonce = `${nonceCookie({ passwordAlgorithms: true, userHash: false })}x`
  await using fake = await FakeTurn.start({ nonce, offered: OFFERED_ALGORITHMS })
  using client = await clientOf(fake)
  expect(answered(await client.allocate())).toMatchObject({ code: 0, isProven: true })
  expect(fake.heard[1]!.integritySha256At).toBeGreaterThan(0)
})

test('an answer that somebody else made is not proven', async () => {
  await using fake = await FakeTurn.start({
    script: (request, line, fake) => {
      if (!request.hasIntegrity) return false
      line.send(
        new MessageWriter().answer(request, CLASSES.SUCCESS).integritySha1(new Uint8Array(16)).finish(),
      )
      return fake.heard.length > 0
    },
  })
  using client = await clientOf(fake)
  expect(answered(await client.allocate())).toMatchObject({ code: 0, isProven: false })
})

test('a request that is lost is sent again; one that is never answered ends in silence', async () => {
  await using fake = await FakeTurn.start({
    script: (request, _line, fake) => request.method !== METHODS.BINDING || fake.heard.length === 1,
  })
  using client = await clientOf(fake, { timeoutMs: 700 })
  expect(answered(await client.binding())).toMatchObject({ code: 0, sendings: 2 })
  expect(await client.allocate()).toMatchObject({ silence: 'timeout', sendings: 2 })
})

test('a connection that the server ends fails what waits, and what comes after', async () => {
  await using fake = await FakeTurn.start({
    transport: 'tcp',
    script: (_request, line) => {
      line.close()
      return true
    },
  })
  using client = await clientOf(fake)
  expect(await client.binding()).toMatchObject({ silence: 'closed' })
  expect(client.gone).not.toBeNull()
  expect(await client.binding()).toMatchObject({ silence: 'closed' })
})

test('a server that speaks something else is told from one that is silent', async () => {
  await using fake = await FakeTurn.start({
    transport: 'tcp',
    script: (_request, line) => {
      line.send(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 50))
      return true
    },
  })
  using client = await clientOf(fake)
  expect(await client.binding()).toMatchObject({ silence: 'foreign' })
  expect(client.foreign?.[0]).toBe(0x15)
})

test('what is damaged or answers nothing goes to who wants to know, not to peers', async () => {
  await using fake = await FakeTurn.start()
  using client = await clientOf(fake)
  const others: number[] = []
  client.onOther = (bytes) => void others.push(bytes.length)
  client.onArrival = () => others.push(-1)
  await client.binding()
  const [line] = fake.lines
  const writer = new MessageWriter()
  line!.send(Uint8Array.of(0x40, 0, 0, 9, 1, 2, 3, 4)) // longer than it is
  line!.send(writer.begin(METHODS.BINDING, CLASSES.SUCCESS, new Uint8Array(12)).finish()) // nobody asked
  line!.send(writer.begin(METHODS.DATA, CLASSES.INDICATION, new Uint8Array(12)).finish()) // no peer, no data
  line!.send(Uint8Array.of(1, 2, 3))
  await waitFor(() => others.length === 4)
  expect(others).toEqual([8, 20, 20, 3])
})

test('an error that cannot be read is an error all the same', async () => {
  await using fake = await FakeTurn.start({
    script: (request, line) => {
      line.send(new MessageWriter().answer(request, CLASSES.ERROR).finish())
      return true
    },
  })
  using client = await clientOf(fake)
  expect(answered(await client.binding()).code).toBe(500)
})

test('RFC 6062: behind a CONNECTION-BIND come the bytes of the peer, in the same segment or not', async () => {
  await using fake = await FakeTurn.start({
    transport: 'tcp',
    script: (request, line, fake) => {
      if (!request.hasIntegrity || request.method !== METHODS.CONNECTION_BIND) return false
      expect(request.connectionId).toBe(7)
      fake.succeed(line, request)
      line.send(Buffer.from('\xffpeer', 'latin1'))
      return true
    },
  })
  using client = await clientOf(fake)
  let got = ''
  client.onOther = (bytes) => void (got += Buffer.from(bytes).toString('latin1'))
  expect(answered(await client.connectionBind(7)).code).toBe(0)
  await waitFor(() => got === '\xffpeer')
})
