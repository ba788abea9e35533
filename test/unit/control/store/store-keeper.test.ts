import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Store } from '../../../../server/control/store/store.ts'
import { StoreKeeper } from '../../../../server/control/store/store-keeper.ts'

const folders: string[] = []
const keepers: StoreKeeper[] = []
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function scene(): {
  readonly keeper: StoreKeeper
  readonly told: string[]
  readonly clock: { nowMs: number }
  readonly where: { data: string | null }
} {
  const folder = mkdtempSync(join(tmpdir(), 'keeper-'))
  folders.push(folder)
  const where: { data: string | null } = { data: join(folder, 'data') }
  const [told, clock] = [[] as string[], { nowMs: 0 }]
  const keeper = new StoreKeeper({
    data: () => where.data,
    nowMs: () => clock.nowMs,
    onNotOpen: ({ message, hint }) => void told.push(`${message}; ${hint}`),
    onWaiting: (kind) => void told.push(`${kind} waits`),
    onKept: (kind, { kept, lost }) => void told.push(`${kind}: ${kept} kept, ${lost} lost`),
  })
  keepers.push(keeper)
  return { keeper, told, clock, where }
}

describe('the store of a gateway', () => {
  test('is opened once, at first need', async () => {
    const { keeper, told } = scene()
    expect(keeper.now).toBeNull()
    const [one, two] = await Promise.all([keeper.open(), keeper.open()])
    expect(one).toBe(two)
    expect(keeper.now).toBe(one)
    expect(await keeper.open()).toBe(one)
    expect(told).toEqual([])
  })

  test('that is removed while it is open goes on with those who are known, and is written to its place', async () => {
    const { keeper, clock, where } = scene()
    const data = where.data ?? ''
    const store = await keeper.open()
    const added = { name: 'anna', role: 'admin', hash: '', by: 'test' } as const
    const looks = (ms: number): string | undefined => {
      clock.nowMs += ms
      return keeper.look()?.found
    }
    expect([looks(0), store.users.add(added)]).toEqual(['there', true])
    rmSync(data, { recursive: true })
    expect([looks(2000), looks(60_000)]).toEqual(['gone', 'gone'])
    store.users.add({ ...added, name: 'bob' })
    mkdirSync(data)
    expect([looks(2000), looks(2000), looks(4000), looks(2000)]).toEqual(['gone', 'gone', 'written', 'there'])
    expect(await keeper.open()).toBe(store)
    store.users.add({ ...added, name: 'carl' })
    const other = new Store(data)
    expect(other.users.list().map(({ name }) => name)).toEqual(['anna', 'bob', 'carl'])
    other.close()
  })

  test('that cannot be opened says so once, and is tried again', async () => {
    const { keeper, told, clock, where } = scene()
    const data = where.data ?? ''
    writeFileSync(data, 'a file')
    for (let tries = 0; tries < 3; tries++) {
      expect(await keeper.open().catch((error: Error) => error.name)).toBe('StoreProblem')
      clock.nowMs += 10_000
    }
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('state.db cannot be opened')
    rmSync(data)
    const store = await keeper.open()
    expect(store.users.count()).toBe(0)
  })

  test('before there is a config, and after the end, there is none', async () => {
    const { keeper, where } = scene()
    const { data } = where
    where.data = null
    expect(await keeper.open().catch((error: Error) => error.message)).toContain('starts or stops')
    where.data = data
    keeper.close()
    expect(await keeper.open().catch((error: Error) => error.message)).toContain('starts or stops')
  })
})
