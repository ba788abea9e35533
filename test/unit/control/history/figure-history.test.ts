import { expect, test } from 'bun:test'
import { Chunks } from '../../../../server/control/history/chunks.ts'
import {
  type Asked,
  queried,
  queriedSteps,
  type SeriesColumns,
} from '../../../../server/control/history/query.ts'
import { fromSmall, toSmall } from '../../../../server/control/history/small-floats.ts'
import { COUNTED } from '../../../../server/tables/figures.ts'
import { HistoryWorld, WALL_MS } from './history-world.ts'

const ask = (world: HistoryWorld, asked: Partial<Asked> = {}): ReturnType<typeof queried> =>
  queried(world.history, { kind: 'backend', name: null, windowS: 60, stepS: null, ...asked }, world.wallMs)

const columnsOf = (world: HistoryWorld, asked: Partial<Asked> = {}): SeriesColumns['columns'] =>
  ask(world, asked).series[0]?.columns ?? {}

const requestsOf = (world: HistoryWorld, asked: Partial<Asked> = {}): (number | null)[] => [
  ...(columnsOf(world, asked).requests ?? []),
]

const sum = (numbers: readonly (number | null)[]): number =>
  numbers.reduce<number>((all, one) => all + (one ?? 0), 0)

test('numbers of history are exact below 4096, and within 1 in 4096 up to a few terabytes', () => {
  for (let value = 0; value < 4096; value++) expect(fromSmall(toSmall(value))).toBe(value)
  for (let value = 4096; value < 4e12; value = Math.round(value * 1.0173)) {
    const kept = fromSmall(toSmall(value))
    expect(Math.abs(kept - value) / value).toBeLessThan(1 / 4096)
  }
  for (let power = 12; power <= 41; power++) {
    expect(fromSmall(toSmall(2 ** power))).toBe(2 ** power)
    expect(fromSmall(toSmall(2 ** power - 1)) / 2 ** power).toBeCloseTo(1, 3)
  }
  expect(toSmall(-5)).toBe(0)
  expect(toSmall(1e20)).toBe(65_535)
})

test('each second has what was counted in it, by listener, rule, backend, server and of all', () => {
  const world = new HistoryWorld()
  world.pass(1, () => world.requests(3))
  world.pass(1, () => world.requests(5, { status: '503', rule: 'other-rule' }))
  world.pass(3)
  for (const [kind, name] of [
    ['gateway', ''],
    ['listener', 'web'],
    ['backend', 'api'],
    ['server', 'api/http://a'],
  ] as const) {
    const { series } = ask(world, { kind })
    expect(series.map((one) => one.name)).toEqual([name])
    expect(series[0]!.columns.requests!.slice(-5)).toEqual([3, 5, 0, 0, 0])
    expect(series[0]!.columns.server_errors!.slice(-5)).toEqual([0, 5, 0, 0, 0])
  }
  const { series } = ask(world, { kind: 'rule' })
  expect(series.map(({ name }) => name)).toEqual(['other-rule', 'all'])
  expect(series[1]!.columns.requests!.slice(-5)).toEqual([3, 0, 0, 0, 0])
})

test('failures are told apart: of the client, of the server, and with no answer', () => {
  const world = new HistoryWorld()
  world.pass(1, () => {
    world.requests(1, { status: '404' })
    world.requests(2, { status: '502' })
    world.requests(4, { status: '-' })
    world.requests(8, { status: '499' })
    world.requests(16, { status: '301' })
  })
  const columns = columnsOf(world)
  expect(
    ['requests', 'client_errors', 'server_errors', 'aborted'].map((name) =>
      columns[name as 'requests']?.at(-1),
    ),
  ).toEqual([31, 1, 2, 12])
})

test('latencies are quantiles from the buckets, null where there was no request', () => {
  const world = new HistoryWorld()
  world.pass(1, () => {
    world.requests(90, { ms: 8 })
    world.requests(10, { ms: 80 })
  })
  world.pass(1)
  const { p50_ms, p95_ms, p99_ms } = columnsOf(world)
  // Half of 100 stand within 5…10 ms, of which there are 90; the 95th is the 5th of 10 within 50…100 ms.
  expect(p50_ms!.at(-2)).toBeCloseTo(5 + (50 / 90) * 5, 1)
  expect(p95_ms!.at(-2)).toBeCloseTo(75, 0)
  expect(p99_ms!.at(-2)).toBeCloseTo(95, 0)
  expect(p99_ms!.at(-1)).toBeNull()
  expect(columnsOf(world, { kind: 'server' }).p95_ms!.at(-2)).toBeCloseTo(75, 0)
})

