import { afterEach, expect, mock, spyOn, test } from 'bun:test'
import * as clock from '../../../server/lib/clock.ts'

afterEach(() => {
  mock.restore()
  clock.tick()
})

test('the time stands between two ticks', () => {
  const at = clock.tick()
  spyOn(performance, 'now').mockReturnValue(at + 5000)
  expect(clock.nowMs).toBe(at)
  expect(clock.tick()).toBe(at + 5000)
  expect(clock.nowMs).toBe(at + 5000)
})

test('a few events of a turn share one reading, and the first of the next does not', () => {
  let at = clock.tick()
  const readings = spyOn(performance, 'now').mockImplementation(() => ++at)
  clock.beginTurn()
  const seen = Array.from({ length: 20 }, () => {
    clock.tickOfTurn()
    return clock.nowMs
  })
  expect(readings.mock.calls).toHaveLength(3)
  expect(new Set(seen).size).toBe(3)
  clock.beginTurn()
  clock.tickOfTurn()
  expect(clock.nowMs).toBe(at)
  expect(readings.mock.calls).toHaveLength(4)
})

test('a Date line is an IMF-fixdate of now, CRLF included (RFC 9110 §5.6.7)', () => {
  // Whole seconds, looked at once a second.
  const beforeMs = Date.now() - 2000
  clock.tick()
  const line = clock.dateLine().toString()
  expect(line).toMatch(
    /^Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT\r\n$/,
  )
  expect(Date.parse(line.slice(6))).toBeWithin(beforeMs, Date.now() + 1)
})

test('a Date line is made once a second', () => {
  const second = Math.floor(clock.tick() / 1000) * 1000 + 60_000
  const lineAt = (ms: number): Buffer => {
    spyOn(performance, 'now').mockReturnValue(ms)
    clock.tick()
    return clock.dateLine()
  }
  const first = lineAt(second)
  expect(lineAt(second + 999)).toBe(first)
  expect(lineAt(second + 1000)).not.toBe(first)
})

test('seconds since 1970 go with a clock that is set', () => {
  const hourMs = 3_600_000
  const atMs = Date.now() + hourMs
  spyOn(Date, 'now').mockReturnValue(atMs)
  clock.tick()
  expect(clock.unixSeconds()).toBe(Math.floor(atMs / 1000))
})

test('two clocks are compared by the look between them that was held up least', () => {
  // Ours is at 0 when the other is at 1000; some looks are held up before or behind the other's reading.
  let now = 0
  let look = 0
  const held = [9, 4, 0, 7]
  const ours = (): number => now
  const other = (): number => {
    const heldMs = held[look++ % held.length]!
    now += heldMs
    const there = now + 1000
    now += 0.5 * heldMs
    return there
  }
  expect(clock.between(ours, other)).toBe(1000)
  expect(look).toBeGreaterThan(held.length)
})

test('all processes of the machine share a clock, whenever each of them began', async () => {
  const module = new URL('../../../server/lib/clock.ts', import.meta.url).pathname
  const code = `const { machineMs, tick } = await import('${module}'); tick(); console.log(machineMs())`
  const sharedMs = (): number => {
    clock.tick()
    return clock.machineMs()
  }
  const before = sharedMs()
  const other = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe', stderr: 'inherit' })
  expect(Number(await other.stdout.text())).toBeWithin(before, sharedMs())
})
