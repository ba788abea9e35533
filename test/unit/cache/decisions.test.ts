// What a cache decides by words alone: directives, dates, freshness, storing, reuse, conditions, parts.
import { describe, expect, test } from 'bun:test'
import { Directives } from '../../../server/cache/directives.ts'
import { readDate, writeDate } from '../../../server/cache/http-date.ts'
import { isUnchanged, NO_CONDITIONS, partOf } from '../../../server/cache/preconditions.ts'
import { mayStandIn, reuse } from '../../../server/cache/reuse.ts'
import { storable } from '../../../server/cache/storable.ts'
import { type Field, freshened, type StoredHead } from '../../../server/cache/stored-head.ts'
import { initialAge, termsOf } from '../../../server/cache/terms.ts'

const NOW = Date.UTC(2026, 10, 30, 12)
const HOUR = 3_600_000
const RULES = {
  default_ttl: 0,
  heuristic: 10,
  stale_while_revalidate: 0,
  stale_if_error: 0,
  status_header: true,
  set_cookie: 'refuse' as const,
}
const head = (fields: readonly Field[], status = 200): StoredHead => ({ status, reason: 'OK', fields })
const control = (value: string): StoredHead => head([['Cache-Control', value]])
const said = (value: string): Directives => new Directives([value])
const terms = (fields: readonly Field[], status = 200, rules = RULES) =>
  termsOf(
    head(fields, status),
    new Directives(fields.filter(([name]) => name === 'Cache-Control').map(([, value]) => value)),
    NOW,
    rules,
  )

describe('directives', () => {
  test.each([
    ['max-age=60', 60_000],
    ['MAX-AGE=060', 60_000],
    ['public, max-age="60"', 60_000],
    ['a="x, max-age=5", max-age=60', 60_000],
    ['max-age=99999999999', 2 ** 31 * 1000],
    // What cannot be read leaves nothing fresh.
    ['max-age=-60', 0],
    ['max-age=60.0', 0],
    ["max-age='60'", 0],
    ['max-age =60', 0],
    ['max-age=60 s', 0],
    ['max-age', 0],
    ['max-age=60, max-age=10', 10_000],
    ['a="max-age=60"', null],
    ['', null],
    [',,, ,', null],
  ])('%j says %p', (value, ms) => {
    expect(said(value).ms('max-age')).toBe(ms)
  })

  test('names of fields stand in quotes', () => {
    expect(said('no-cache="Set-Cookie, X-A", private').fields('no-cache')).toEqual(['set-cookie', 'x-a'])
    expect(said('private').fields('private')).toEqual([])
    expect(said('private').isBare('private')).toBe(true)
  })

  test('values without end or sense are read in no time', () => {
    const before = process.cpuUsage().user
    for (const value of [
      '"'.repeat(65_536),
      'a="' + '\\"'.repeat(32_768),
      ','.repeat(65_536),
      'a='.repeat(32_768),
    ])
      expect(said(value).ms('max-age')).toBeNull()
    expect(process.cpuUsage().user - before).toBeLessThan(2_000_000)
  })
})

describe('dates', () => {
  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    '%s',
    (text) => {
      expect(readDate(text, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37))
    },
  )

  test.each([
    '',
    '0',
    '-1',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    '\u0000',
    'x'.repeat(65_536),
  ])('%j is none', (text) => expect(readDate(text, NOW)).toBeNaN())

  test('two digits of a year mean the nearest', () => {
    expect(readDate('Sunday, 06-Nov-70 08:49:37 GMT', NOW)).toBe(Date.UTC(2070, 10, 6, 8, 49, 37))
    expect(readDate('Sunday, 06-Nov-80 08:49:37 GMT', NOW)).toBe(Date.UTC(1980, 10, 6, 8, 49, 37))
  })
})

