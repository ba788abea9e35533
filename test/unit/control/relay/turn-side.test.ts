import { expect, test } from 'bun:test'
import type { TurnKeeper } from '../../../../server/control/relay/turn-keeper.ts'
import { TurnSide } from '../../../../server/control/relay/turn-side.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { turnListener } from '../../../support/turn-config.ts'
import { configOf } from './turn-config.ts'

const WITHOUT = configOf({ web: { protocol: 'http', bind: ':80' } })
const WITH_TURN = configOf({ turn: turnListener() })
const PLAN = {} as PlanBody
const told = (): [] => []

test('nothing is loaded before the first turn listener, then once', async () => {
  const notes: string[] = []
  const note = (text: string): Promise<[]> => {
    notes.push(text)
    return Promise.resolve([])
  }
  const keeper = {
    doorOf: () => '/door',
    stage: () => note('stage'),
    prepare: () => note('prepare'),
    commit: () => note('commit'),
    drop: () => void note('drop'),
  } as unknown as TurnKeeper
  const side = new TurnSide(() => {
    notes.push('load')
    return Promise.resolve(keeper)
  }, told)
  const walk = async (config: typeof WITHOUT): Promise<string | null> => {
    const door = await side.doorOf(config)
    expect(await side.stage({ config, from: 'file' })).toEqual([])
    expect(await side.ask(PLAN)).toEqual([])
    await side.commit()
    return door
  }
  expect(await walk(WITHOUT)).toBeNull()
  side.drop()
  expect(side.keeper).toBeNull()
  expect(notes).toEqual([])

  expect(await walk(WITH_TURN)).toBe('/door')
  expect(notes.splice(0)).toEqual(['load', 'stage', 'prepare', 'commit'])
  await walk(WITHOUT)
  expect(notes.splice(0)).toEqual(['stage', 'prepare', 'commit'])
  expect(side.keeper).toBe(keeper)
  side.drop()
  expect(notes).toEqual(['drop'])
})
