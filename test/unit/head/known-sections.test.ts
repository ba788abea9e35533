import { expect, test } from 'bun:test'
import { FIELD_INTS, Fields, SCAN } from '../../../server/head/fields.ts'
import { KnownSections } from '../../../server/head/known-sections.ts'
import { type Random, seedOfRun, seededRandom } from '../../support/random.ts'

/** All that a scan tells, as if the section began at 0. */
function told(fields: Fields, result: number, from: number): object {
  if (result < 0) return { result }
  const { count, seen, hidden } = fields
  const names = Array.from({ length: count }, (_, f) => [fields.name(f), fields.value(f)])
  const places = [...fields.at.slice(0, count * FIELD_INTS)].map((place, i) =>
    i % FIELD_INTS === FIELD_INTS - 1 ? place : place - from,
  )
  const ends = Array.from({ length: count }, (_, f) => fields.lineEnd(f) - from)
  const [start, end] = [fields.start - from, fields.end - from]
  return { result: result - from, count, seen, hidden, names, places, ends, start, end }
}

const PARTS = ['Host: h\r\n', 'A: b\r\n', 'A:  b \t\r\n', 'X_Y: 1\r\n', 'Te: trailers\r\n', 'Cookie: c=1\r\n']
const ODD = ['A : b\r\n', ' c\r\n', 'A: b\n', '\r', 'A', 'A: \x01\r\n']

function section(random: Random): string {
  const parts = Array.from({ length: random.below(7) }, () => PARTS[random.below(PARTS.length)])
  if (random.below(4) === 0) parts.push(ODD[random.below(ODD.length)])
  if (random.below(6) === 0) parts.push('A: b\r\n'.repeat(40)) // more than a table has room for at first
  return `${parts.join('')}${random.below(8) === 0 ? '' : '\r\n'}`
}

test('a section that comes again is read as if it came first', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const usual = Array.from({ length: 12 }, () => section(random))
  const known = new KnownSections()
  const connections = Array.from({ length: 4 }, () => new Fields())
  for (let round = 0; round < 6000; round++) {
    const text = random.below(3) === 0 ? section(random) : usual[random.below(usual.length)]
    const before = 'x'.repeat(random.below(3) * 7)
    const bytes = Buffer.from(`${before}${text}${random.below(2) === 0 ? '' : 'GET / HTTP/1.1\r\nA: b\r\n'}`)
    const to = random.below(9) === 0 ? bytes.length - random.below(3) : bytes.length
    const most = random.below(9) === 0 ? random.below(5) : 100
    const first = new Fields()
    const wanted = told(first, first.scan(bytes, before.length, to, most), before.length)
    const again = connections[random.below(connections.length)] as Fields
    const found = again.scanAgain(known, bytes, before.length, to, most)
    expect({ seed, round, ...told(again, found, before.length) }).toEqual({ seed, round, ...wanted })
    bytes.fill(0xdd) // it was only lent
    if (random.below(2) === 0) again.release()
  }
})

test('a section that is known is not read where a byte of it differs, whichever', () => {
  const text = 'Host: example.org\r\nUser-Agent: a browser\r\nAccept: */*\r\n\r\n'
  const fields = new Fields()
  const known = new KnownSections()
  const scan = (bytes: Buffer): number => fields.scanAgain(known, bytes, 0, bytes.length, 100)
  for (let n = 0; n < 4; n++) expect(scan(Buffer.from(text))).toBe(text.length)
  for (let at = 0; at < text.length; at++) {
    const other = Buffer.from(text)
    other[at] = 1 // which no place of a section may hold
    expect([at, scan(other)]).toEqual([at, SCAN.malformed])
    expect(scan(Buffer.from(text))).toBe(text.length)
  }
})
