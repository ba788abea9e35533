import { describe, expect, test } from 'bun:test'
import { nameAttributes, nameText, readNameText } from '../../../server/lib/distinguished-name.ts'
import { element, objectId, sequence, setOf, utf8 } from '../../../server/tls/der.ts'

const nameOf = (...attributes: readonly (readonly [id: string, value: Uint8Array])[]): Buffer =>
  sequence(...attributes.map(([id, value]) => setOf(sequence(objectId(id), value))))
const C = '2.5.4.6'
const O = '2.5.4.10'
const CN = '2.5.4.3'

describe('a name of a certificate', () => {
  test('is written with the nearest first, as RFC 4514 has it', () => {
    const name = nameOf([C, utf8('DE')], [O, utf8('Acme')], [CN, utf8('alice')])
    expect(nameText(name)).toBe('CN=alice,O=Acme,C=DE')
    expect(nameAttributes(name).map(({ type }) => type)).toEqual(['C', 'O', 'CN'])
  })

  test.each([
    ['a, b', 'a\\, b'],
    [' #a ', '\\ #a\\ '],
    ['#a', '\\#a'],
    ['a\r\nX-Evil: 1', 'a\\0D\\0AX-Evil: 1'],
    ['Zoë', 'Zo\\C3\\AB'],
    ['a\0b', 'a\\00b'],
    ['a\\b"+<>;', 'a\\\\b\\"\\+\\<\\>\\;'],
  ])('with %j in it is one line of ASCII, and reads back as it was', (value, written) => {
    expect(nameText(nameOf([CN, utf8(value)]))).toBe(`CN=${written}`)
    if (!value.startsWith(' ')) expect(readNameText(`CN=${written}`)).toEqual([{ type: 'CN', value }])
  })

  test('is read in other kinds of text, and with attributes that have no name here', () => {
    const bmp = element(0x1e, Buffer.from('Zoë', 'utf16le').swap16())
    expect(nameText(nameOf([CN, bmp], ['1.2.3.4', utf8('x')]))).toBe('1.2.3.4=x,CN=Zo\\C3\\AB')
  })
})

test.each([
  [
    'CN=alice, O=Acme',
    [
      ['CN', 'alice'],
      ['O', 'Acme'],
    ],
  ],
  [
    'o = Acme Inc.,cn=alice',
    [
      ['O', 'Acme Inc.'],
      ['CN', 'alice'],
    ],
  ],
  ['CN=a\\,b', [['CN', 'a,b']]],
  [
    'CN=a\\\\,O=b',
    [
      ['CN', 'a\\'],
      ['O', 'b'],
    ],
  ],
  ['1.2.3=x', [['1.2.3', 'x']]],
])('%j is written for a name', (text, expected) => {
  expect(readNameText(text)?.map(({ type, value }) => [type, value])).toEqual(expected)
})

test.each(['', 'alice', 'CN=', '=x', 'CN=a,,O=b', 'CN=a,', '/CN=a', 'CN=a\\'])('%j is no name', (text) => {
  expect(readNameText(text)).toBeNull()
})
