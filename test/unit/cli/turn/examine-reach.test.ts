// Names, ways, certificates.
import { expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { Address } from '../../../../server/lib/address.ts'
import { freePort } from '../../../support/kernel.ts'
import { examined, refusing, wishesFor } from './examining.ts'
import { FakeTurn, type Script } from './fake-turn.ts'

const ALL = [
  ...['resolve', 'reach', 'challenge', 'authenticate', 'allocate', 'second', 'permissions', 'indications'],
  ...['channels', 'channel_data', 'private_peers', 'refresh', 'delete'],
].map((step) => `${step} ok`)

test.each(['udp', 'tcp'] as const)(
  'a good server over %s: every step is told, in its order, and all is ok',
  async (transport) => {
    await using fake = await FakeTurn.start({ transport })
    const { isGood, course, steps, step } = await examined(wishesFor(fake))
    expect(course).toEqual(ALL)
    expect(isGood).toBe(true)
    expect(steps.filter(({ advice }) => advice !== null)).toEqual([])
    expect(step('channel_data').facts).toMatchObject({ sent: 5, back: 5, lost: 0, damaged: 0 })
    expect(step('reach').facts).toMatchObject({ transport, translated: false, code: 0 })
    expect([...fake.lines].filter(({ relayed }) => relayed !== null)).toEqual([])
  },
)

test('a "stun:" URL asks for an address and no more', async () => {
  await using fake = await FakeTurn.start()
  const wishes = wishesFor(fake)
  const { course, isGood } = await examined({ ...wishes, url: { ...wishes.url, isTurn: false }, login: null })
  expect([course, isGood]).toEqual([['resolve ok', 'reach ok'], true])
  expect(fake.heard.map(({ method }) => method)).toEqual([METHODS.BINDING])
})

test('a name without addresses ends it', async () => {
  await using fake = await FakeTurn.start()
  const wishes = wishesFor(fake)
  const lookup = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }))
  const { course, step } = await examined(
    { ...wishes, url: { ...wishes.url, host: 'turn.test' } },
    { lookup },
  )
  expect(course).toEqual(['resolve failed'])
  expect(step('resolve')).toMatchObject({
    found: 'turn.test has no address (ENOTFOUND)',
    advice: expect.stringContaining('AAAA'),
  })
})

test('a resolver that does not answer is not waited for longer than anything else', async () => {
  await using fake = await FakeTurn.start()
  const wishes = wishesFor(fake, { timeoutMs: 50 })
  const lookup = (): Promise<never> => Promise.withResolvers<never>().promise
  const { step } = await examined({ ...wishes, url: { ...wishes.url, host: 'turn.test' } }, { lookup })
  expect(step('resolve').found).toContain('no answer within 50 ms')
})

test('of several addresses each is tried: one that does not answer is a warning where another does', async () => {
  await using fake = await FakeTurn.start()
  const wishes = wishesFor(fake)
  const lookup = async (): Promise<string[]> => ['127.0.0.2', '127.0.0.1', '127.0.0.1']
  const { course, steps } = await examined(
    { ...wishes, url: { ...wishes.url, host: 'turn.test' } },
    { lookup },
  )
  expect(course).toEqual(['resolve ok', 'reach warning', ...ALL.slice(1)])
  expect(steps[1]!.found).toContain(`nothing listens at 127.0.0.2:${fake.port} for UDP`)
})

test.each(['udp', 'tcp', 'tls'] as const)('a port where nobody listens: %s', async (transport) => {
  const { course, step } = await examined(wishesFor({ port: freePort(), words: { transport } }))
  expect(course).toEqual(['resolve ok', 'reach failed'])
  expect(step('reach').found).toContain(`for ${transport === 'udp' ? 'UDP' : 'TCP'} (ECONNREFUSED)`)
})

