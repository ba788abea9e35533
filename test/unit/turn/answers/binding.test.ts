import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { client, use, world, worldForEach } from '../../../support/turn-each.ts'
import { codeOf, type Write } from '../../../support/turn-tester.ts'

worldForEach()

describe('Binding', () => {
  test('is answered with the address that we see, and nothing that nobody needs', () => {
    const one = client()
    one.give(one.raw(METHODS.BINDING))
    const [bytes] = one.takeAll()
    expect(bytes).toHaveLength(32)
    const answer = decodeMessage(bytes!, 0, bytes!.length)!
    expect(answer.class).toBe(CLASSES.SUCCESS)
    expect(String(answer.xorMapped)).toBe('192.0.2.10:1000')
  })

  test('over TCP and TLS and IPv6 too', () => {
    const tls = client('192.0.2.10:1', { stream: 'tls' })
    expect(String(tls.askOpenly(METHODS.BINDING)!.xorMapped)).toBe('192.0.2.10:1')
    const tcp = client('[2001:db8::7]:5', { stream: 'tcp' })
    expect(String(tcp.askOpenly(METHODS.BINDING)!.xorMapped)).toBe('[2001:db8::7]:5')
  })

  test('with FINGERPRINT is answered with one', () => {
    expect(client().askOpenly(METHODS.BINDING, (w) => w.fingerprint())!.hasFingerprint).toBe(true)
  })

  test('with an unknown attribute is 420, unless it is one that may be ignored', () => {
    const answer = client().askOpenly(METHODS.BINDING, (w) => w.u32(0x7abc, 1).u32(0x7abd, 1))!
    expect(codeOf(answer)).toBe(420)
    expect(answer.unknownAttributes).toEqual([0x7abc, 0x7abd])
    expect(codeOf(client().askOpenly(METHODS.BINDING, (w) => w.u32(0x8abc, 1)))).toBe(0)
  })

  test('as an indication, as an answer, with a bad fingerprint or as garbage is not answered', () => {
    const one = client()
    for (const messageClass of [CLASSES.INDICATION, CLASSES.SUCCESS, CLASSES.ERROR])
      one.give(one.raw(METHODS.BINDING, () => {}, messageClass))
    const bad = one.raw(METHODS.BINDING, (w) => w.fingerprint())
    bad[27]! ^= 1
    one.give(bad)
    const noCookie = one.raw(METHODS.BINDING)
    noCookie[4] = 0
    one.give(noCookie)
    one.give(Uint8Array.of(0, 1, 0))
    one.give(new Uint8Array(0))
    one.give(new Uint8Array(200).fill(0x90))
    one.give(new Uint8Array(19))
    expect(one.takeAll()).toEqual([])
  })

  test('goes on where nothing is relayed; all else is 400 there at once', () => {
    use({ turn: { relay: false } })
    expect(codeOf(client().askOpenly(METHODS.BINDING))).toBe(0)
    expect(codeOf(client().askOpenly(METHODS.ALLOCATE))).toBe(400)
    expect(codeOf(client().askOpenly(METHODS.REFRESH))).toBe(400)
    client().send('192.0.2.99:1', 'x')
    client().channelData(0x4000, 'x')
    expect(world.network.sent).toEqual([])
  })

  test('a method that nobody knows is 401, and 400 with credentials', () => {
    expect(codeOf(client().askOpenly(0x0ff))).toBe(401)
    expect(client().code(0x0ff)).toBe(400)
    expect(world.metric('turn_requests_total', 'turn', 'other')).toBe(2)
  })
})