test('steps put samples together: counts are added, p95 is the highest', () => {
  const world = new HistoryWorld()
  let second = 0
  world.pass(20, () => world.requests(1, { ms: second++ % 5 === 0 ? 400 : 8 }))
  const answer = ask(world, { stepS: 5, windowS: 20 })
  expect(answer.step_s).toBe(5)
  const columns = answer.series[0]!.columns
  expect(columns.requests!.slice(-3)).toEqual([5, 5, 5])
  for (const p95 of columns.p95_ms!.slice(-3)) expect(p95!).toBeGreaterThan(250)
  expect(columns.p50_ms!.at(-2)!).toBeLessThan(150)
})

test('what is older than five minutes is there in tens of seconds, and than two hours in minutes', () => {
  const world = new HistoryWorld()
  world.pass(3 * 3600, () => world.requests(2))
  expect(sum(requestsOf(world, { windowS: 300 }))).toBe(600)
  const hours = ask(world, { windowS: 7200 })
  expect(hours.resolution_s).toBe(10)
  expect(hours.series[0]!.columns.requests!.length).toBe(720)
  expect(hours.series[0]!.columns.requests!.slice(0, -1).every((one) => one === 20)).toBe(true)
  const day = ask(world, { windowS: 86_400 })
  expect(day.resolution_s).toBe(60)
  expect(sum(day.series[0]!.columns.requests!)).toBe(3 * 3600 * 2)
})

test('a time before the gateway was started is null, not zero', () => {
  const world = new HistoryWorld()
  world.pass(30, () => world.requests(1))
  const requests = requestsOf(world, { windowS: 60 })
  expect(requests.slice(0, 30).every((one) => one === null)).toBe(true)
  expect(requests.slice(30)).toEqual(Array.from({ length: 30 }, () => 1))
})

test('it rests when there is nothing to count, and what it has is not mistaken later for what is not', () => {
  const world = new HistoryWorld()
  world.pass(200, () => world.requests(1))
  world.pass(10)
  const ticks = world.seconds.length
  world.pass(3600)
  expect(world.seconds.length).toBe(ticks)
  expect(requestsOf(world, { windowS: 300 }).filter((one) => one !== 0)).toEqual([])
  expect(sum(requestsOf(world, { windowS: 7200 }))).toBe(200)
  world.pass(1, () => world.requests(7))
  expect(requestsOf(world, { windowS: 10 }).at(-1)).toBe(7)
  expect(sum(requestsOf(world, { windowS: 300 }))).toBe(7)
})

test('who watches has each second told, also while nothing happens', () => {
  const world = new HistoryWorld()
  world.isWatched = true
  world.history.wake()
  world.pass(20)
  expect(world.seconds.length).toBe(20)
  world.isWatched = false
  world.pass(20)
  expect(world.isWaiting).toBe(false)
})

test('a supervisor that was held up spreads what it finds over the seconds that it missed', () => {
  const world = new HistoryWorld()
  world.pass(3, () => world.requests(10))
  world.stall(4)
  world.requests(52)
  world.pass(1)
  const requests = requestsOf(world).slice(-8)
  expect(sum(requests)).toBe(82)
  expect(Math.max(...requests.map((one) => one ?? 0))).toBe(13)
})

test('a clock that is set back or ahead changes no count: times are told by the clock of now', () => {
  const world = new HistoryWorld()
  world.pass(10, () => world.requests(4))
  world.wallMs -= 7200_000
  world.pass(10, () => world.requests(4))
  const answer = ask(world, { windowS: 20 })
  expect(answer.series[0]!.columns.requests).toEqual(Array.from({ length: 20 }, () => 4))
  expect(Date.parse(answer.to)).toBe(Math.floor((WALL_MS - 7200_000 + 20_000) / 1000) * 1000)
  world.wallMs += 30 * 86_400_000
  world.pass(10, () => world.requests(4))
  expect(sum(requestsOf(world, { windowS: 30 }))).toBe(120)
})

