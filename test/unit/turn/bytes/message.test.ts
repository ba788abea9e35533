import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { Message, decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { ID, type RawAttribute, raw } from './raw.ts'

const ALLOCATE = 0x0003
const A = ATTRIBUTES
const LIFETIME: RawAttribute = [A.LIFETIME, '00000708']

const decode = (bytes: Uint8Array): Message | null => decodeMessage(bytes, 0, bytes.length)
const message = (...attributes: RawAttribute[]): Message => decode(raw(ALLOCATE, ...attributes))!
const fingerprinted = (bytes: Buffer): Buffer => {
  const { method, class: messageClass } = decode(bytes)!
  const writer = new MessageWriter().begin(method, messageClass, ID)
  for (const [type, value] of attributesOf(bytes)) writer.bytes(type, value)
  return Buffer.from(writer.fingerprint().finish())
}

function attributesOf(bytes: Buffer): [number, Buffer][] {
  const found: [number, Buffer][] = []
  for (let at = 20; at < bytes.length; at += 4 + ((bytes.readUInt16BE(at + 2) + 3) & ~3))
    found.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2))])
  return found
}

test('a message is known by its cookie, its first bits and its length', () => {
  const good = raw(ALLOCATE, [A.REQUESTED_TRANSPORT, '11000000'])
  expect(decode(good)).toMatchObject({ method: METHODS.ALLOCATE, class: CLASSES.REQUEST, length: 28 })
  const change = (at: number, value: number) => decode(Buffer.from(good).fill(value, at, at + 1))
  for (const at of [4, 5, 6, 7]) expect(change(at, 0x99)).toBeNull()
  expect(change(0, 0x40)).toBeNull()
  expect(change(0, 0x80)).toBeNull()
  expect(change(0, 0xc0)).toBeNull()
  // The length field: less than there is, more than there is, not a multiple of four.
  for (const length of [0, 4, 12, 7, 9]) expect(change(3, length)).toBeNull()
  expect(change(2, 1)).toBeNull()
})

test.each([0, 1, 3, 4, 19])('%d bytes are no message', (length) => {
  expect(decodeMessage(raw(ALLOCATE), 0, length)).toBeNull()
})

test('a datagram that is longer than its message is none', () => {
  const bytes = Buffer.concat([raw(ALLOCATE), Buffer.alloc(4)])
  expect(decode(bytes)).toBeNull()
  expect(decodeMessage(bytes, 0, 20)).not.toBeNull()
})

test('what would lie outside of the buffer is no message', () => {
  const bytes = raw(ALLOCATE)
  for (const [start, length] of [
    [-1, 20],
    [1, 20],
    [20, 20],
    [0, 24],
    [0, -4],
  ] as const)
    expect(decodeMessage(bytes, start, length)).toBeNull()
  // A header that says it goes on: nothing is there, which must not read as zeros.
  bytes.writeUInt16BE(8, 2)
  expect(decodeMessage(bytes, 0, 28)).toBeNull()
})

test.each([
  ['a value that is gone', [A.REALM, '61'], 4],
  ['a value that is cut', [A.REALM, '0102030405060708'], 4],
  ['padding that is cut', [A.REALM, '0102030405'], 4],
  ['a length past the end', [A.REALM, '01020304', 5], 0],
  ['the longest length', [A.REALM, '01020304', 0xffff], 0],
] as const)('an attribute that reaches past the end makes it none: %s', (_, attribute, missing) => {
  const whole = raw(ALLOCATE, LIFETIME, attribute)
  const length = whole.length - missing
  whole.writeUInt16BE(length - 20, 2)
  // What it reaches for is there, but is not the message's.
  expect(decodeMessage(Buffer.concat([whole, Buffer.alloc(70_000)]), 0, length)).toBeNull()
})

test('method and class come out of the type as the standard weaves them', () => {
  for (const [type, method, messageClass] of [
    [0x0001, METHODS.BINDING, CLASSES.REQUEST],
    [0x0011, METHODS.BINDING, CLASSES.INDICATION],
    [0x0101, METHODS.BINDING, CLASSES.SUCCESS],
    [0x0111, METHODS.BINDING, CLASSES.ERROR],
    [0x0016, METHODS.SEND, CLASSES.INDICATION],
    [0x0113, METHODS.ALLOCATE, CLASSES.ERROR],
    [0x000c, METHODS.CONNECTION_ATTEMPT, CLASSES.REQUEST],
    [0x02ef, 0x0ff, CLASSES.REQUEST],
    [0x3fff, 0xfff, CLASSES.ERROR],
  ] as const)
    expect(decode(raw(type))).toMatchObject({ method, class: messageClass })
})

