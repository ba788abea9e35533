import { expect, test } from 'bun:test'
import { LimitNews } from '../../../server/telemetry/limit-news.ts'
import { Registry } from '../../../server/telemetry/registry.ts'

function scene(): { news: LimitNews; told: () => object[]; pass: () => void } {
  const told: object[] = []
  let waiting: (() => void)[] = []
  const news = new LimitNews(
    new Registry(),
    (_, event, facts) => void told.push({ event, ...facts }),
    (act) => void waiting.push(act),
  )
  const pass = (): void => {
    const due = waiting
    waiting = []
    for (const act of due) act()
  }
  return { news, told: () => told.splice(0), pass }
}

test('what is refused is told at once, and the rest when its time is over, though no more comes', () => {
  const { news, told, pass } = scene()
  const event = { event: 'limit_reached', limit: 'backends.a.queue.size' }
  for (let i = 0; i < 4; i++) news.reached(event.limit, i)
  expect(told()).toEqual([{ ...event, value: 0, refused: 1 }])
  pass()
  expect(told()).toEqual([{ ...event, value: 3, refused: 3 }])
  pass()
  pass()
  expect(told()).toEqual([])
  news.reached(event.limit, 7)
  expect(told()).toEqual([{ ...event, value: 7, refused: 1 }])
})

test('a limit that refuses nothing is told with what it does', () => {
  const { news, told } = scene()
  news.reached('limits.rate_limits', 1024)
  news.reached('limits.compress', 1024)
  expect(told()).toEqual([
    { event: 'limit_reached', limit: 'limits.rate_limits', value: 1024, evicted: 1 },
    { event: 'limit_reached', limit: 'limits.compress', value: 1024, uncompressed: 1 },
  ])
})

test('a limit that mostly lets one go in place of another is told as that, beside what it refuses', () => {
  const { news, told, pass } = scene()
  const event = { event: 'limit_reached', limit: 'listeners.dns.limits.flows' }
  for (let i = 0; i < 3; i++) news.reached(event.limit, 500, 'evicted')
  news.reached(event.limit, 500)
  expect(told()).toEqual([
    { ...event, value: 500, evicted: 1 },
    { ...event, value: 500, refused: 1 },
  ])
  pass()
  expect(told()).toEqual([{ ...event, value: 500, evicted: 2 }])
})

test('each proxy with a wrong header is told; of very many those that are more share one place', () => {
  const { news, told, pass } = scene()
  for (const proxy of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) news.headerRefused('web', 'malformed', proxy)
  expect(told()).toMatchObject([
    { proxy: '192.0.2.1', refused: 1 },
    { proxy: '192.0.2.2', refused: 1 },
  ])
  for (let i = 0; i < 1000; i++) news.headerRefused('web', 'malformed', `10.0.${i >> 8}.${i & 255}`)
  expect(told().length).toBe(255)
  pass()
  expect(told()).toMatchObject([
    { proxy: '192.0.2.1', refused: 1 },
    { proxy: '10.0.3.231', refused: 745 },
  ])
})
