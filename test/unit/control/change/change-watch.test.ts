import { expect, test } from 'bun:test'
import { ChangeWatch, type Watched } from '../../../../server/control/change/change-watch.ts'
import type { Measured } from '../../../../server/control/change/worse.ts'

const GOOD: Measured = {
  ...{ seconds: 5, requests: 1000, server_errors: 0, p95_ms: 10, servers: 2, usable: 2 },
}

/** A watch whose clock a test moves. */
function scene() {
  const made = {
    after: GOOD,
    isServed: true,
    canTakeBack: true,
    takenBack: [] as string[],
    seconds: [] as number[],
  }
  let nowMs = 0
  let act: (() => Promise<void>) | null = null
  const watch = new ChangeWatch({
    measure: (seconds) => {
      made.seconds.push(seconds)
      return Promise.resolve(made.after)
    },
    isServed: () => made.isServed,
    takeBack: (_, why) => {
      made.takenBack.push(why)
      return Promise.resolve(made.canTakeBack)
    },
    every: (_, look) => {
      act = look
      return () => (act = null)
    },
    nowMs: () => nowMs,
  })
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms
    await act?.()
  }
  return { made, watch, pass, isLooking: () => act !== null }
}

const CHANGE = { revision: 2, hash: 'b', windowMs: 5000, before: GOOD }

test('a change that is as good as before is kept when its time is over, and not before', async () => {
  const { made, watch, pass, isLooking } = scene()
  let ended: Watched | null = null
  const watched = watch.begin(CHANGE).then((one) => (ended = one))
  for (let second = 1; second <= 4; second++) {
    await pass(1000)
    expect(ended).toBeNull()
  }
  await pass(1000)
  expect(await watched).toEqual({ outcome: 'kept', why: null, before: GOOD, after: GOOD })
  expect(isLooking()).toBe(false)
  // Only what was served of it is measured.
  expect(made.seconds).toEqual([1, 1, 2, 3, 4])
  expect(made.takenBack).toEqual([])
})

test('one that is worse is taken back at once, with the figures', async () => {
  const { made, watch, pass } = scene()
  const watched = watch.begin(CHANGE)
  await pass(1000)
  made.after = { ...GOOD, server_errors: 500 }
  await pass(1000)
  expect(made.takenBack).toEqual(['5xx rose from 0 % of 1000 to 50 % of 1000 requests, within 2 s'])
  expect(await watched).toMatchObject({ outcome: 'reverted', after: { server_errors: 500 } })
})

test('it is said when it could not be taken back', async () => {
  const { made, watch, pass } = scene()
  made.canTakeBack = false
  const watched = watch.begin(CHANGE)
  made.after = { ...GOOD, usable: 0 }
  await pass(3000)
  expect(await watched).toMatchObject({ outcome: 'not_reverted' })
})

test('another text that is served ends it without a verdict', async () => {
  const { made, watch, pass } = scene()
  const watched = watch.begin(CHANGE)
  made.isServed = false
  made.after = { ...GOOD, server_errors: 500 }
  await pass(3000)
  expect(await watched).toMatchObject({ outcome: 'superseded' })
  expect(made.takenBack).toEqual([])
})

test('a second change that is watched ends the watch of the first', async () => {
  const { watch, pass } = scene()
  const first = watch.begin(CHANGE)
  await pass(1000)
  const second = watch.begin({ ...CHANGE, revision: 3, hash: 'c' })
  expect(await first).toMatchObject({ outcome: 'superseded', why: 'another text is served' })
  await pass(5000)
  expect(await second).toMatchObject({ outcome: 'kept' })
})
