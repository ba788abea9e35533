import { describe, expect, test } from 'bun:test'
import { Edits, fieldValue, fieldValues } from '../../../server/head/edits.ts'
import { FIELD_INTS, Fields, SCAN } from '../../../server/head/fields.ts'
import { KNOWN, knownField, knownName } from '../../../server/head/known-fields.ts'
import { placed } from './heads.ts'

function scan(text: string, fields = new Fields()): number {
  const { bytes, from, to } = placed(text)
  const end = fields.scan(bytes, from, to, 100)
  return end < 0 ? end : end - from
}

function scanned(text: string): Fields {
  const fields = new Fields()
  expect(scan(text, fields)).toBe(text.length)
  return fields
}

const pairs = (fields: Fields): string[][] =>
  Array.from({ length: fields.count }, (_, f) => [fields.name(f), fields.value(f)])

test('names and values are found as they are, values without white space around them', () => {
  const fields = scanned('A:1\r\nB: \t2 3\t \r\nC:\r\nD: \t \r\nE:: "x"\xe4\xff\r\n\r\n')
  expect(pairs(fields)).toEqual([
    ['A', '1'],
    ['B', '2 3'],
    ['C', ''],
    ['D', ''],
    ['E', ': "x"\xe4\xff'],
  ])
})

test('no field at all is a head too', () => expect(scanned('\r\n').count).toBe(0))

test('lines follow each other without a gap', () => {
  const text = 'A: 1\r\nBB: 2\r\nC: 3\r\n\r\n'
  const fields = scanned(text)
  const lines = [0, 1, 2].map((f) => fields.bytes.latin1Slice(fields.at[f * FIELD_INTS], fields.lineEnd(f)))
  expect(lines.join('')).toBe(text.slice(0, -2))
  expect(fields.end - fields.start).toBe(text.length - 2)
})

test('fields are found by number and by name in any case', () => {
  const fields = scanned('X-A: 1\r\nhOsT: h\r\nCONNECTION: a\r\nconnection: b\r\n\r\n')
  expect([fields.find(KNOWN.host), fields.find(KNOWN.connection), fields.find(KNOWN.te)]).toEqual([1, 2, -1])
  expect([fields.has(KNOWN.host), fields.has(KNOWN.te)]).toEqual([true, false])
  expect(fields.isNamed(0, Buffer.from('x-a'))).toBe(true)
  expect(fields.isNamed(0, Buffer.from('x-b'))).toBe(false)
})

describe('every byte of a name and a value', () => {
  const tchar = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    const inName = tchar.test(char)
    const inValue = (code >= 32 && code !== 127) || code === 9
    test(`0x${code.toString(16)}`, () => {
      // A colon ends the name: the line is well-formed, with another name.
      if (code !== 58) expect(scan(`X${char}Y: 1\r\n\r\n`) > 0).toBe(inName)
      expect(scan(`X: 1${char}2\r\n\r\n`) > 0).toBe(inValue)
    })
  }
})

test('every known name has its number, in any case; its neighbours have none', () => {
  const names = Object.entries(KNOWN)
    .filter(([key]) => !['other', 'underscore', 'disguised', 'xForwardedOther'].includes(key))
    .map(
      ([key, id]) =>
        [key.replace(/[A-Z]|(?<=http)2/g, (c) => (c === '2' ? '2' : `-${c.toLowerCase()}`)), id] as const,
    )
  for (const [name, id] of names) {
    const numberOf = (text: string): number => knownField(Buffer.from(text), 0, text.length)
    expect([name, numberOf(name), numberOf(name.toUpperCase()), knownName(name)]).toEqual([name, id, id, id])
    expect(numberOf(`${name}x`)).not.toBe(id)
    expect(numberOf(name.slice(1))).not.toBe(id)
    for (let i = 0; i < name.length; i++) {
      const other = `${name.slice(0, i)}${name[i] === '!' ? '#' : '!'}${name.slice(i + 1)}`
      const wanted = other.startsWith('x-forwarded-') ? KNOWN.xForwardedOther : KNOWN.other
      expect([other, numberOf(other)]).toEqual([other, wanted])
    }
  }
})

