// What would keep a plan from being served is found while it can still be refused.
import { afterEach, expect, test } from 'bun:test'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import { Buckets } from '../../../server/scoreboard/buckets.ts'
import { config, machine, planOf, serve, stopMachines } from './machines.ts'

afterEach(stopMachines)

test('a plan whose listeners cannot be built is refused, and the one before goes on', async () => {
  const board = scoreboardOn(privateRegion(16, 1), 0)
  board.buckets = new Buckets(() => {
    throw new Error('no memory for buckets')
  })
  const made = machine(null, board)
  const words = (limits: object) =>
    config({
      listeners: { db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db', limits } },
      backends: { db: { servers: [{ url: 'tcp://127.0.0.1:9' }] } },
    })
  await serve(made, planOf(1, words({})))
  const { snapshot } = made.plane
  const rate = { connections: 1, per: '1s' }
  expect(await made.prepare(planOf(2, words({ rate })))).toBe('no memory for buckets')
  expect(() => made.plane.commit()).toThrow('nothing was prepared')
  expect(made.plane.snapshot).toBe(snapshot)
  await serve(made, planOf(3, words({ connections: 7 })))
})