test('the transaction id is a copy, and a key', () => {
  const bytes = raw(ALLOCATE)
  const found = decode(bytes)!
  const id = found.transactionId
  expect(Buffer.from(id).equals(ID)).toBe(true)
  expect(Buffer.from(found.transactionKey, 'latin1').equals(ID)).toBe(true)
  bytes.fill(0, 8)
  expect(Buffer.from(id).equals(ID)).toBe(true)
})

test('one object reads one message after the other', () => {
  const one = new Message()
  const first = raw(ALLOCATE, [A.LIFETIME, '00000258'], [A.MESSAGE_INTEGRITY, '00'.repeat(20)])
  expect(one.decode(first, 0, first.length)).toBe(true)
  expect([one.lifetime, one.hasIntegrity, one.transactionKey.length]).toEqual([600, true, 12])
  const second = raw(0x0016)
  second.fill(7, 8)
  expect(one.decode(second, 0, second.length)).toBe(true)
  expect([one.lifetime, one.hasIntegrity, one.method]).toEqual([null, false, METHODS.SEND])
  expect(one.transactionKey).toBe('\x07'.repeat(12))
  expect(one.decode(second, 0, 12)).toBe(false)
  expect(one.find(A.LIFETIME)).toBe(-1)
})

test('of attributes that come twice the first one counts', () => {
  const found = message([A.LIFETIME, '00000001'], [A.LIFETIME, '00000002'], [A.REALM, '61'], [A.REALM, '62'])
  expect([found.lifetime, found.text(A.REALM)]).toEqual([1, 'a'])
})

test('padding is skipped, whatever is in it', () => {
  const bytes = raw(ALLOCATE, [A.USERNAME, '61'], [A.LIFETIME, '00000007'])
  bytes.fill(0xee, 25, 28)
  expect(decode(bytes)!.lifetime).toBe(7)
  expect(decode(bytes)!.text(A.USERNAME)).toBe('a')
})

const PEER: RawAttribute = [A.XOR_PEER_ADDRESS, '0001a147e112a643']
const MI: RawAttribute = [A.MESSAGE_INTEGRITY, '11'.repeat(20)]
const MI256: RawAttribute = [A.MESSAGE_INTEGRITY_SHA256, '22'.repeat(32)]

test('nothing behind MESSAGE-INTEGRITY is believed, however it is asked for', () => {
  for (const protection of [MI, MI256]) {
    const found = message([A.USERNAME, '61'], protection, LIFETIME, PEER, [0x7abc, ''], [A.USERNAME, '62'])
    expect(found.text(A.USERNAME)).toBe('a')
    expect(found.lifetime).toBeNull()
    expect(found.has(A.XOR_PEER_ADDRESS)).toBe(false)
    expect(found.xorPeers).toEqual([])
    expect(found.xorPeer).toBeNull()
    expect(found.peerKey).toBeNull()
    expect(found.unknownRequired(new Set([A.USERNAME]))).toEqual([])
    expect(found.hasIntegrity).toBe(true)
  }
})

test('behind MESSAGE-INTEGRITY its SHA-256 sister counts, behind that only the fingerprint', () => {
  const both = message(MI, LIFETIME, MI256)
  expect([both.integrityAt, both.integritySha256At]).toEqual([20, 20 + 24 + 8])
  expect(both.lifetime).toBeNull()
  const turned = message(MI256, MI)
  expect([turned.integrityAt, turned.integritySha256At]).toEqual([-1, 20])
  const twice = message(MI, [A.MESSAGE_INTEGRITY, '33'.repeat(20)])
  expect(twice.integrityAt).toBe(20)
})

test('MESSAGE-INTEGRITY itself is no attribute to be found', () => {
  const found = message(MI, MI256)
  expect(found.find(A.MESSAGE_INTEGRITY)).toBe(-1)
  expect(found.find(A.MESSAGE_INTEGRITY_SHA256)).toBe(-1)
})

test('a fingerprint that is there must be right', () => {
  const bytes = fingerprinted(raw(ALLOCATE, LIFETIME))
  expect(decode(bytes)).toMatchObject({ hasFingerprint: true, lifetime: 1800 })
  for (const at of [8, 25, bytes.length - 1]) {
    const altered = Buffer.from(bytes)
    altered[at]! ^= 1
    expect(decode(altered)).toBeNull()
  }
  expect(decode(raw(ALLOCATE, [A.FINGERPRINT, '0000']))).toBeNull()
  expect(decode(raw(ALLOCATE, [A.FINGERPRINT, '0000000000000000']))).toBeNull()
})

test('nothing behind the fingerprint is believed', () => {
  const bytes = fingerprinted(raw(ALLOCATE, [A.USERNAME, '61']))
  const attribute = raw(ALLOCATE, LIFETIME, MI, MI256, [A.FINGERPRINT, '00000000']).subarray(20)
  const longer = Buffer.concat([bytes, attribute])
  longer.writeUInt16BE(longer.length - 20, 2)
  const found = decode(longer)!
  expect(found).toMatchObject({ hasFingerprint: true, hasIntegrity: false, lifetime: null })
  expect(found.text(A.USERNAME)).toBe('a')
})

