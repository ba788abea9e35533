// Which part of a split, and which share of a rule: even, stable, and moving no more than must move. The
// numbers of the tests are seeded, so that bounds of five standard deviations hold each time or never.
import { describe, expect, test } from 'bun:test'
import { compileMatch } from '../../../server/rules/match.ts'
import type { SplitConfig } from '../../../server/rules/destination.options.ts'
import { seedOf, shareBy } from '../../../server/rules/share.ts'
import { Split } from '../../../server/rules/split.ts'
import { seededRandom } from '../../support/random.ts'
import { from, matchOf, requestOf } from './words.ts'

const COOKIE: NonNullable<SplitConfig['cookie']> = {
  name: 'part',
  max_age: 60_000,
  path: '/',
  http_only: true,
  same_site: 'lax',
}
const splitOf = (weights: Readonly<Record<string, number>>, more: Partial<SplitConfig> = {}): Split =>
  new Split({
    to: Object.entries(weights).map(([backend, weight]) => ({ backend, weight })),
    ...{ by: 'random', cookie: COOKIE, when_down: 'next' },
    ...more,
  })
const ANY = (): boolean => true
const USERS = Array.from({ length: 20_000 }, (_, n) => `user-${n}`)
const BY_USER = shareBy('header X-User')
const withFields = (header: Readonly<Record<string, readonly string[]>>) =>
  requestOf({
    fields: Object.entries(header).flatMap(([name, values]) => values.map((value) => [name, value] as const)),
  })
const withUser = (user: string) => withFields({ 'x-user': [user] })

/** Where each of them goes. */
const partsOf = (split: Split): string[] =>
  USERS.map((user) => {
    const seed = seedOf(BY_USER, withUser(user), null) as number
    return split.parts[split.choose(seed, ANY)]?.name ?? ''
  })

/** Whether a count is what so many trials of a chance give, within five standard deviations. */
const expectShare = (count: number, of: number, share: number): void => {
  const most = 5 * Math.sqrt(of * share * (1 - share))
  expect(Math.abs(count - of * share)).toBeLessThanOrEqual(most)
}
const countOf = (list: readonly string[], name: string): number => list.filter((one) => one === name).length

