import { expect, test } from 'bun:test'
import { DemandMishaps } from '../../../../server/control/acme/demand-mishaps.ts'

function mishaps() {
  const clock = { nowMs: 1_800_000_000_000 }
  const told: string[] = []
  const one = new DemandMishaps(
    (level, event, fields) => void told.push(`${level} ${event} ${String(fields?.['hint'] ?? '')}`),
    () => clock.nowMs,
  )
  return { clock, told, one }
}

const full = (): Error =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

test('a full disk is no bug: it is told with what to do, once an hour, however many names are asked for', () => {
  const { clock, told, one } = mishaps()
  for (let n = 0; n < 100; n++) one.tell(full())
  expect(told).toEqual([
    expect.stringMatching(/^warn on_demand_failed make room on its disk, in the folder "data"/),
  ])
  one.tell(Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' }))
  expect(told).toHaveLength(2)
  clock.nowMs += 3_600_000
  one.tell(full())
  expect(told).toHaveLength(3)
  // The clock is set back by a day.
  clock.nowMs -= 86_400_000
  one.tell(full())
  expect(told).toHaveLength(4)
})

test('what is one is told as one, each time', () => {
  const { told, one } = mishaps()
  for (let n = 0; n < 2; n++) one.tell(new TypeError('undefined is not a function'))
  expect(told).toEqual(['error bug ', 'error bug '])
})
