import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Place, WAIT_MS_MAX } from '../../../../server/control/store/failures.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const [ANNA, HERE] = ['anna', '192.0.2.7']

const at = (key: string, network = key): Place => ({ key, network })

/** How long a try has to wait, of which 0 are made. */
const tried = (account: string, address: string, network = address): number =>
  world.store.failures.begin(account, at(address, network)).ms

/** Tries until one has to wait. */
function freeTries(account: string, address: string, network = address): number {
  let tries = 0
  while (tried(account, address, network) === 0) tries++
  return tries
}

describe('failed sign-ins', () => {
  test('five are free, then each waits twice as long, up to a quarter of an hour', () => {
    expect(freeTries(ANNA, HERE)).toBe(5)
    const waits: number[] = []
    for (let more = 0; more < 12; more++) {
      const wait = tried(ANNA, HERE)
      waits.push(wait / 1000)
      world.clock.nowMs += wait - 1
      expect(tried(ANNA, HERE)).toBe(1)
      world.clock.nowMs += 1
      expect(tried(ANNA, HERE)).toBe(0)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
    expect(WAIT_MS_MAX).toBe(900_000)
  })

  test('are of an account and an address together: nobody locks another one out', () => {
    expect(freeTries(ANNA, HERE)).toBe(5)
    expect(freeTries('ANNA', HERE)).toBe(0)
    expect(freeTries(ANNA, '192.0.2.8')).toBe(5)
    expect(freeTries('bob', HERE)).toBe(5)
  })

  test('a success, an unlock and a day make them good', () => {
    const { failures } = world.store
    freeTries(ANNA, HERE)
    failures.succeeded(ANNA, at(HERE))
    expect(freeTries(ANNA, HERE)).toBe(5)
    freeTries(ANNA, '192.0.2.8')
    expect(failures.unlock('Anna')).toBe(2)
    expect(failures.unlock('anna')).toBe(0)
    expect(freeTries(ANNA, HERE)).toBe(5)
    world.clock.nowMs += 24 * 3_600_000 + 1
    expect(freeTries(ANNA, HERE)).toBe(5)
  })

  test('a clock that is set back makes nobody wait for longer', () => {
    freeTries(ANNA, HERE)
    world.clock.nowMs -= 3 * 3_600_000
    expect(tried(ANNA, HERE)).toBe(1000)
  })

  test('what was typed as a name is not kept', () => {
    const typed = 'my-password-in-the-wrong-field'
    freeTries(typed, HERE)
    const rows = JSON.stringify(world.store.db.sql.query('SELECT hex(account), * FROM failures').all())
    expect(rows).not.toContain(typed)
    expect(rows).not.toContain(Buffer.from(typed).toString('hex').toUpperCase())
  })

  test('of more accounts than are kept, those seen last stay', () => {
    const { db } = world.store
    db.transaction(() => {
      for (let one = 0; one < 10_001; one++) {
        world.clock.nowMs += 1
        tried(`user-${one}`, HERE)
      }
    })
    const { n } = db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM failures').get() ?? { n: 0 }
    expect([n > 9000, n <= 10_001]).toEqual([true, true])
    expect(freeTries('user-10000', HERE)).toBe(4)
  })

  test('of a network of many places twenty are free for a name', () => {
    const [network, other] = ['2001:db8::/48', '2001:db8:1::/48']
    let tries = 0
    while (tried(ANNA, `place ${tries}`, network) === 0) tries++
    expect(tries).toBe(20)
    expect(world.store.failures.begin(ANNA, at('place new', network))).toEqual({ ms: 1000, of: 'network' })
    expect(tried(ANNA, 'elsewhere', other)).toBe(0)
    expect(tried('bob', 'place 0', network)).toBe(0)
  })

  test('of all strangers a hundred are free, then one waits half a minute at most, and who is known not at all', () => {
    const { failures } = world.store
    expect(tried(ANNA, HERE)).toBe(0)
    failures.succeeded(ANNA, at(HERE))
    let strangers = 0
    while (tried(ANNA, `stranger ${strangers}`) === 0) strangers++
    expect(strangers).toBe(100)
    // They go on as fast as they may.
    for (let more = 0; more < 50; more++) {
      const { ms, of } = failures.begin(ANNA, at(`more ${more}`))
      expect([of, ms <= 30_000]).toEqual(['all', true])
      world.clock.nowMs += ms
      expect(tried(ANNA, `more ${more}`)).toBe(0)
    }
    expect(tried(ANNA, 'a new place of hers')).toBe(30_000)
    expect(freeTries(ANNA, HERE)).toBe(5)
    // And others are others.
    expect(tried('bob', 'stranger 1')).toBe(0)
    failures.unlock(ANNA)
    expect(tried(ANNA, 'a new place of hers')).toBe(0)
  })

  test('twenty places of an account are known, those of the last ninety days', () => {
    const { failures } = world.store
    for (let one = 0; one < 21; one++) {
      world.clock.nowMs += 1
      failures.succeeded(ANNA, at(`place ${one}`))
    }
    const known = (): number =>
      Array.from({ length: 21 }, (_, one) => failures.isGood('Anna', at(`place ${one}`))).filter(Boolean)
        .length
    expect([known(), failures.isGood(ANNA, at('place 0')), failures.isGood('bob', at('place 20'))]).toEqual([
      20,
      false,
      false,
    ])
    world.clock.nowMs += 90 * 24 * 3_600_000
    expect(known()).toBe(0)
  })

  test('of a sign-in count alone, and make no place known', () => {
    const { failures } = world.store
    const signIn: Place = { key: 'sign-in:x', network: null }
    while (tried(ANNA, HERE) === 0);
    expect(failures.begin(ANNA, signIn).ms).toBe(0)
    failures.succeeded(ANNA, signIn)
    expect(failures.isGood(ANNA, signIn)).toBe(false)
    expect(tried(ANNA, HERE)).toBeGreaterThan(0)
  })
})