describe('a split', () => {
  test('shares users out by weight', () => {
    const weights = { a: 700, b: 200, c: 99, d: 1, e: 0 }
    const found = partsOf(splitOf(weights))
    for (const [name, weight] of Object.entries(weights))
      expectShare(countOf(found, name), USERS.length, weight / 1000)
    expect(countOf(found, 'e')).toBe(0)
  })

  test('shares requests out by weight where chance decides', () => {
    const split = splitOf({ a: 9, b: 1 })
    const random = seededRandom(7)
    let count = 0
    for (let n = 0; n < 20_000; n++) {
      const { seed, isDrawn } = split.seedOf(requestOf({}), null, () => random.next())
      expect(isDrawn).toBe(true)
      if (split.choose(seed, ANY) === 1) count++
    }
    expectShare(count, 20_000, 0.1)
  })

  test('of two parts moves exactly those who must move, whichever way the weights change', () => {
    const steps = [
      [100, 0],
      [95, 5],
      [50, 50],
      [0, 100],
      [90, 10],
    ] as const
    let before = partsOf(splitOf({ blue: 100, green: 0 }))
    for (const [blue, green] of steps) {
      const after = partsOf(splitOf({ blue, green }))
      const gone = (from: string, to: string): number =>
        before.filter((part, n) => part === from && after[n] === to).length
      const [left, came] = [gone('blue', 'green'), gone('green', 'blue')]
      expect(Math.min(left, came)).toBe(0)
      expect(Math.max(left, came)).toBe(Math.abs(countOf(before, 'green') - countOf(after, 'green')))
      before = after
    }
  })

  test('of several moves users only to parts that have grown in proportion to the one they leave', () => {
    const [was, is] = [
      { a: 80, b: 10, c: 10 },
      { a: 60, b: 30, c: 10 },
    ]
    const [before, after] = [partsOf(splitOf(was)), partsOf(splitOf(is))]
    const moves = new Set(before.flatMap((part, n) => (part === after[n] ? [] : [`${part} ${after[n]}`])))
    const mayMove = (from: keyof typeof was, to: keyof typeof was): boolean =>
      is[to] / was[to] > is[from] / was[from]
    expect([...moves].toSorted()).toEqual(['a b', 'a c', 'c b'])
    for (const move of moves) expect(mayMove(...(move.split(' ') as ['a', 'b']))).toBe(true)
  })

  test('knows parts by name, not by place: another order, or another split with the same names, moves nobody', () => {
    const [one, other] = [splitOf({ a: 3, b: 2, c: 1 }), splitOf({ c: 1, b: 2, a: 3 })]
    expect(partsOf(one)).toEqual(partsOf(other))
    const named = splitOf(
      {},
      {
        to: [
          { backend: 'x', weight: 1, name: 'a' },
          { backend: 'x', weight: 1, name: 'b' },
        ],
      },
    )
    expect(partsOf(named)).toEqual(partsOf(splitOf({ a: 1, b: 1 })))
  })

  test('gives what a closed part had to the others in their proportion, and moves nobody else', () => {
    const split = splitOf({ a: 50, b: 30, c: 20 })
    const whole = partsOf(split)
    const without = USERS.map((user) => {
      const seed = seedOf(BY_USER, withUser(user), null) as number
      return split.parts[split.choose(seed, (place) => place !== 0)]?.name ?? ''
    })
    const left = without.filter((_, n) => whole[n] === 'a')
    expect(without.filter((_, n) => whole[n] !== 'a')).toEqual(whole.filter((part) => part !== 'a'))
    expectShare(countOf(left, 'b'), left.length, 0.6)
    expect(split.choose(1, () => false)).toBe(-1)
  })

  test('by a cookie of its own gives a number that says nothing, and believes none but such', () => {
    const split = splitOf({ a: 1, b: 1 }, { by: 'cookie' })
    const seedFor = (...cookie: string[]) => split.seedOf(withFields({ cookie }), null, () => 0.5)
    expect(seedFor()).toEqual({ seed: 2 ** 31, cookie: '80000000', isDrawn: true })
    expect(seedFor('x=1; part=0000002a')).toEqual({ seed: 42, cookie: null, isDrawn: false })
    expect(seedFor('part=b', 'part=0000002a')).toMatchObject({ seed: 42 })
    for (const bad of [
      '',
      'a',
      '2a',
      '0000002A',
      '0000002a1',
      '-000002a',
      `${'0'.repeat(65_536)}`,
      '0000002a\0',
    ])
      expect(seedFor(`part=${bad}`).isDrawn).toBe(true)
    expect(split.setCookie('0000002a', false)).toBe(
      'part=0000002a; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    )
    expect(split.setCookie('0000002a', true)).toContain('; Secure;')
  })
})

describe('what decides', () => {
  const seed = (by: string, header: Record<string, string[]>, address: string | null = null) =>
    seedOf(shareBy(by), withFields(header), address)

  test('is there once and not empty, else chance decides', () => {
    expect(seed('header X-User', { 'x-user': ['a'] })).toBe(seed('header x-user', { 'x-user': ['a', 'a'] }))
    for (const values of [[], [''], ['a', 'b']])
      expect(seed('header X-User', { 'x-user': values })).toBeNull()
    expect(seed('cookie uid', { cookie: ['uid=a; b=c'] })).toBe(seed('header X-User', { 'x-user': ['a'] }))
    expect(seed('cookie uid', { cookie: ['uid=a; uid=b'] })).toBeNull()
    expect(seed('random', {}, '10.0.0.1')).toBeNull()
    expect(seed('client_ip', {})).toBeNull()
  })

  test('of IPv6 is the network that a client has', () => {
    const of = (address: string) => seed('client_ip', {}, address)
    expect(of('2001:db8::1')).toBe(of('2001:db8::ffff:1'))
    expect(of('2001:db8::1')).not.toBe(of('2001:db8:0:1::1'))
    expect(of('10.0.0.1')).not.toBe(of('10.0.0.2'))
  })

  test('may be anything: NUL, line ends, 64 KB, bytes that are no UTF-8', () => {
    for (const value of ['\0', 'a\r\nb', 'x'.repeat(65_536), '\xff\xfe', '\ud800']) {
      const found = seed('header X-User', { 'x-user': [value] }) as number
      expect(Number.isInteger(found) && found >= 0 && found < 2 ** 32).toBe(true)
    }
  })
})

describe('a rule with a weight', () => {
  const by = from
  /** A matcher of rules that take these shares of all, and of one for the rest. */
  const sharing = (shares: readonly (readonly [weight: number, by: string])[], chance = () => 0) =>
    compileMatch(
      [
        ...shares.map(([weight, by], place) => ({
          match: matchOf({}),
          share: { name: `rule-${place}`, weight, by },
          rule: `rule-${place}`,
        })),
        { match: matchOf({}), rule: 'rest' },
      ],
      { chance },
    )

  test('takes its part by chance, and the next one its part of the rest: their draws are apart', () => {
    const random = seededRandom(3)
    const match = sharing(
      [
        [50, 'random'],
        [50, 'random'],
        [0.1, 'random'],
      ],
      () => random.next(),
    )
    const counts = new Map<unknown, number>()
    for (let n = 0; n < 40_000; n++) {
      const found = match(requestOf({}))
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
    expectShare(counts.get('rule-0') ?? 0, 40_000, 0.5)
    expectShare(counts.get('rule-1') ?? 0, 40_000, 0.25)
    expectShare(counts.get('rule-2') ?? 0, 40_000, 0.25 * 0.001)
    expectShare(counts.get('rest') ?? 0, 40_000, 0.25 * 0.999)
  })

  test('by client takes the same ones each time, and keeps those it has when it grows', () => {
    const clients = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    const takenBy = (weight: number): Set<string> => {
      const match = sharing([[weight, 'client_ip']])
      return new Set(clients.filter((client) => match(requestOf({}), by(client)) === 'rule-0'))
    }
    const [few, more] = [takenBy(10), takenBy(30)]
    expectShare(few.size, clients.length, 0.1)
    expectShare(more.size, clients.length, 0.3)
    expect([...few].every((client) => more.has(client))).toBe(true)
    expect(takenBy(10)).toEqual(few)
  })

  test('of 0 takes none, of 100 all, also where it is said what chance would say', () => {
    const match = sharing([
      [0, 'random'],
      [100, 'random'],
    ])
    expect(match(requestOf({}))).toBe('rule-1')
    expect(match(requestOf({}), { ...by(null), shares: () => true })).toBe('rule-1')
    expect(match(requestOf({}), { ...by(null), shares: () => false })).toBe('rest')
  })

  test('asks chance once for a request, however its path is read, and not at all where it does not match', () => {
    let asked = 0
    const chance = (): number => (asked++, 0.5)
    const match = compileMatch(
      [
        { match: matchOf({ path: ['/a/*'] }), share: { name: 'a', weight: 50, by: 'random' }, rule: 'a' },
        { match: matchOf({}), rule: 'rest' },
      ],
      { chance },
    )
    expect(match(requestOf({ path: '/b' }))).toBe('rest')
    expect(asked).toBe(0)
    for (let n = 0; n < 50; n++) expect(match(requestOf({ path: '/a/./b;c//d' }))).not.toBe('ambiguous')
    expect(asked).toBe(50)
  })
})