describe('how long an answer is fresh', () => {
  test.each<[string, Field[], number]>([
    ['s-maxage goes first', [['Cache-Control', 'max-age=10, s-maxage=20']], 20_000],
    [
      'then max-age',
      [
        ['Cache-Control', 'max-age=10'],
        ['Expires', writeDate(NOW + HOUR)],
      ],
      10_000,
    ],
    ['then Expires', [['Expires', writeDate(NOW + HOUR)]], HOUR],
    ['one in the past', [['Expires', writeDate(NOW - HOUR)]], 0],
    ['one that is none', [['Expires', '0']], 0],
    [
      'two of them',
      [
        ['Expires', writeDate(NOW + HOUR)],
        ['Expires', writeDate(NOW + HOUR)],
      ],
      0,
    ],
    ['a tenth of the time since the last change', [['Last-Modified', writeDate(NOW - 10 * HOUR)]], HOUR],
    ['a day at most', [['Last-Modified', writeDate(0)]], 24 * HOUR],
    ['nothing is said', [], 0],
  ])('%s', (_, fields, ms) => {
    expect(terms(fields).lifetimeMs).toBe(ms)
  })

  test('only some statuses are fresh without a word; a config may say how long', () => {
    const fields: Field[] = [['Last-Modified', writeDate(NOW - 10 * HOUR)]]
    expect(terms(fields, 403).lifetimeMs).toBe(0)
    expect(terms([], 404, { ...RULES, default_ttl: 5000 }).lifetimeMs).toBe(5000)
    expect(terms([], 500, { ...RULES, default_ttl: 5000 }).lifetimeMs).toBe(0)
  })

  test('its age counts its Date, its Age and the time it took', () => {
    const came = { askedMs: NOW, answeredMs: NOW + 2000 }
    const age = (fields: Field[]): number => initialAge(head(fields), came)
    expect(age([['Date', writeDate(NOW - 5000)]])).toBe(7000)
    expect(
      age([
        ['Date', writeDate(NOW)],
        ['Age', '30'],
      ]),
    ).toBe(32_000)
    expect(age([['Date', 'nonsense']])).toBe(2000)
    for (const value of ['old', '-1', '1.0', '0, 0', '1;x', '\u0000'])
      expect(age([['Age', value]])).toBe(Infinity)
  })
})

describe('what is stored', () => {
  const anybody = { isNoStore: false, hasCredentials: false }
  const why = (value: string, asked = anybody, more: Field[] = [], status = 200): unknown => {
    const fields: Field[] = [['Cache-Control', value], ...more]
    const kept = storable(asked, head(fields, status), said(value), RULES)
    return typeof kept === 'string' ? kept : 'stored'
  }

  test.each([
    ['max-age=60', 'stored'],
    ['no-store, max-age=60', 'no-store'],
    ['private, max-age=60', 'private'],
    ['private="x-a", max-age=60', 'stored'],
    ['private, private="x-a", max-age=60', 'private'],
    ['no-cache', 'stored'],
    ['', 'no-freshness'],
    ['must-understand, no-store, max-age=60', 'stored'],
  ])('%j: %s', (value, what) => {
    expect(why(value)).toBe(what)
  })

  test('by the request, its credentials, cookies, Vary and the status', () => {
    expect(why('max-age=60', { ...anybody, isNoStore: true })).toBe('no-store')
    const known = { ...anybody, hasCredentials: true }
    expect(why('max-age=60', known)).toBe('authorization')
    for (const value of ['public, max-age=60', 's-maxage=60', 'must-revalidate, max-age=60'])
      expect(why(value, known)).toBe('stored')
    expect(why('max-age=60', anybody, [['Set-Cookie', 'a=b']])).toBe('set-cookie')
    for (const value of ['*', 'Accept, *', 'X-Forwarded-For', 'x-real-ip', 'a b', '\u0000', 'ä'])
      expect(why('max-age=60', anybody, [['Vary', value]])).toBe('vary')
    expect(why('max-age=60', anybody, [['Vary', 'Accept, X-Forwarded-Proto']])).toBe('stored')
    for (const status of [206, 304]) expect(why('max-age=60', anybody, [], status)).toBe('status')
    expect(why('must-understand, max-age=60', anybody, [], 599)).toBe('status')
    expect(why('max-age=60', anybody, [], 599)).toBe('stored')
  })

  test('fields that are private are left out, cookies where that is said', () => {
    const one = head([
      ['X-A', '1'],
      ['X-B', '2'],
      ['Set-Cookie', 'a=b'],
    ])
    const kept = storable(anybody, one, said('private="x-a", no-cache="x-b", max-age=9'), {
      ...RULES,
      set_cookie: 'strip',
    })
    expect(kept).toMatchObject({ fields: [] })
  })

  test('a 304 brings new fields, none of the content and no age of before', () => {
    const old = head([
      ['ETag', '"a"'],
      ['X-A', '1'],
      ['Age', '9'],
      ['Content-Type', 'text/plain'],
    ])
    const by = head(
      [
        ['ETag', '"b"'],
        ['X-A', '2'],
        ['X-A', '3'],
        ['Content-Encoding', 'gzip'],
      ],
      304,
    )
    expect(freshened(old, by)).toEqual({
      ...old,
      fields: [
        ['ETag', '"a"'],
        ['Content-Type', 'text/plain'],
        ['X-A', '2'],
        ['X-A', '3'],
      ],
    })
  })
})

