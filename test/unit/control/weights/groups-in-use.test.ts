// What is told of groups: who carries a backend, when it is another one.
import { expect, test } from 'bun:test'
import type { ServerConfig } from '../../../../server/backends/server.options.ts'
import { GroupsInUse } from '../../../../server/control/weights/groups-in-use.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { backendConfig, Bench } from '../../backends/backends.ts'

function start(servers: readonly (Partial<ServerConfig> & { name: string })[]) {
  const bench = new Bench()
  const told: unknown[] = []
  const groups = new GroupsInUse(
    () => bench.board,
    ({ shares, was, isAsMeant }) => told.push([shares, was, isAsMeant]),
  )
  const options = backendConfig(servers)
  const commit = (): void =>
    groups.commit({
      config: { backends: { api: options } },
      slots: { api: bench.slots(options) },
    } as unknown as PlanBody)
  commit()
  const set = (names: string, state: number): void => {
    for (const name of names) bench.set(name, state)
    groups.look()
  }
  const news = (): unknown[] => told.splice(0)
  return { bench, groups, set, news, commit }
}

const FIVE = [
  ...[{ name: 'a' }, { name: 'b' }],
  ...[
    { name: 'c', group: 2 },
    { name: 'd', group: 2 },
    { name: 'z', backup: true },
  ],
]

test('what is as it is meant from the start is no news, and what is not known is none', () => {
  const { set, news } = start(FIVE)
  set('', STATE_STARTING)
  set('abcdz', STATE_UP)
  expect(news()).toEqual([])
})

test('each step to the next group, to backups, and back is told once', () => {
  const { set, news, groups, commit } = start(FIVE)
  set('abcdz', STATE_UP)
  set('a', STATE_DOWN)
  expect(news()).toEqual([[{ 1: 71, 2: 29 }, { 1: 100 }, false]])
  set('d', STATE_DOWN)
  groups.look()
  commit()
  groups.look()
  expect(news()).toEqual([])
  set('b', STATE_DOWN)
  expect(news()).toEqual([[{ 2: 100 }, { 1: 71, 2: 29 }, false]])
  set('c', STATE_DOWN)
  expect(news()).toEqual([[{ backup: 100 }, { 2: 100 }, false]])
  set('z', STATE_DOWN)
  expect(news()).toEqual([])
  set('ab', STATE_UP)
  expect(news()).toEqual([[{ 1: 100 }, { backup: 100 }, true]])
})

test('a backend whose servers are all alike is not looked at', () => {
  expect(start([{ name: 'a' }, { name: 'b' }]).groups.isAny).toBe(false)
  expect(start(FIVE).groups.isAny).toBe(true)
})
