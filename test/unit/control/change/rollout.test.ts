import { expect, test } from 'bun:test'
import type { Edit } from '../../../../server/config/edit/values.ts'
import type { Served } from '../../../../server/control/change/apply.ts'
import type { Changed } from '../../../../server/control/change/changes.ts'
import { Rollout, type RolloutPlan } from '../../../../server/control/change/rollout.ts'
import type { Measured } from '../../../../server/control/change/worse.ts'
import { STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'

const GOOD: Measured = {
  ...{ seconds: 1, requests: 1000, server_errors: 0, p95_ms: 10, servers: 2, usable: 2 },
}

/** A backend whose servers are a list of names, edited as the config would be. */
function scene(plan: Partial<RolloutPlan> = {}) {
  const made = {
    servers: ['a', 'b', 'c'],
    revision: 1,
    down: new Set<string>(),
    measured: GOOD,
    told: [] as string[],
    paused: false,
    /** Called at each wait. */
    onSleep: (): void => {},
    most: 3,
    least: 3,
  }
  const texts = new Map([[1, made.servers]])
  const served = (): Served =>
    ({
      revision: made.revision,
      edition: {
        hash: made.servers.join(),
        config: { backends: { api: { servers: made.servers.map((url) => ({ url })) } } },
      },
    }) as unknown as Served
  const applied = (servers: string[]): Changed => {
    made.servers = servers
    texts.set(++made.revision, servers)
    made.most = Math.max(made.most, servers.length)
    made.least = Math.min(made.least, servers.length)
    return { is: 'applied', revision: made.revision, hash: servers.join() }
  }
  const rollout = new Rollout(
    {
      ...{ backend: 'api', added: ['x', 'y', 'z'].map((url) => ({ url })), removed: ['a', 'b', 'c'] },
      ...{ batchSize: 1, intervalMs: 2000, gateMs: 1000, pausesOnFailure: false, ...plan },
    },
    {
      served,
      edit: (edits: readonly Edit[]) => {
        const next = [...made.servers]
        for (const edit of edits) {
          const at = Number(edit.path.at(-1))
          if (edit.do === 'insert') next.splice(at, 0, (edit.to as { url: string }).url)
          else next.splice(at, 1)
        }
        return Promise.resolve(applied(next))
      },
      stateOf: (_, server) => (made.down.has(server) ? STATE_DOWN : STATE_UP),
      measure: () => Promise.resolve(made.measured),
      back: (revision) => Promise.resolve(applied(texts.get(revision) ?? [])),
      tell: (what) => made.told.push(what),
      sleep: () => Promise.resolve(made.onSleep()),
      onPause: (isPaused) => (made.paused = isPaused),
    },
  )
  return { made, rollout, applied }
}

test('new servers come and old ones go batch by batch, so that there are always enough', async () => {
  const { made, rollout } = scene()
  expect(await rollout.run()).toEqual({ end: 'done', why: null })
  expect(made.servers).toEqual(['x', 'y', 'z'])
  expect([made.least, made.most]).toEqual([3, 4])
  expect(made.told).toEqual([
    ...['1', '2', '3'].flatMap((number, index) => [
      `batch ${number} of 3: ${['x', 'y', 'z'][index]} added`,
      `batch ${number} of 3: ${['a', 'b', 'c'][index]} removed`,
    ]),
    'all batches are through',
  ])
})

test('batches of two take what there is, and the last one all that is left', async () => {
  const { made, rollout } = scene({ batchSize: 2, removed: ['a'] })
  expect((await rollout.run()).end).toBe('done')
  expect(made.servers.toSorted()).toEqual(['b', 'c', 'x', 'y', 'z'])
})

test('a new server that is not up in time takes all of it back', async () => {
  const { made, rollout } = scene()
  made.down.add('y')
  expect(await rollout.run()).toEqual({ end: 'failed', why: 'not up after 1 s: y; taken back' })
  expect(made.servers).toEqual(['a', 'b', 'c'])
})

test('figures that get worse take all of it back', async () => {
  const { made, rollout } = scene()
  made.onSleep = () => {
    if (made.servers.includes('x')) made.measured = { ...GOOD, server_errors: 400 }
  }
  expect(await rollout.run()).toMatchObject({
    end: 'failed',
    why: '5xx rose from 0 % of 1000 to 40 % of 1000 requests; taken back',
  })
  expect(made.servers).toEqual(['a', 'b', 'c'])
})

test('what goes wrong may wait for somebody, and goes on with the step that failed', async () => {
  const { made, rollout } = scene({ pausesOnFailure: true })
  made.down.add('x')
  made.onSleep = () => {
    if (!made.paused) return
    made.down.clear()
    rollout.wish('go')
  }
  expect((await rollout.run()).end).toBe('done')
  expect(made.told).toContain('paused: not up after 1 s: x')
  expect(made.servers).toEqual(['x', 'y', 'z'])
})

test('it is paused, goes on, is ended and is taken back as somebody says', async () => {
  const paused = scene()
  let waits = 0
  paused.rollout.wish('pause')
  paused.made.onSleep = () => {
    if (++waits === 5) {
      expect([paused.made.paused, paused.made.servers]).toEqual([true, ['a', 'b', 'c']])
      paused.rollout.wish('go')
    }
  }
  expect((await paused.rollout.run()).end).toBe('done')
  const ended = scene()
  ended.made.onSleep = () => void ended.rollout.wish('abort')
  expect(await ended.rollout.run()).toMatchObject({ end: 'aborted' })
  expect(ended.made.servers).toEqual(['b', 'c', 'x'])
  const back = scene()
  back.made.onSleep = () => void back.rollout.wish('roll_back')
  expect(await back.rollout.run()).toMatchObject({ end: 'aborted' })
  expect(back.made.servers).toEqual(['a', 'b', 'c'])
})

test('another change meanwhile is never written over: it ends, and nothing is taken back', async () => {
  const { made, rollout, applied } = scene()
  made.onSleep = () => {
    made.onSleep = () => {}
    applied(['of', 'another'])
  }
  expect(await rollout.run()).toMatchObject({
    end: 'failed',
    why: expect.stringContaining('nothing was taken back') as unknown as string,
  })
  expect(made.servers).toEqual(['of', 'another'])
})