describe('what is given', () => {
  const of = (value: string) => termsOf(control(value), said(value), NOW, RULES)
  test.each<[string, number, string | null, string]>([
    ['max-age=60', 59_999, null, 'fresh'],
    ['max-age=60', 60_000, null, 'validate'],
    ['max-age=60', 0, 'no-cache', 'validate'],
    ['no-cache, max-age=60', 0, null, 'validate'],
    ['no-cache="x-a", max-age=60', 0, null, 'fresh'],
    ['max-age=60', 20_000, 'max-age=10', 'validate'],
    ['max-age=60', 20_000, 'min-fresh=50', 'validate'],
    ['max-age=60', 70_000, 'max-stale=20', 'stale'],
    ['max-age=60', 90_000, 'max-stale=20', 'validate'],
    ['max-age=60', 1e9, 'max-stale', 'stale'],
    ['max-age=60, must-revalidate', 70_000, 'max-stale', 'validate'],
    ['s-maxage=60', 70_000, 'max-stale', 'validate'],
    ['max-age=60, stale-while-revalidate=30', 90_000, null, 'behind'],
    ['max-age=60, stale-while-revalidate=30', 90_001, null, 'validate'],
    ['max-age=60, stale-while-revalidate=30, proxy-revalidate', 70_000, null, 'validate'],
    ['max-age=60, stale-while-revalidate=30', 70_000, 'max-age=65', 'validate'],
  ])('%s, %p ms old, asked %p: %s', (value, ageMs, asked, what) => {
    expect(reuse(of(value), ageMs, asked === null ? null : said(asked))).toBe(what as 'fresh')
  })

  test('in place of a failure', () => {
    expect(mayStandIn(of('max-age=60, stale-if-error=30'), 90_000, null)).toBe(true)
    expect(mayStandIn(of('max-age=60, stale-if-error=30'), 90_001, null)).toBe(false)
    expect(mayStandIn(of('max-age=60'), 90_000, said('stale-if-error=30'))).toBe(true)
    expect(mayStandIn(of('max-age=60, stale-if-error=30, must-revalidate'), 70_000, null)).toBe(false)
  })
})

describe('conditions and parts', () => {
  const one = head([
    ['ETag', '"a,b"'],
    ['Last-Modified', writeDate(NOW - HOUR)],
  ])
  const came = { askedMs: NOW, answeredMs: NOW }
  const with_ = (more: Partial<typeof NO_CONDITIONS>) => ({ ...NO_CONDITIONS, ...more })

  test('a client that has it is told so', () => {
    const has = (more: Partial<typeof NO_CONDITIONS>): boolean => isUnchanged(with_(more), one, came)
    for (const ifNoneMatch of ['"a,b"', 'W/"a,b"', '"x", "a,b"', '*', '"x",W/"a,b"'])
      expect(has({ ifNoneMatch })).toBe(true)
    for (const ifNoneMatch of ['"a"', 'a,b', '', '\u0000', '"'.repeat(65_536)])
      expect(has({ ifNoneMatch })).toBe(false)
    expect(has({ ifModifiedSince: writeDate(NOW - HOUR) })).toBe(true)
    expect(has({ ifModifiedSince: writeDate(NOW - 2 * HOUR) })).toBe(false)
    expect(has({ ifNoneMatch: '"x"', ifModifiedSince: writeDate(NOW) })).toBe(false)
    expect(has({ ifModifiedSince: 'never' })).toBe(false)
  })

  test.each([
    ['bytes=0-0', { from: 0, to: 1 }],
    ['bytes=2-', { from: 2, to: 10 }],
    ['bytes=-3', { from: 7, to: 10 }],
    ['bytes=-30', { from: 0, to: 10 }],
    ['bytes=5-99999999999999999999', { from: 5, to: 10 }],
    ['bytes=10-', 'none'],
    ['bytes=-0', 'none'],
    ['bytes=5-2', null],
    ['bytes=0-1,3-4', null],
    ['bytes=-', null],
    ['bytes=a-b', null],
    ['lines=0-1', null],
    ['\u0000', null],
  ])('%s', (range, part) => {
    expect(partOf(with_({ range }), one, 10)).toEqual(part as null)
  })

  test('If-Range lets have a part only of what is still the same', () => {
    const part = (ifRange: string) => partOf(with_({ range: 'bytes=0-1', ifRange }), one, 10)
    expect(part('"a,b"')).not.toBeNull()
    expect(part(writeDate(NOW - HOUR))).not.toBeNull()
    for (const ifRange of ['"x"', 'W/"a,b"', writeDate(NOW), 'nonsense']) expect(part(ifRange)).toBeNull()
  })
})
