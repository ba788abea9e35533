import { expect, test } from 'bun:test'
import { ErrorRates } from '../../../../server/control/history/error-rates.ts'
import { HistoryWorld } from './history-world.ts'

const scene = () => {
  const world = new HistoryWorld()
  return { world, rates: new ErrorRates(world.history, () => world.wallMs) }
}

test('backends without errors are not told', () => {
  const { world, rates } = scene()
  world.pass(120, () => world.requests(2))
  expect(rates.lately().size).toBe(0)
})

test('the last five minutes are told beside the hour before them, and since when errors go on', () => {
  const { world, rates } = scene()
  world.pass(1200, () => world.requests(1))
  world.pass(180, () => {
    world.requests(3)
    world.requests(1, { status: '502' })
  })
  const told = rates.lately().get('api')
  expect(told?.lately.errors).toBeGreaterThanOrEqual(170)
  expect(told?.lately.requests).toBeGreaterThan(700)
  expect(told?.before.errors).toBe(0)
  expect(told?.before.requests).toBeGreaterThan(900)
  const agoS = (world.wallMs - (told?.sinceMs ?? 0)) / 1000
  expect(agoS).toBeGreaterThanOrEqual(120)
  expect(agoS).toBeLessThanOrEqual(240)
})

test('a backend that had errors long ago is not looked at any more', () => {
  const { world, rates } = scene()
  world.pass(10, () => world.requests(1, { status: '503' }))
  expect(rates.lately().size).toBe(1)
  world.pass(600, () => world.requests(1))
  rates.lately()
  world.pass(400, () => world.requests(1))
  expect(rates.lately().size).toBe(0)
})

test('requests of the last minute are counted; of who had none nothing is known', () => {
  const { world, rates } = scene()
  world.pass(90, () => world.requests(2))
  expect(rates.perMinute('api')).toBeGreaterThanOrEqual(100)
  expect(rates.perMinute('api')).toBeLessThanOrEqual(120)
  expect(rates.perMinute('none')).toBeNull()
})
