import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

describe('the token of a set-up', () => {
  test('is known by its text until there is a newer one, or it is gone', () => {
    const { setupToken } = world.store
    const first = setupToken.renew()
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(statSync(setupToken.path).mode & 0o777).toBe(0o600)
    expect([setupToken.isOne(` ${first.toUpperCase()}\n`), setupToken.isOne('')]).toEqual([true, false])
    const second = setupToken.renew()
    expect([first, second].map((token) => setupToken.isOne(token))).toEqual([false, true])
    setupToken.remove()
    expect([existsSync(setupToken.path), setupToken.isOne(second), setupToken.isOne('')]).toEqual([
      ...[false, false, false],
    ])
  })

  test('one that was asked for before a start is that of this start, and of no other', () => {
    const { setupToken } = world.store
    const asked = setupToken.readOrMake()
    expect([setupToken.readOrMake(), setupToken.read()]).toEqual([asked, asked])
    expect(setupToken.begin()).toBe(asked)
    expect([setupToken.readOrMake(), setupToken.isOne(asked)]).toEqual([asked, true])
    expect(setupToken.begin()).not.toBe(asked)
    expect(setupToken.isOne(asked)).toBe(false)
    // One that was used, or replaced, waits for no start.
    for (const end of [() => setupToken.remove(), () => void setupToken.renew()]) {
      setupToken.remove()
      const other = setupToken.readOrMake()
      end()
      expect(setupToken.begin()).not.toBe(other)
    }
  })

  test('what processes that were killed left unfinished goes, and what others write or name stays', async () => {
    const { setupToken } = world.store
    const gone = Bun.spawn(['true'])
    await gone.exited
    const running = Bun.spawn(['cat'], { stdin: 'pipe' })
    const folder = dirname(setupToken.path)
    const left = ['setup-token', 'setup-token-for-next-start'].flatMap((name) =>
      [gone.pid, process.pid].map((pid) => `${name}.${pid}`),
    )
    const kept = [
      `setup-token.${running.pid}`,
      `setup-token.old.${gone.pid}`,
      'setup-token.bak',
      'setup-token',
    ]
    try {
      for (const name of [...left, ...kept]) writeFileSync(join(folder, name), '')
      setupToken.dropUnfinished()
      expect(readdirSync(folder)).toEqual(expect.arrayContaining(kept))
      expect(left.filter((name) => existsSync(join(folder, name)))).toEqual([])
    } finally {
      running.kill()
    }
  })

  test('a file that holds something else is none', () => {
    const { setupToken } = world.store
    for (const text of ['', 'x', 'a'.repeat(33)]) {
      writeFileSync(setupToken.path, text)
      expect([setupToken.read(), setupToken.isOne(text)]).toEqual([null, false])
    }
  })
})
