import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StateKey } from '../../../../server/control/store/state-key.ts'
import { StoreProblem } from '../../../../server/control/store/store-problem.ts'
import { PASSWORD, storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

describe('the key beside state.db', () => {
  test('is made once, for its user alone, and is the same for all who open it', () => {
    const [one, two] = [new StateKey(world.data), new StateKey(world.data)]
    expect(one.derive('jwt')).toEqual(two.derive('jwt'))
    expect(one.derive('jwt')).not.toEqual(one.derive('totp'))
    expect(statSync(join(world.data, 'state.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(world.data).filter((name) => name.startsWith('state.key'))).toEqual(['state.key'])
  })

  test('opens what it sealed, for whom it was sealed', () => {
    const key = new StateKey(world.data)
    const sealed = key.seal('totp', Buffer.from('secret'), 'anna')
    const open = (...given: Parameters<StateKey['open']>): string | null => {
      const plain = key.open(...given)
      return plain && Buffer.from(plain).toString()
    }
    expect(open('totp', sealed, 'anna')).toBe('secret')
    expect([open('totp', sealed, 'bob'), open('jwt', sealed, 'anna')]).toEqual([null, null])
    const bent = Uint8Array.from(sealed, (byte, at) => (at === 15 ? byte ^ 1 : byte))
    expect([open('totp', bent, 'anna'), open('totp', sealed.slice(0, 20), 'anna')]).toEqual([null, null])
  })

  test('that is none is refused; one that is new opens nothing of the old one', () => {
    const sealed = new StateKey(world.data).seal('totp', Buffer.from('secret'), 'anna')
    rmSync(join(world.data, 'state.key'))
    expect(new StateKey(world.data).open('totp', sealed, 'anna')).toBeNull()
    writeFileSync(join(world.data, 'state.key'), 'short')
    expect(() => new StateKey(world.data).derive('jwt')).toThrow(StoreProblem)
  })

  test('leaves nothing behind where it cannot be made', async () => {
    const module = join(import.meta.dir, '../../../../server/control/store/state-key.ts')
    const code = `const { StateKey } = await import(${JSON.stringify(module)})
      try { new StateKey(${JSON.stringify(world.data)}).derive('jwt') } catch (error) { console.log(error.name) }`
    // As on a full disk: a file is made, and nothing can be written into it.
    const limited = `trap '' XFSZ; ulimit -f 0; exec "$0" -e "$1"`
    const child = Bun.spawn(['sh', '-c', limited, process.execPath, code], {
      stdout: 'pipe',
      stderr: 'ignore',
    })
    expect(await child.stdout.text()).toBe('StoreProblem\n')
    expect(readdirSync(world.data).filter((name) => name.startsWith('state.key'))).toEqual([])
  })

  test('without it no secret is found in state.db', () => {
    const { store, data } = world
    world.addUser('anna', 'admin')
    const secret = store.secondFactors.begin('anna') ?? new Uint8Array()
    const { text = '' } =
      store.tokens.add({
        ...{ name: 'ci', role: 'viewer', scopes: [], ranges: [], createdBy: 'anna', expiresMs: null },
      }) ?? {}
    const cookie = store.signIns.begin({ user: 'anna', address: '::1', agent: '' })
    store.failures.begin('typed-as-a-name', { key: '::1', network: '::1' })
    store.db.sql.run('PRAGMA wal_checkpoint(TRUNCATE)')
    const files = readdirSync(data).filter((name) => name.startsWith('state.db'))
    const all = Buffer.concat(files.map((name) => readFileSync(join(data, name))))
    expect(all.includes('anna')).toBe(true)
    for (const planted of [PASSWORD, secret, text.slice(17), cookie, 'typed-as-a-name'])
      expect(all.includes(planted)).toBe(false)
  })
})
