// The records of a server, looked at from outside: however they are cut, it is known whether the last one
// says that no more comes.
import { expect, test } from 'bun:test'
import { RecordWatch } from '../../../server/tls/record-watch.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'

const record = (type: number, length: number): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), Buffer.alloc(length, 0x17)])
const [HANDSHAKE, ALERT, DATA] = [0x16, 0x15, 0x17]
const END_13 = record(DATA, 19)
const END_12 = record(ALERT, 26)

/** Tells these bytes in pieces of so much; `brought`: what the last one brought decrypted. */
function watched(isSealed: boolean, bytes: Buffer, size: number, brought = 0): boolean {
  const watch = new RecordWatch()
  watch.isSealed = isSealed
  for (let at = 0; at < bytes.length; at += size) watch.came(bytes.subarray(at, at + size))
  watch.brought(brought)
  return watch.hasSaidEnd
}

test('the end that was said, in pieces of any size', () => {
  const before = Buffer.concat([record(HANDSHAKE, 700), record(DATA, 400), record(DATA, 16_401)])
  for (let size = 1; size < 64; size++) {
    expect(watched(true, Buffer.concat([before, END_13]), size)).toBe(true)
    expect(watched(false, Buffer.concat([before, END_12]), size)).toBe(true)
    expect(watched(true, before, size)).toBe(false)
    expect(watched(false, before, size)).toBe(false)
  }
})

test('a cut anywhere before the end of the last record', () => {
  for (const [isSealed, end] of [
    [true, END_13],
    [false, END_12],
  ] as const) {
    const bytes = Buffer.concat([record(DATA, 50), end])
    for (let to = 56; to < bytes.length; to++) {
      expect(watched(isSealed, bytes.subarray(0, to), 1000)).toBe(false)
      expect(watched(isSealed, bytes.subarray(0, to), 7)).toBe(false)
    }
  }
})

test('two bytes of data are as long as a sealed alert, and no end', () => {
  expect(watched(true, END_13, 1000, 2)).toBe(false)
  expect(watched(true, END_13, 1000, 0)).toBe(true)
  // Behind other data of the same piece: what came is more than that can have brought.
  const both = Buffer.concat([record(DATA, 117), END_13])
  expect(watched(true, both, 1000, 100)).toBe(true)
  expect(watched(true, both, 1000, 102)).toBe(false)
})

test('two bytes of data behind what brings none, as a ticket, are no end either', () => {
  const [ticket, head] = [record(DATA, 200), record(DATA, 117)]
  const cut = Buffer.concat([ticket, ticket, head, END_13])
  expect(watched(true, cut, 1000, 102)).toBe(false)
  expect(watched(true, cut, 1000, 100)).toBe(true)
})

/** What a server says by TLS 1.3, record by record; the last may be the alert. */
function someRecords(random: Random) {
  const records: { length: number; data: number }[] = []
  for (let left = random.below(6); left >= 0; left--) {
    const data = random.pick([1, 2, 3, 5, 100, 400])
    records.push(random.below(5) === 0 ? { length: 200, data: 0 } : { length: data + 17, data })
  }
  const isSaid = random.below(2) === 0
  if (isSaid) records.push({ length: 19, data: 0 })
  return { records, isSaid }
}

test('no cut is taken for an end, however it comes; nearly no end for a cut', () => {
  const seed = seedOfRun()
  let [ends, missed] = [0, 0]
  for (let run = 0; run < 3000; run++) {
    const random = seededRandom(seed + run)
    const { records, isSaid } = someRecords(random)
    const bytes = Buffer.concat(records.map(({ length }) => record(DATA, length)))
    const total = random.below(4) === 0 ? random.below(bytes.length) : bytes.length
    const watch = new RecordWatch()
    watch.isSealed = true
    let [at, next, endsAt] = [0, 0, 0]
    while (at < total) {
      const size = Math.min(total - at, 1 + random.below(random.pick([3, 30, 600])))
      watch.came(bytes.subarray(at, at + size))
      at += size
      for (; next < records.length && endsAt + 5 + records[next]!.length <= at; next++) {
        endsAt += 5 + records[next]!.length
        if (records[next]!.data > 0) watch.brought(records[next]!.data)
      }
    }
    const isEnd = isSaid && total === bytes.length
    if (isEnd) ends++
    if (isEnd && !watch.hasSaidEnd) missed++
    if (!isEnd && watch.hasSaidEnd) throw new Error(`SLUICE_SEED=${seed + run}: a cut is taken for an end`)
  }
  expect(missed).toBeLessThan(ends / 50)
})

test('what was not looked at ended with a record', () => {
  const watch = new RecordWatch()
  watch.isSealed = true
  watch.came(record(DATA, 90).subarray(0, 30))
  watch.skipped()
  watch.came(END_13)
  expect(watch.hasSaidEnd).toBe(true)
})
