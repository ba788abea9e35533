// What must hold for every datagram and stream that claims to be STUN: nothing throws, nothing is read
// outside of it, a second reader agrees, what is written is read as it was, and what nobody has signed is not
// seen. SLUICE_FUZZ_RUNS says how many inputs of each kind.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Address } from '../../server/lib/address.ts'
import { frameLength } from '../../server/turn/bytes/frames.ts'
import { hasIntegritySha1, hasIntegritySha256 } from '../../server/turn/bytes/integrity.ts'
import { Message, decodeMessage } from '../../server/turn/bytes/message.ts'
import { ATTRIBUTES, messageType } from '../../server/turn/bytes/stun.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'
import { KEY, someContent, someMessage, written } from './stun-generators.ts'
import { readStun } from './stun-reference.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 4000)
setDefaultTimeout(Math.max(300_000, RUNS * 5))

/**
 * Tries `check` on inputs of its own seeds; a failure names the seed and the input. Returns how many were
 * accepted.
 */
function fuzz(make: (random: Random) => Buffer, check: (bytes: Buffer, random: Random) => boolean): number {
  const seed = seedOfRun()
  let accepted = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(seed + run)
    const bytes = make(random)
    try {
      if (check(bytes, random)) accepted++
    } catch (problem) {
      throw new Error(
        `SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1, input ${bytes.toString('hex')}: ${String(problem)}`,
        { cause: problem },
      )
    }
  }
  return accepted
}

// ── everything that can be asked ──

const GETTERS = [Message.prototype, Object.getPrototypeOf(Message.prototype) as object].flatMap((prototype) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => name),
)
const TYPES = [...Object.values(ATTRIBUTES), 0x0000, 0x0002, 0x7fff, 0x8fff, 0xffff]
const KNOWN = new Set<number>(Object.values(ATTRIBUTES))

const shown = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : value instanceof Address
      ? String(value)
      : value

/** All that a message says, as one text: places are counted from its beginning. */
function said(message: Message | null): string {
  if (message === null) return 'none'
  const { start } = message
  const place = (at: number): number => (at < 0 ? at : at - start)
  const getters = GETTERS.map((name) => [name, (message as unknown as Record<string, unknown>)[name]])
  const types = TYPES.map((type) => {
    const at = message.find(type)
    return [
      type,
      place(at),
      at < 0 ? -1 : message.valueLength(at),
      message.has(type),
      message.value(type),
      message.text(type),
      message.u32(type),
      message.address(type),
      message.addresses(type),
      message.errorValue(type),
    ]
  })
  const protections = [message.integrityAt, message.integritySha256At, message.fingerprintAt].map(place)
  const checks = [
    hasIntegritySha1(message, KEY),
    hasIntegritySha256(message, KEY),
    message.unknownRequired(KNOWN),
  ]
  return JSON.stringify(
    [message.method, message.class, message.length, getters, types, protections, checks],
    shown,
  )
}

/** A message in the middle of other bytes. */
function within(bytes: Buffer, before: Buffer, after: Buffer): Message | null {
  const buffer = Buffer.concat([before, bytes, after])
  const copy = Buffer.from(buffer)
  const message = decodeMessage(buffer, before.length, bytes.length)
  const text = said(message)
  // Reading changes nothing.
  if (!buffer.equals(copy)) throw new Error(`bytes were changed by ${text}`)
  return message
}

test('there are getters to be tried', () => {
  expect(GETTERS).toContain('lifetime')
  expect(GETTERS).toContain('peerKey')
  expect(GETTERS.length).toBeGreaterThan(20)
})

