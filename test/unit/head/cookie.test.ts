import { expect, test } from 'bun:test'
import { CookieSearch, cookiesIn, endsCookie, withoutCookie } from '../../../server/head/cookie.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

/** All values of a name that the search finds among other bytes. */
function found(field: string, name: string): string[] {
  const bytes = Buffer.from(`${name}=before\r\n${field}\r\n${name}=behind`, 'latin1')
  const from = name.length + 9
  const to = from + field.length
  const search = new CookieSearch(name)
  const values: string[] = []
  for (let at = search.next(bytes, from, to); at !== -1; at = search.next(bytes, from, to, at)) {
    let end = at
    while (!endsCookie(bytes, end, to)) end++
    values.push(bytes.latin1Slice(at, end))
  }
  return values
}

test('the search in bytes finds what is found in text, in fields of chance', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const pieces = [
    'a',
    'ab',
    '=',
    ';',
    ' ',
    '\t',
    '; ',
    'ab=',
    ';ab=',
    'ab=ab=',
    'aab=',
    '"',
    'é',
    'x'.repeat(20),
  ]
  for (let run = 0; run < 20_000; run++) {
    const field = Array.from(
      { length: Math.floor(random.next() * 12) },
      () => pieces[Math.floor(random.next() * pieces.length)],
    ).join('')
    for (const name of ['ab', 'a'])
      expect({ seed, field, values: found(field, name) }).toEqual({
        seed,
        field,
        values: cookiesIn(field, name),
      })
  }
})

test('a cookie that is taken out leaves the others as they came', () => {
  for (const [field, left] of [
    ['ab=1', ''],
    ['ab=1; ab=2', ''],
    ['x=1; ab=2; y=3', 'x=1; y=3'],
    ['ab=2; x="1 2"', 'x="1 2"'],
    ['abc=1; xab=2;ab', 'abc=1; xab=2;ab'],
    ['x=ab=1', 'x=ab=1'],
  ] as const)
    expect(withoutCookie(field, 'ab')).toBe(left)
})
