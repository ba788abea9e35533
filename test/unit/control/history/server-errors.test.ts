import { expect, test } from 'bun:test'
import { ServerErrors } from '../../../../server/control/history/server-errors.ts'
import { HistoryWorld } from './history-world.ts'

const scene = () => {
  const world = new HistoryWorld()
  return { world, errors: new ServerErrors(world.history, () => world.wallMs) }
}

test('servers without errors are no suspects, and of the others the last requests are told', () => {
  const { world, errors } = scene()
  world.pass(100, () => {
    world.requests(3, { server: 'a' })
    world.requests(3, { server: 'b' })
  })
  expect([...errors.suspects()]).toEqual([])
  world.pass(20, () => {
    world.requests(3, { server: 'a', status: '500' })
    world.requests(3, { server: 'b' })
  })
  expect([...errors.suspects()]).toEqual(['api/a'])
  expect(errors.last('api', 'a')).toEqual({ requests: 21, errors: 21 })
  expect(errors.last('api', 'b')).toEqual({ requests: 21, errors: 0 })
  expect(errors.last('api', 'c')).toBeNull()
})

test('one that answers well again is told so by its last requests, and is forgotten', () => {
  const { world, errors } = scene()
  world.pass(20, () => world.requests(3, { server: 'a', status: '500' }))
  errors.suspects()
  world.pass(20, () => world.requests(3, { server: 'a' }))
  expect(errors.last('api', 'a')).toEqual({ requests: 21, errors: 0 })
  world.pass(900, () => world.requests(1, { server: 'a' }))
  errors.suspects()
  world.pass(320, () => world.requests(1, { server: 'a' }))
  expect([...errors.suspects()]).toEqual([])
})

test('a server that gets a request now and then is judged by those of five minutes', () => {
  const { world, errors } = scene()
  world.pass(600, () => {
    if (world.nowMs % 60_000 < 1000) world.requests(1, { server: 'a', status: '503' })
  })
  expect(errors.last('api', 'a')?.requests).toBeLessThanOrEqual(6)
})