test('values of the wrong length are malformed', () => {
  const wrong = (type: number, ...lengths: number[]): Message[] =>
    lengths.map((length) => message([type, '00'.repeat(length)]))
  for (const found of wrong(A.LIFETIME, 0, 2, 3, 5, 8)) expect(found.lifetime).toBe('malformed')
  for (const found of wrong(A.REQUESTED_TRANSPORT, 0, 1, 3, 5))
    expect(found.requestedTransport).toBe('malformed')
  for (const found of wrong(A.REQUESTED_ADDRESS_FAMILY, 0, 1, 8))
    expect(found.requestedFamily).toBe('malformed')
  for (const found of wrong(A.ADDITIONAL_ADDRESS_FAMILY, 0, 1, 8))
    expect(found.additionalFamily).toBe('malformed')
  for (const found of wrong(A.CHANNEL_NUMBER, 0, 2, 5)) expect(found.channelNumber).toBe('malformed')
  for (const found of wrong(A.EVEN_PORT, 0, 2, 4)) expect(found.evenPort).toBe('malformed')
  for (const found of wrong(A.RESERVATION_TOKEN, 0, 4, 7, 9, 16))
    expect(found.reservationToken).toBe('malformed')
  for (const found of wrong(A.CONNECTION_ID, 0, 3, 5)) expect(found.connectionId).toBe('malformed')
  for (const found of wrong(A.XOR_PEER_ADDRESS, 0, 4, 7, 9, 12, 19, 21, 24)) {
    expect(found.xorPeer).toBe('malformed')
    expect(found.xorPeers).toBe('malformed')
    expect(found.peerKey).toBeNull()
  }
  for (const found of wrong(A.ERROR_CODE, 0, 3)) expect(found.errorCode).toBe('malformed')
  for (const found of wrong(A.UNKNOWN_ATTRIBUTES, 1, 3)) expect(found.unknownAttributes).toBe('malformed')
  for (const found of wrong(A.CHANGE_REQUEST, 0, 8)) expect(found.changeRequest).toBe('malformed')
  for (const found of wrong(A.RESPONSE_PORT, 0, 2)) expect(found.responsePort).toBe('malformed')
})

test('what is not there is null', () => {
  const found = message()
  expect([
    found.lifetime,
    found.requestedTransport,
    found.requestedFamily,
    found.additionalFamily,
    found.channelNumber,
    found.evenPort,
    found.reservationToken,
    found.connectionId,
    found.xorPeer,
    found.peerKey,
    found.xorMapped,
    found.errorCode,
    found.unknownAttributes,
    found.changeRequest,
    found.responsePort,
    found.value(A.DATA),
    found.text(A.USERNAME),
  ]).toEqual(Array(17).fill(null))
  expect(found.xorPeers).toEqual([])
  expect(found.dontFragment).toBe(false)
})

test('values of TURN are read', () => {
  const found = message(
    LIFETIME,
    [A.REQUESTED_TRANSPORT, '11ffffff'],
    [A.REQUESTED_ADDRESS_FAMILY, '03000000'],
    [A.ADDITIONAL_ADDRESS_FAMILY, '02000000'],
    [A.CHANNEL_NUMBER, '40010000'],
    [A.EVEN_PORT, '80'],
    [A.RESERVATION_TOKEN, '0102030405060708'],
    [A.CONNECTION_ID, 'fffefdfc'],
    [A.DONT_FRAGMENT],
    [A.DATA, ''],
  )
  expect(found.lifetime).toBe(1800)
  expect(found.requestedTransport).toBe(17)
  expect(found.requestedFamily).toBe(3)
  expect(found.additionalFamily).toBe(2)
  expect(found.channelNumber).toBe(0x4001)
  expect(found.evenPort).toBe(true)
  expect(message([A.EVEN_PORT, '7f']).evenPort).toBe(false)
  expect(found.reservationToken).toBe('0102030405060708')
  expect(found.connectionId).toBe(0xfffefdfc)
  expect(found.dontFragment).toBe(true)
  expect(found.value(A.DATA)).toHaveLength(0)
})

