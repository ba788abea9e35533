import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../../server/config/schema.ts'
import type { InProcess } from '../../../server/worker/in-process.ts'
import { duplicateFd } from '../../../server/lib/pass-fds.ts'
import { rawClient } from '../../support/client.ts'
import { config, folder, machine, planOf, serve, stopMachines } from './machines.ts'

afterEach(stopMachines)

const answering = (body: string, listeners: readonly string[] = ['web']): Config =>
  config({
    listeners: Object.fromEntries(listeners.map((name) => [name, { bind: '127.0.0.1:0' }])),
    rules: [{ name: 'all', respond: { status: 200, body } }],
  })

async function ask(made: InProcess, listener = 'web'): Promise<string> {
  await using client = await rawClient(made.plane.ports().get(listener) ?? 0)
  return (await client.get('/')).body
}

describe('everything in one process, with no descriptors handed on', () => {
  test('it binds by itself, and tells the ports', async () => {
    const made = machine()
    await serve(made, planOf(1, answering('hi', ['web', 'more'])))
    expect([...made.plane.ports().keys()]).toEqual(['web', 'more'])
    expect(await ask(made, 'more')).toBe('hi')
  })

  test('a later plan keeps open listeners and serves them anew', async () => {
    const made = machine()
    await serve(made, planOf(1, answering('one')))
    const port = made.plane.ports().get('web')
    await serve(made, planOf(2, answering('two', ['web', 'more'])))
    expect(made.plane.ports().get('web')).toBe(port)
    expect(await ask(made)).toBe('two')
  })

  test('a plan that is dropped leaves the old one as it was', async () => {
    const made = machine()
    await serve(made, planOf(1, answering('one')))
    expect(await made.prepare(planOf(2, answering('two')))).toBeNull()
    made.plane.drop()
    expect(await ask(made)).toBe('one')
    expect(made.plane.snapshot?.number).toBe(1)
  })

  test('an access log that cannot be written stops nobody: a worker that is replaced serves all the same', async () => {
    const made = machine()
    const words = config({
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'all', respond: { status: 200, body: 'up' } }],
      logs: { access: { file: join(folder, 'no/such/folder/access.log') } },
    })
    await serve(made, planOf(1, words))
    expect(await ask(made)).toBe('up')
  })

  test('plans that nothing uses any more are forgotten', async () => {
    const made = machine()
    for (let number = 1; number <= 5; number++) await serve(made, planOf(number, answering(`v${number}`)))
    expect(await ask(made)).toBe('v5')
    // A weak reference is kept alive by the turn that made or read it.
    for (let i = 0; i < 50 && made.plane.oldestPlan() < 5; i++) {
      Bun.gc(true)
      await new Promise((resolve) => void setImmediate(resolve))
    }
    expect(made.plane.oldestPlan()).toBe(5)
  })
})

if (process.platform === 'linux') {
  describe('descriptors that were copied for a plan', () => {
    const openFds = (): number => readdirSync('/proc/self/fd').length

    test('are closed when there is none for its last address', async () => {
      const fds: number[] = []
      const made = machine(() => {
        if (fds.length === 2) throw new Error('no descriptor left')
        fds.push(duplicateFd(0))
        return { fd: fds.at(-1) ?? -1, port: 1 }
      })
      const before = openFds()
      expect(await made.prepare(planOf(1, answering('hi', ['a', 'b', 'c'])))).toBe('no descriptor left')
      expect(fds).toHaveLength(2)
      expect(openFds()).toBeLessThanOrEqual(before)
    })

    test('are closed when one of them cannot be accepted on', async () => {
      const fds: number[] = []
      const made = machine(() => {
        fds.push(duplicateFd(0))
        return { fd: fds.at(-1) ?? -1, port: 1 }
      })
      const plan = planOf(1, answering('hi', ['a', 'b']))
      const before = openFds()
      expect(await made.prepare(plan)).toBeNull()
      expect(fds).toHaveLength(2)
      expect(() => made.commit(plan)).toThrow()
      expect(openFds()).toBeLessThanOrEqual(before)
    })
  })
}
