import { afterEach, expect, test } from 'bun:test'
import { startAdmin } from '../../../server/admin/admin.ts'
import { GivesWay } from '../../../server/admin/gives-way.ts'

/** A door of which is written down what is done with it. */
function doorAt(limit: number): {
  done: string[]
  way: GivesWay
  used: (used: number, byOthers?: number) => string[]
  pass: (ms: number) => void
  fails: (does: boolean) => void
} {
  const done: string[] = []
  let [used, others, nowMs, fails] = [10, 0, 0, false]
  const way = new GivesWay({
    ...{ address: '127.0.0.1:1', port: 1 },
    door: {
      close: () => done.push('close'),
      end: () => done.push('end'),
      open: () => {
        if (fails) throw new Error('EADDRINUSE')
        done.push('open')
      },
    },
    descriptors: { used: () => used, limit: () => limit, at: () => used - others },
    nowMs: () => nowMs,
  })
  return {
    ...{ done, way },
    used: (now, byOthers = 0) => {
      used = now
      others = byOthers
      way.look()
      return done.splice(0)
    },
    pass: (ms) => (nowMs += ms),
    fails: (does) => (fails = does),
  }
}

test('it closes when three quarters are in use, ends all when that does not help, and opens again with room', () => {
  const { used, pass } = doorAt(100)
  expect(used(75)).toEqual([])
  expect(used(76)).toEqual(['close'])
  expect(used(76)).toEqual(['end'])
  expect(used(20)).toEqual([])
  pass(10_000)
  expect(used(51)).toEqual([])
  expect(used(50)).toEqual(['open'])
  expect(used(50)).toEqual([])
  expect(used(100)).toEqual(['close'])
})

test('what the gateway has for its own listeners shuts nobody out: who connects has a share of the rest', () => {
  const { used, pass } = doorAt(1000)
  expect(used(823, 820)).toEqual([])
  expect(used(955, 820)).toEqual([])
  expect(used(956, 820)).toEqual(['close'])
  expect(used(956, 820)).toEqual(['end'])
  pass(10_000)
  expect(used(911, 820)).toEqual([])
  expect(used(910, 820)).toEqual(['open'])
})

test('where its port is taken it tries again', () => {
  const { used, pass, fails } = doorAt(100)
  expect(used(90)).toEqual(['close'])
  pass(10_000)
  fails(true)
  expect(used(10)).toEqual([])
  fails(false)
  expect(used(10)).toEqual(['open'])
})

test('without a limit it stays open', () => {
  expect(doorAt(Number.POSITIVE_INFINITY).used(1_000_000)).toEqual([])
})

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

test('an admin listener that has made way opens at the port that it had, and one that is stopped does not', async () => {
  let [used, nowMs] = [90, 0]
  const descriptors = { used: () => used, limit: () => 100, at: () => used }
  const admin = startAdmin({
    bind: '127.0.0.1:0',
    shell: { answer: () => Promise.resolve(new Response('here')) },
    scarcity: { descriptors, nowMs: () => nowMs },
  })
  if ('problem' in admin) throw new Error(admin.problem)
  stops.push(() => admin.stop())
  const asked = (): Promise<string> =>
    fetch(`http://${admin.address}/`).then(
      (answer) => answer.text(),
      () => 'refused',
    )
  expect(await asked()).toBe('here')
  const before = admin.server
  admin.look?.()
  admin.look?.()
  expect(await asked()).toBe('refused')
  nowMs = 10_000
  used = 10
  admin.look?.()
  expect(await asked()).toBe('here')
  expect(admin.server).not.toBe(before)
  used = 90
  admin.look?.()
  admin.stop()
  nowMs = 20_000
  used = 10
  admin.look?.()
  expect(await asked()).toBe('refused')
})
