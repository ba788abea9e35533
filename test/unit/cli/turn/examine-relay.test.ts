// Messages between two allocations, and what comes after them.
import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { METHODS } from '../../../../server/turn/bytes/stun.ts'
import { examined, refusing, wishesFor } from './examining.ts'
import { FakeTurn, type Script } from './fake-turn.ts'

const BOTH = ['indications', 'channel_data'] as const

test('a server that does not relay to itself: who cannot meet, and what to change', async () => {
  await using fake = await FakeTurn.start({ script: refusing(METHODS.CREATE_PERMISSION, 403) })
  for (const [range, words] of [
    [null, 'allow its own address among its peers'],
    ['loopback', 'allow-loopback-peers'],
    ['private', 'relay.advertise'],
  ] as const) {
    const { course, step } = await examined(wishesFor(fake), { rangeOf: () => range })
    expect(course.slice(6)).toEqual(['permissions failed', 'private_peers ok', 'refresh ok', 'delete ok'])
    expect(step('permissions').advice).toContain(words)
  }
})

test('channels that are refused leave the indications as they were', async () => {
  await using fake = await FakeTurn.start({ script: refusing(METHODS.CHANNEL_BIND, 508) })
  const { course, step } = await examined(wishesFor(fake))
  expect(course.slice(6)).toEqual([
    ...['permissions ok', 'indications ok', 'channels failed', 'private_peers ok', 'refresh ok', 'delete ok'],
  ])
  expect(step('channels').advice).toContain('quotas.channels')
})

test('nothing comes back: firewalls and translators', async () => {
  await using fake = await FakeTurn.start({ relay: () => null })
  const { step } = await examined(wishesFor(fake, { timeoutMs: 50 }))
  for (const name of BOTH) {
    expect(step(name)).toMatchObject({
      outcome: 'failed',
      found: 'none of 5 messages came back, although they are permitted',
    })
    expect(step(name).facts).toMatchObject({ back: 0, lost: 5, rtt_median_ms: null })
  }
})

test('much is lost: a failure; little: a warning', async () => {
  for (const [lost, outcome, words] of [
    [[3], 'warning', '59 of 60 messages'],
    [[3, 7, 8, 9], 'failed', '4 of 60 messages were lost'],
  ] as const) {
    const relay = (data: Uint8Array): Uint8Array | null =>
      lost.some((number) => number === data[3]) ? null : data
    await using fake = await FakeTurn.start({ relay })
    const { step } = await examined(wishesFor(fake, { count: 60, timeoutMs: 300 }))
    for (const name of BOTH)
      expect(step(name)).toMatchObject({ outcome, found: expect.stringContaining(words) })
  }
})

test('bytes that change are a failure', async () => {
  await using fake = await FakeTurn.start({ relay: (data) => data.with(20, data[20]! ^ 1) })
  const { step } = await examined(wishesFor(fake, { timeoutMs: 300 }))
  for (const name of BOTH) expect(step(name).found).toContain('5 messages arrived with other bytes')
})

test('a server that does not pad on streams is found out', async () => {
  await using fake = await FakeTurn.start({ transport: 'tcp', pads: false })
  const { step, course } = await examined(wishesFor(fake, { timeoutMs: 200, count: 20 }))
  expect(step('indications').outcome).toBe('ok')
  expect(step('channel_data').outcome).toBe('failed')
  expect(course.at(-1)).toContain('failed')
})

test('messages that come from another address than the relayed one are a warning', async () => {
  await using fake = await FakeTurn.start({ source: Address.parse('10.9.8.7', 5)! })
  const { step } = await examined(wishesFor(fake))
  expect(step('indications')).toMatchObject({
    outcome: 'warning',
    found: expect.stringContaining('they came from 10.9.8.7:5'),
  })
  expect(step('channel_data').outcome).toBe('ok')
})

test('a server that ends connections on the way is told from one that loses messages', async () => {
  const script: Script = (request, line) => {
    if (request.method === METHODS.SEND) line.close()
    return request.method === METHODS.SEND
  }
  await using fake = await FakeTurn.start({ transport: 'tcp', script })
  const { step, isGood, course } = await examined(wishesFor(fake))
  expect(isGood).toBe(false)
  expect(step('indications').found).toMatch(/^after 0 of \d messages the server ended the connection/)
  expect(course.slice(-2)).toEqual(['channels failed', 'delete failed'])
})

test('permissions for private networks are a warning, with the networks', async () => {
  const script: Script = (request, line, fake) => {
    const { xorPeers } = request
    if (request.method !== METHODS.CREATE_PERMISSION || xorPeers === 'malformed') return false
    if (!xorPeers.some(({ host }) => host === '10.0.0.1' || host === '169.254.169.254')) return false
    fake.succeed(line, request)
    return true
  }
  await using fake = await FakeTurn.start({ script, relayed: '192.0.2.9' })
  const { isGood, step } = await examined(wishesFor(fake))
  expect(isGood).toBe(true)
  expect(step('private_peers')).toMatchObject({
    outcome: 'warning',
    found: 'it relays to private networks: permission was given for 10.0.0.1, 169.254.169.254',
    facts: { refused: ['127.0.0.1', '0.0.0.0', '224.0.0.1'] },
  })
})

test('the address that the server relays on is not held against it', async () => {
  await using fake = await FakeTurn.start({ relayed: '127.0.0.1' })
  const { step } = await examined(wishesFor(fake))
  expect(step('private_peers')).toMatchObject({ outcome: 'ok', facts: { granted: [] } })
  expect(step('private_peers').facts['refused']).not.toContain('127.0.0.1')
})

test.each([
  ['refresh', 1, 'refresh failed'],
  ['delete', 2, 'delete failed'],
] as const)('a server that forgets allocations fails at %s', async (_, from, last) => {
  await using fake = await FakeTurn.start({ script: refusing(METHODS.REFRESH, 437, from) })
  const { course, steps } = await examined(wishesFor(fake))
  expect(course).toContain(last)
  expect(steps.at(-1)!.found).toContain('does not know our allocation any more')
})

test('what a server says cannot command the terminal', async () => {
  const script: Script = (request, line, fake) => {
    if (request.method !== METHODS.ALLOCATE) return false
    fake.answer(line, request, 3, (w) => w.errorCode(486, '\x1b[2J\u202enope'))
    return true
  }
  await using fake = await FakeTurn.start({ script })
  expect((await examined(wishesFor(fake))).step('challenge').found).toStartWith('486 ([2Jnope)')
})
