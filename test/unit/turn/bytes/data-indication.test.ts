import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { DataIndications, dataIndicationHeader } from '../../../../server/turn/bytes/data-indication.ts'
import { decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { HEADROOM, TAILROOM } from '../../../../server/sockets/udp/udp-socket.ts'

const SEED = Buffer.from('0102030405060708090affff', 'hex')

test('a Data indication is written around the data, with room on both sides to spare', () => {
  const indications = new DataIndications(SEED)
  for (const host of ['192.0.2.1', '2001:db8::7'])
    for (const length of [0, 1, 2, 3, 4, 170]) {
      const peer = Address.parse(host, 4321)!
      const bytes = Buffer.alloc(HEADROOM + length + TAILROOM, 0xee)
      bytes.fill(0x41, HEADROOM, HEADROOM + length)
      const header = dataIndicationHeader(peer.family)
      const whole = indications.put(bytes, HEADROOM, length, peer)
      const start = HEADROOM - header
      const message = decodeMessage(bytes, start, whole)!
      expect([message.method, message.class]).toEqual([METHODS.DATA, CLASSES.INDICATION])
      expect(String(message.xorPeer)).toBe(String(peer))
      expect(Buffer.from(message.value(ATTRIBUTES.DATA)!).equals(Buffer.alloc(length, 0x41))).toBe(true)
      // Nothing before it, nothing behind its padding.
      expect(bytes.subarray(0, start).every((byte) => byte === 0xee)).toBe(true)
      expect(bytes.subarray(start + whole).every((byte) => byte === 0xee)).toBe(true)
    }
})

test('each has a transaction id of its own, and the seed is left alone', () => {
  const seed = Buffer.from(SEED)
  const indications = new DataIndications(seed)
  const peer = Address.parse('192.0.2.1', 1)!
  const ids = Array.from({ length: 600 }, () => {
    const bytes = Buffer.alloc(HEADROOM + TAILROOM)
    const whole = indications.put(bytes, HEADROOM, 0, peer)
    return decodeMessage(bytes, HEADROOM - dataIndicationHeader(4), whole)!.transactionKey
  })
  expect(new Set(ids).size).toBe(600)
  expect(Buffer.from(ids[0]!, 'latin1').toString('hex')).toBe('0102030405060708090b0000')
  expect(seed.equals(SEED)).toBe(true)
})