test('folding a name onto lower case folds no other character of a name onto it', () => {
  const tchars = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((char) =>
    /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(char),
  )
  for (const [name, id] of [
    ['te', KNOWN.te],
    ['via', KNOWN.via],
    ['x-real-ip', KNOWN.xRealIp],
    ['http2-settings', KNOWN.http2Settings],
  ] as const)
    for (let i = 0; i < name.length; i++)
      for (const char of tchars) {
        const text = name.slice(0, i) + char + name.slice(i + 1)
        const isSame = text.toLowerCase() === name
        expect([text, knownField(Buffer.from(text, 'latin1'), 0, text.length) === id]).toEqual([text, isSame])
      }
})

test('whatever else begins as what proxies say is known as such', () => {
  const numberOf = (text: string): number => knownField(Buffer.from(text), 0, text.length)
  for (const name of [
    'X-Forwarded-User',
    'x-forwarded-client-certificate',
    'x-forwarded-x',
    'X-FORWARDED-SSL',
  ])
    expect([name, numberOf(name)]).toEqual([name, KNOWN.xForwardedOther])
  for (const name of ['x-forwarded-', 'x-forwarded', 'y-forwarded-user', 'xx-forwarded-user'])
    expect([name, numberOf(name)]).toEqual([name, KNOWN.other])
})

test('a name with an underscore is no known one, and one that some take for a known one is told apart', () => {
  const number = (name: string): number => scanned(`${name}: 4\r\n\r\n`).at[4] as number
  for (const name of [
    'Content_Length',
    'X_Forwarded_For',
    'x-Forwarded_for',
    'X_REAL_IP',
    'x_forwarded_user',
    'TRANSFER_ENCODING',
  ])
    expect([name, number(name)]).toEqual([name, KNOWN.disguised])
  for (const name of ['x_a', '_', 'x_forwarded', '_content-length'])
    expect([name, number(name)]).toEqual([name, KNOWN.underscore])
})

test('what is hidden reads as if it had not come', () => {
  const fields = scanned('X-Forwarded-For: a\r\nX-A: b\r\nX-Forwarded-For: c\r\n\r\n')
  expect([fieldValue(fields, null, 'x-forwarded-for'), fieldValues(fields, 'x-forwarded-for')]).toEqual([
    'a',
    ['a', 'c'],
  ])
  fields.hidden = 1 << KNOWN.xForwardedFor
  expect([fieldValue(fields, null, 'x-forwarded-for'), fieldValues(fields, 'x-forwarded-for')]).toEqual([
    null,
    [],
  ])
  expect(fieldValue(fields, null, 'x-a')).toBe('b')
  const edits = new Edits()
  edits.set('X-Forwarded-For', 'mine')
  expect(fieldValue(fields, edits, 'x-forwarded-for')).toBe('mine')
  // The next head on the connection is looked at anew.
  scan('X-Forwarded-For: d\r\n\r\n', fields)
  expect(fieldValue(fields, null, 'x-forwarded-for')).toBe('d')
})

test('of a good section every beginning is incomplete', () => {
  const text = 'A: 1\r\nB:\r\n\r\n'
  for (let cut = 0; cut < text.length; cut++) expect(scan(text.slice(0, cut))).toBe(SCAN.incomplete)
})

test('a head of many fields grows its table and keeps what is in it', () => {
  const names = Array.from({ length: 100 }, (_, i) => `X-${i}`)
  const fields = scanned(`${names.map((name) => `${name}: v${name}\r\n`).join('')}\r\n`)
  expect(pairs(fields)).toEqual(names.map((name) => [name, `v${name}`]))
})

test('a table is never lent twice', () => {
  const first = scanned('A: 1\r\n\r\n')
  first.release()
  first.release()
  const [one, two] = [scanned('B: 1\r\n\r\n'), scanned('C: 1\r\n\r\n')]
  expect(one.at).not.toBe(two.at)
  expect([one.name(0), two.name(0)]).toEqual(['B', 'C'])
})