test('ten minutes are told when the clock says so, and what is left when the gateway stops', () => {
  const world = new HistoryWorld()
  world.pass(300, () => world.requests(1))
  expect(world.tenMinutes).toEqual([])
  world.pass(2, () => world.requests(1))
  const [told] = world.tenMinutes
  expect(told!.beganS).toBe(Math.floor(WALL_MS / 600_000) * 600)
  const backend = told!.all.find(({ kind }) => kind === 'backend')
  expect(backend!.cells[COUNTED.indexOf('requests')]).toBe(300)
  world.history.end()
  const rest = world.tenMinutes[1]!
  expect(rest.beganS).toBe(told!.beganS + 600)
  expect(rest.all.find(({ kind }) => kind === 'backend')!.cells[COUNTED.indexOf('requests')]).toBe(2)
})

test('what was counted in the second in which the gateway stops is not lost', () => {
  const world = new HistoryWorld()
  world.pass(3, () => world.requests(1))
  world.requests(5)
  world.history.end()
  const backend = world.tenMinutes[0]!.all.find(({ kind }) => kind === 'backend')
  expect(backend!.cells[COUNTED.indexOf('requests')]).toBe(8)
})

test('ten minutes that end while it rests are told all the same', () => {
  const world = new HistoryWorld()
  world.pass(1, () => world.requests(9))
  world.pass(299)
  expect(world.tenMinutes).toEqual([])
  world.pass(2)
  expect(world.tenMinutes.length).toBe(1)
  expect(world.isWaiting).toBe(false)
})

test('beyond ten thousand names the rest is counted as other, until room is found', () => {
  const world = new HistoryWorld()
  const count = 12_000
  world.pass(1, () => {
    for (let i = 0; i < count; i++) world.requests(1, { rule: `rule-${i}` })
  })
  expect(world.history.size).toBeLessThanOrEqual(10_005)
  const rules = [...world.history.all('rule')]
  const other = rules.find(({ name }) => name === 'other')!
  expect(other.cells(0)[COUNTED.indexOf('requests')]).toBe(count - (rules.length - 1))
  // A day later nothing is kept of them: others find room.
  world.pass(1, () => world.requests(1, { rule: 'late' }))
  expect(world.history.known('rule', 'late')).toBeUndefined()
  world.stall(90_000)
  world.pass(2, () => world.requests(1, { rule: 'all' }))
  world.pass(61)
  world.pass(2, () => world.requests(1, { rule: 'later' }))
  expect(world.history.known('rule', 'later')).toBeDefined()
  expect(world.history.size).toBeLessThan(100)
}, 20_000)

test('memory has a limit: more series mean a shorter history, and that is said', () => {
  const chunks = new Chunks(40 * 1440)
  const lists = Array.from({ length: 20 }, () => new Int32Array(44).fill(-1))
  for (let number = 0; number < 3; number++) for (const list of lists) chunks.lend(0, number, list)
  expect(chunks.bytes).toBeLessThanOrEqual(512 * 1440)
  // Ten of the first level have room: those of the newest, and none before.
  expect(lists.filter((list) => list[2] !== -1).length).toBe(10)
  expect(lists.every((list) => list[0] === -1 && list[1] === -1)).toBe(true)
  expect(chunks.completeFrom(0)).toBe(3)
})

test('of many over a long time only the busiest are told: an answer has its bound, whoever asks', () => {
  const world = new HistoryWorld()
  world.pass(70, () => {
    if (world.seconds.length < 2) for (let i = 0; i < 600; i++) world.requests(i + 1, { rule: `r${i}` })
  })
  const short = ask(world, { kind: 'rule', windowS: 60 })
  expect([short.series.length, short.left_out]).toEqual([600, 0])
  const day = ask(world, { kind: 'rule', windowS: 86_400 })
  const steps = 86_400 / day.step_s
  expect(day.series.length).toBe(Math.floor(200_000 / steps))
  expect(day.series.length + day.left_out).toBe(600)
  expect(day.series.map(({ name }) => name)).toEqual(
    Array.from({ length: day.series.length }, (_, i) => `r${599 - i}`),
  )
})

test('of many series no more than 32 are looked at in one turn, and one is put together in each', () => {
  const world = new HistoryWorld()
  world.pass(1, () => {
    for (let i = 0; i < 320; i++) world.requests(1, { rule: `rule-${i}` })
  })
  const asked = { kind: 'rule', name: null, windowS: 60, stepS: null } as const
  const steps = queriedSteps(world.history, asked, world.wallMs)
  let turns = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) turns++
  expect(turns).toBe(10 + 320)
  expect(step.value).toEqual(queried(world.history, asked, world.wallMs))
})