test('messages are read as by the other reader, wherever they lie and whatever lies around them', () => {
  const reused = new Message()
  const accepted = fuzz(someMessage, (bytes, random) => {
    const wanted = readStun(bytes)
    const message = decodeMessage(bytes, 0, bytes.length)
    expect(message === null).toBe(wanted === null)
    const text = said(message)
    for (const [before, after] of [
      [Buffer.alloc(0), Buffer.alloc(40, 0xff)],
      [Buffer.from(random.bytes(7)), Buffer.from(random.bytes(70))],
      // What follows could be more of the same.
      [bytes, bytes.subarray(20)],
      [bytes.subarray(0, 20), Buffer.from('000d000400000708', 'hex')],
    ] as const)
      expect(said(within(bytes, before, after))).toBe(text)
    // One object for all of them, as where nothing is allocated.
    const isRead = reused.decode(bytes, 0, bytes.length)
    expect(isRead ? said(reused) : 'none').toBe(text)
    if (message === null || wanted === null) return false

    expect(messageType(message.method, message.class)).toBe(wanted.type)
    expect(Buffer.from(message.transactionId).equals(wanted.id)).toBe(true)
    for (const type of new Set([...TYPES, ...wanted.attributes.map((attribute) => attribute.type)])) {
      const first = wanted.attributes.find((attribute) => attribute.type === type)
      expect(message.find(type)).toBe(first ? first.at + 4 : -1)
      const value = message.value(type)
      expect(value && Buffer.from(value).toString('hex')).toBe(first?.value.toString('hex') ?? null)
    }
    expect([message.integrityAt, message.integritySha256At, message.fingerprintAt]).toEqual(
      [wanted.sha1, wanted.sha256, wanted.fingerprint].map((attribute) => attribute?.at ?? -1),
    )
    const unknown = wanted.attributes
      .map(({ type }) => type)
      .filter((type) => type < 0x8000 && !KNOWN.has(type))
    expect([...message.unknownRequired(KNOWN)]).toEqual([...new Set(unknown)].slice(0, 32))
    return true
  })
  if (RUNS >= 1000) expect(accepted / RUNS).toBeWithin(0.25, 0.75)
})

test('what is written is read as it was, signed and whole', () => {
  fuzz(
    () => Buffer.alloc(0),
    (_, random) => {
      const content = someContent(random)
      const bytes = written(content, random)
      const message = decodeMessage(bytes, 0, bytes.length)!
      expect([message.method, message.class]).toEqual([content.method, content.messageClass])
      expect(message.transactionId).toEqual(content.id)
      const read = readStun(bytes)!.attributes.map(({ type, value }) => [type, value.toString('hex')])
      expect(read).toEqual(
        content.attributes.map(([type, value]) => [type, Buffer.from(value).toString('hex')]),
      )
      for (const [type] of content.attributes) {
        const first = content.attributes.find((attribute) => attribute[0] === type)!
        expect(Buffer.from(message.value(type)!).equals(first[1])).toBe(true)
      }
      expect([
        hasIntegritySha1(message, KEY),
        hasIntegritySha256(message, KEY),
        message.hasFingerprint,
      ]).toEqual([content.hasSha1, content.hasSha256, content.hasFingerprint])
      return true
    },
  )
})

test('what comes behind the integrity is never seen, and what comes before it cannot be changed', () => {
  const accepted = fuzz(
    () => Buffer.alloc(0),
    (_, random) => {
      const content = { ...someContent(random), hasSha1: true, hasSha256: false, hasFingerprint: false }
      const bytes = written(content, random)
      const message = decodeMessage(bytes, 0, bytes.length)!
      const seen = said(within(bytes, Buffer.alloc(3), Buffer.alloc(3)))
      const signed = written({ ...content, late: [] }, random)
      expect(JSON.parse(said(decodeMessage(signed, 0, signed.length)))[4]).toEqual(JSON.parse(seen)[4])
      for (const [type] of content.late)
        expect(message.has(type)).toBe(content.attributes.some((attribute) => attribute[0] === type))
      // Any byte of what is signed, but the length, which says where the message ends.
      const end = message.integrityAt + 24
      const at = random.below(end)
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1 + random.below(255)
      const found = decodeMessage(altered, 0, altered.length)
      if (found === null) return false
      expect(hasIntegritySha1(found, KEY)).toBe(false)
      return true
    },
  )
  if (RUNS >= 1000) expect(accepted / RUNS).toBeGreaterThan(0.5)
})

test('frames of a stream are told apart by what is there, and more bytes never change a verdict', () => {
  const accepted = fuzz(someFrame, (bytes, random) => {
    const whole = frameLength(bytes, 0, bytes.length)
    expect(whole).toBeWithin(-1, 65_536)
    for (let there = 0; there <= bytes.length; there++) {
      const poisoned = Buffer.concat([random.bytes(3), bytes.subarray(0, there), random.bytes(12)])
      const found = frameLength(poisoned, 3, there)
      // Not known yet, or what it will be.
      if (found !== 0) expect(found).toBe(whole)
      if (found > 0) expect(found).toBeLessThanOrEqual(there)
      if (whole > 0) expect(found).toBe(there < whole ? 0 : whole)
    }
    return whole > 0
  })
  if (RUNS >= 1000) expect(accepted / RUNS).toBeWithin(0.25, 0.9)
})

function someFrame(random: Random): Buffer {
  if (random.below(2) === 0) return someMessage(random)
  const length = random.below(40)
  const header = Buffer.of(random.below(3) === 0 ? random.below(256) : 0x40, random.below(256), 0, length)
  return Buffer.concat([header, Buffer.from(random.bytes(random.below(60)))])
}