test('a server that is silent over UDP: firewalls, and the other transport', async () => {
  await using fake = await FakeTurn.start({ script: () => true })
  const { course, step } = await examined(wishesFor(fake, { timeoutMs: 100 }))
  expect(course).toEqual(['resolve ok', 'reach failed'])
  expect(step('reach').advice).toMatch(/firewall.*--transport tcp/)
})

test('a server that answers no Binding, but Allocate, is reached', async () => {
  await using fake = await FakeTurn.start({ script: ({ method }) => method === METHODS.BINDING })
  const { course, step } = await examined(wishesFor(fake, { timeoutMs: 200 }))
  expect(course).toEqual(ALL)
  expect(step('reach').facts).toMatchObject({ binding: false })
})

test('a server that answers Binding with an error is reached', async () => {
  await using fake = await FakeTurn.start({ script: refusing(METHODS.BINDING, 401) })
  const { course, step } = await examined(wishesFor(fake))
  expect(course).toEqual(ALL)
  expect(step('reach').found).toContain('but Binding with 401 (Unauthenticated)')
})

test('a translator between is told', async () => {
  const outside = Address.parse('198.51.100.7', 4444)!
  const script: Script = (request, line, fake) => {
    if (request.method !== METHODS.BINDING) return false
    fake.succeed(line, request, (w) => w.address(ATTRIBUTES.XOR_MAPPED_ADDRESS, outside))
    return true
  }
  await using fake = await FakeTurn.start({ script })
  const { step } = await examined(wishesFor(fake))
  expect(step('reach').found).toMatch(
    /sees us as 198\.51\.100\.7:4444, not 127\.0\.0\.1:\d+: an address translator/,
  )
  expect(step('reach').facts).toMatchObject({ translated: true, mapped: '198.51.100.7:4444' })
})

test('another service on the port is named', async () => {
  for (const [answer, words] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'is a web server'],
    ['\x15\x03\x03\x00\x02\x02\x32', 'speaks TLS'],
    ['\xffSSH', 'speaks neither STUN nor TURN'],
  ] as const) {
    const script: Script = (_request, line) => {
      line.send(Buffer.from(answer, 'latin1'))
      return true
    }
    await using fake = await FakeTurn.start({ transport: 'tcp', script })
    const { course, step } = await examined(wishesFor(fake))
    expect([course.at(-1), step('reach').found]).toEqual(['reach failed', expect.stringContaining(words)])
  }
})

test('a service that accepts and is silent is no server', async () => {
  await using fake = await FakeTurn.start({ transport: 'tcp', script: () => true })
  const wishes = wishesFor(fake, { timeoutMs: 100 })
  expect(
    (await examined({ ...wishes, url: { ...wishes.url, isTurn: false } })).step('reach').found,
  ).toContain('accepts connections, but answers no STUN')
})

test('a port without TLS is told from one with a bad certificate', async () => {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
  })
  const { step } = await examined(wishesFor({ port: server.port, words: { transport: 'tls' } }))
  server.stop(true)
  expect(step('reach')).toMatchObject({
    outcome: 'failed',
    found: expect.stringContaining('does not speak TLS'),
  })
})

test('with a certificate that is not to be trusted no credentials are sent, unless that is wished', async () => {
  await using fake = await FakeTurn.start({ transport: 'tls' })
  const wishes = wishesFor(fake)
  const refused = await examined({ ...wishes, insecure: false, url: { ...wishes.url, host: 'turn.test' } })
  expect(refused.course).toEqual(['resolve ok', 'reach ok', 'certificate failed'])
  expect(refused.step('certificate').found).toMatch(
    /it is self-signed; it is for localhost, 127\.0\.0\.1.*, not for turn\.test/,
  )
  expect(refused.step('certificate').advice).toContain('--insecure')
  expect(fake.count(METHODS.ALLOCATE)).toBe(0)
  const taken = await examined(wishes)
  expect(taken.course).toEqual([...ALL.slice(0, 2), 'certificate warning', ...ALL.slice(2)])
  expect(taken.step('certificate').facts).toMatchObject({
    problems: ['self_signed'],
    days_left: expect.any(Number),
  })
})
