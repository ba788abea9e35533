import { expect, test } from 'bun:test'
import { LINE, LINES, plainName } from '../../../server/admin/plain-text.ts'

test('words of any script are taken, marks of direction with them', () => {
  for (const text of ['', 'a <b>', 'Grüße', 'مرحبا\u200f!', 'שלום\u200e', '🜁 a\u200db'])
    expect([text, new RegExp(LINE).test(text), plainName(text)]).toEqual([text, true, text])
})

test('what is not seen, but makes a name look like another, is not taken', () => {
  for (const text of ['\u202Evil', 'a\u2066b', '\u001b[31mred', 'a\u0000', 'a\u009b2J'])
    expect([text, new RegExp(LINE).test(text), new RegExp(LINES).test(text)]).toEqual([text, false, false])
  expect(plainName('\u202Evil')).toBe('\uFFFDvil')
})

test('a line is one line; a message may be several', () => {
  for (const text of ['a\nb', 'a\r\nb', 'a\tb'])
    expect([text, new RegExp(LINE).test(text), new RegExp(LINES).test(text)]).toEqual([text, false, true])
})
