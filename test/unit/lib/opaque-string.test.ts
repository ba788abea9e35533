import { expect, test } from 'bun:test'
import { opaqueString } from '../../../server/lib/opaque-string.ts'

test('ASCII stays as it is', () => {
  const ascii = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i))
  expect(opaqueString(ascii)).toBe(ascii)
})

test('spellings of one text become one', () => {
  // RFC 8265 §4.3, examples 12 to 17.
  expect(opaqueString('correct horse battery staple')).toBe('correct horse battery staple')
  expect(opaqueString('Correct Horse Battery Staple')).toBe('Correct Horse Battery Staple')
  expect(opaqueString('\u03c0\u00df\u00e5')).toBe('\u03c0\u00df\u00e5')
  expect(opaqueString('Jack of \u2666s')).toBe('Jack of \u2666s')
  expect(opaqueString('foo\u1680bar')).toBe('foo bar')
  expect(opaqueString('e\u0301')).toBe('\u00e9')
  // No case folding, no folding of width or compatibility.
  expect(opaqueString('\uff21\u2168')).toBe('\uff21\u2168')
})

test('what cannot be seen or typed is refused', () => {
  // Examples 18 and 19, and others.
  for (const text of [
    '',
    'my cat is a \u0009by',
    '\0',
    'a\nb',
    '\x7f',
    '\u0085',
    'a\u00adb',
    '\u200b',
    '\u202e',
    '\ufeffa',
    '\u2028',
  ])
    expect(opaqueString(text)).toBeNull()
  for (const text of ['\ue000', '\ud800', '\uffff', '\u0378', '\u1100', '\ua960', '\ud7b0', '\u{e0001}'])
    expect(opaqueString(text)).toBeNull()
})