describe('behaviour discovery', () => {
  const discovery = { turn: { more: { discovery: '198.51.100.2:3479' } } }
  const change =
    (bits: number): Write =>
    (w) =>
      void w.u32(ATTRIBUTES.CHANGE_REQUEST, bits)
  /** Asks, and tells from where the answer came. */
  const ask = (write: Write, server = '198.51.100.1:3478', from = '192.0.2.10:1000', to = from) => {
    const one = client(from, { server })
    const request = one.raw(METHODS.BINDING, write)
    one.give(request)
    const [sent] = world.network.take(to)
    if (sent === undefined) return null
    return {
      from: sent.from,
      size: sent.bytes.length - request.length,
      answer: decodeMessage(sent.bytes, 0, sent.bytes.length)!,
    }
  }

  test('is not there without a second address: its attributes are unknown', () => {
    expect(codeOf(ask(change(6))!.answer)).toBe(420)
    expect(ask(change(6))!.answer.unknownAttributes).toEqual([ATTRIBUTES.CHANGE_REQUEST])
    expect(codeOf(ask((w) => w.first16(ATTRIBUTES.RESPONSE_PORT, 9))!.answer)).toBe(420)
    expect(codeOf(ask((w) => w.bytes(ATTRIBUTES.PADDING, new Uint8Array(100)))!.answer)).toBe(420)
  })

  test('names the address that answers and the other one', () => {
    use(discovery)
    const { answer } = ask(() => {})!
    expect(String(answer.address(ATTRIBUTES.RESPONSE_ORIGIN))).toBe('198.51.100.1:3478')
    expect(String(answer.address(ATTRIBUTES.OTHER_ADDRESS))).toBe('198.51.100.2:3479')
    expect(String(answer.address(ATTRIBUTES.MAPPED_ADDRESS))).toBe('192.0.2.10:1000')
    const other = ask(() => {}, '198.51.100.2:3478')!
    expect(String(other.answer.address(ATTRIBUTES.OTHER_ADDRESS))).toBe('198.51.100.1:3479')
  })

  for (const [server, bits, from] of [
    ['198.51.100.1:3478', 0, '198.51.100.1:3478'],
    ['198.51.100.1:3478', 2, '198.51.100.1:3479'],
    ['198.51.100.1:3478', 4, '198.51.100.2:3478'],
    ['198.51.100.1:3478', 6, '198.51.100.2:3479'],
    ['198.51.100.2:3479', 6, '198.51.100.1:3478'],
    ['198.51.100.1:3479', 4, '198.51.100.2:3479'],
  ] as const)
    test(`CHANGE-REQUEST ${bits} at ${server} is answered from ${from}`, () => {
      use(discovery)
      const got = ask(change(bits), server)!
      expect(got.from).toBe(from)
      expect(String(got.answer.address(ATTRIBUTES.RESPONSE_ORIGIN))).toBe(from)
    })

  test('answers to another port of the same address when asked so, never to another address', () => {
    use(discovery)
    const got = ask(
      (w) => w.first16(ATTRIBUTES.RESPONSE_PORT, 4444),
      '198.51.100.1:3478',
      '192.0.2.10:1000',
      '192.0.2.10:4444',
    )!
    expect(String(got.answer.xorMapped)).toBe('192.0.2.10:1000')
    expect(codeOf(ask((w) => w.first16(ATTRIBUTES.RESPONSE_PORT, 0))!.answer)).toBe(400)
  })

  test('pads as much as was asked with, and not one byte more', () => {
    use(discovery)
    const bare = ask(() => {})!
    const padded = ask((w) => w.bytes(ATTRIBUTES.PADDING, new Uint8Array(1000)))!
    expect(padded.answer.value(ATTRIBUTES.PADDING)).toHaveLength(1000)
    expect(padded.size).toBe(bare.size)
  })

  test('pads no more than it takes to be sent in fragments, so that the longest request is answered too', () => {
    use(discovery)
    for (const length of [1501, 65_480]) {
      const padded = ask((w) => w.bytes(ATTRIBUTES.PADDING, new Uint8Array(length)))!
      expect(padded.answer.value(ATTRIBUTES.PADDING)).toHaveLength(1500)
    }
  })

  test('takes no PADDING with RESPONSE-PORT, and no malformed attributes', () => {
    use(discovery)
    const both: Write = (w) =>
      void w.bytes(ATTRIBUTES.PADDING, new Uint8Array(8)).first16(ATTRIBUTES.RESPONSE_PORT, 9)
    expect(codeOf(ask(both)!.answer)).toBe(400)
    expect(codeOf(ask((w) => w.u8(ATTRIBUTES.CHANGE_REQUEST, 6))!.answer)).toBe(400)
  })

  test('does not apply to connections', () => {
    use(discovery)
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    expect(codeOf(tcp.askOpenly(METHODS.BINDING, change(6)))).toBe(420)
    expect(tcp.askOpenly(METHODS.BINDING)!.has(ATTRIBUTES.OTHER_ADDRESS)).toBe(false)
  })
})
