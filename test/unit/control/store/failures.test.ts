import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { WAIT_MS_MAX } from '../../../../server/control/store/failures.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const [ANNA, HERE] = ['anna', '192.0.2.7']

/** Tries until one has to wait. */
function freeTries(account: string, address: string): number {
  let tries = 0
  while (world.store.failures.begin(account, address) === 0) tries++
  return tries
}

describe('failed sign-ins', () => {
  test('five are free, then each waits twice as long, up to a quarter of an hour', () => {
    const { failures } = world.store
    expect(freeTries(ANNA, HERE)).toBe(5)
    const waits: number[] = []
    for (let more = 0; more < 12; more++) {
      const wait = failures.begin(ANNA, HERE)
      waits.push(wait / 1000)
      world.clock.nowMs += wait - 1
      expect(failures.begin(ANNA, HERE)).toBe(1)
      world.clock.nowMs += 1
      expect(failures.begin(ANNA, HERE)).toBe(0)
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
    failures.succeeded(ANNA, HERE)
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
    expect(world.store.failures.begin(ANNA, HERE)).toBe(1000)
  })

  test('what was typed as a name is not kept', () => {
    const typed = 'my-password-in-the-wrong-field'
    freeTries(typed, HERE)
    const rows = JSON.stringify(world.store.db.sql.query('SELECT hex(account), * FROM failures').all())
    expect(rows).not.toContain(typed)
    expect(rows).not.toContain(Buffer.from(typed).toString('hex').toUpperCase())
  })

  test('of more accounts than are kept, those seen last stay', () => {
    const { failures, db } = world.store
    db.transaction(() => {
      for (let one = 0; one < 10_001; one++) {
        world.clock.nowMs += 1
        failures.begin(`user-${one}`, HERE)
      }
    })
    const { n } = db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM failures').get() ?? { n: 0 }
    expect(n).toBe(9001)
  })
})