test('values of answers and of behaviour discovery are read', () => {
  expect(message([A.ERROR_CODE, '00000401556e'], [A.CHANGE_REQUEST, '00000006']).errorCode).toEqual({
    code: 401,
    reason: 'Un',
  })
  for (const value of ['00000200', '00000700', '00000464'])
    expect(message([A.ERROR_CODE, value]).errorCode).toBe('malformed')
  expect(message([A.ADDRESS_ERROR_CODE, '02000428']).errorValue(A.ADDRESS_ERROR_CODE)).toEqual({
    code: 440,
    reason: '',
  })
  expect(message([A.UNKNOWN_ATTRIBUTES, '7abc0019']).unknownAttributes).toEqual([0x7abc, 0x0019])
  expect(message([A.CHANGE_REQUEST, '00000002']).changeRequest).toEqual({ address: false, port: true })
  expect(message([A.CHANGE_REQUEST, '00000004']).changeRequest).toEqual({ address: true, port: false })
  expect(message([A.RESPONSE_PORT, '0d960000']).responsePort).toBe(3478)
})

test('addresses of both families, XORed and plain', () => {
  const v4 = message(PEER).xorPeer as Address
  expect(String(v4)).toBe('192.0.2.1:32853')
  const writer = new MessageWriter().begin(METHODS.ALLOCATE, CLASSES.SUCCESS, ID)
  const addresses = ['192.0.2.1', '2001:db8::1', '::', '255.255.255.255'].map((host, i) =>
    Address.parse(host, i * 21_845)!,
  )
  const types = [
    A.XOR_PEER_ADDRESS,
    A.XOR_RELAYED_ADDRESS,
    A.XOR_MAPPED_ADDRESS,
    A.MAPPED_ADDRESS,
    A.ALTERNATE_SERVER,
    A.OTHER_ADDRESS,
    A.RESPONSE_ORIGIN,
  ]
  for (const type of types) for (const address of addresses) writer.address(type, address)
  const found = decode(writer.finish())!
  for (const type of types)
    expect((found.addresses(type) as Address[]).map(String)).toEqual(addresses.map(String))
  expect(found.peerKey).toBe(addresses[0]!.key)
  // Plain ones show themselves, XORed ones do not: some translators rewrite what looks like an address.
  expect(Buffer.from(found.value(A.MAPPED_ADDRESS)!).toString('hex')).toBe('00010000c0000201')
  expect(Buffer.from(found.value(A.XOR_MAPPED_ADDRESS)!).toString('hex')).toBe('00012112e112a643')
})

test('an address of an unknown family, or of a length that is not its family’s, is malformed', () => {
  expect(message([A.XOR_PEER_ADDRESS, '0003a147e112a643']).xorPeer).toBe('malformed')
  expect(message([A.XOR_PEER_ADDRESS, '0002a147e112a643']).xorPeer).toBe('malformed')
  expect(message([A.XOR_PEER_ADDRESS, '0001a147'.padEnd(40, '0')]).xorPeer).toBe('malformed')
  expect(message(PEER, [A.XOR_PEER_ADDRESS, '0003a147e112a643']).xorPeers).toBe('malformed')
})

test('the key of a peer is that of its address, of both families', () => {
  for (const host of ['10.1.2.3', '2001:db8::5', '::ffff:0:1.2.3.4']) {
    const peer = Address.parse(host, 5000)!
    const bytes = new MessageWriter()
      .begin(METHODS.SEND, CLASSES.INDICATION, ID)
      .address(A.XOR_PEER_ADDRESS, peer)
      .finish()
    expect(decode(bytes)!.peerKey).toBe(peer.key)
  }
})

test('texts are data: control characters stay, what is not UTF-8 is none', () => {
  const text = (value: string | Uint8Array): string | null => message([A.USERNAME, value]).text(A.USERNAME)
  expect(text(Buffer.from('a\0b\r\n\x1b[2J"\u202e'))).toBe('a\0b\r\n\x1b[2J"\u202e')
  expect(text(Buffer.from('\ufeffbom'))).toBe('\ufeffbom')
  expect(text(Buffer.from('__proto__'))).toBe('__proto__')
  expect(text('')).toBe('')
  for (const value of ['ff', 'c080', 'eda080', 'f8888080', '61c3']) expect(text(value)).toBeNull()
  expect(message([A.USERNAME, 'ff']).has(A.USERNAME)).toBe(true)
  expect(text(Buffer.alloc(65_000, 'x'))).toHaveLength(65_000)
})

test('unknown attributes that must be understood are named, each once, and not without end', () => {
  const known = new Set<number>([A.LIFETIME])
  expect(message(LIFETIME, [0x8022, '61'], [0xffff]).unknownRequired(known)).toEqual([])
  expect(message([0x7fff], LIFETIME, [0x0002, 'aa'], [0x7fff]).unknownRequired(known)).toEqual([
    0x7fff, 0x0002,
  ])
  const many = Array.from({ length: 3000 }, (_, i): RawAttribute => [0x1000 + i])
  expect(message(...many).unknownRequired(known)).toHaveLength(32)
})

test('the longest message is read', () => {
  const bytes = raw(0x0016, PEER, [A.DATA, Buffer.alloc(65_500, 9)])
  expect(decode(bytes)!.value(A.DATA)).toHaveLength(65_500)
})
