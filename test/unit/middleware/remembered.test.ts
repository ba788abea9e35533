import { expect, test } from 'bun:test'
import type { AsksWeb } from '../../../server/http/web-words.ts'
import { type Failed, isFailed, Remembered } from '../../../server/middleware/remembered.ts'

const WEB = {} as AsksWeb

function scene() {
  let now = 0
  const asked: ((told: { n: number } | Failed) => void)[] = []
  const news: (string | null)[] = []
  const remembered = new Remembered<{ n: number }>({
    ask: () => new Promise((resolve) => asked.push(resolve)),
    freshMs: 1000,
    pauseMs: 100,
    now: () => now,
    told: (failure) => void news.push(failure?.why ?? null),
  })
  return { remembered, asked, news, wait: (ms: number) => void (now += ms) }
}

test('it is asked for once by all who need it at first, then known at once', async () => {
  const { remembered, asked } = scene()
  const both = [remembered.get(WEB), remembered.get(WEB)]
  expect(asked.length).toBe(1)
  asked[0]?.({ n: 1 })
  expect(await Promise.all(both)).toEqual([{ n: 1 }, { n: 1 }])
  expect(remembered.get(WEB)).toEqual({ n: 1 })
})

test('an old one is good while it is asked for again, and after that fails', async () => {
  const { remembered, asked, news, wait } = scene()
  const first = remembered.get(WEB)
  asked[0]?.({ n: 1 })
  await first
  wait(1000)
  expect(remembered.get(WEB)).toEqual({ n: 1 })
  expect(remembered.get(WEB)).toEqual({ n: 1 })
  expect(asked.length).toBe(2)
  asked[1]?.({ is: 'failure', why: 'gone' })
  await Promise.resolve()
  await Promise.resolve()
  expect(remembered.get(WEB)).toEqual({ n: 1 })
  expect([asked.length, news]).toEqual([2, ['gone']])
  wait(100)
  void remembered.get(WEB)
  asked[2]?.({ n: 2 })
  await Promise.resolve()
  await Promise.resolve()
  expect([remembered.get(WEB), news]).toEqual([{ n: 2 }, ['gone', null]])
})

test('where nothing is known it is not asked for by each request anew', async () => {
  const { remembered, asked, wait } = scene()
  const first = remembered.get(WEB)
  asked[0]?.({ is: 'failure', why: 'gone' })
  expect(isFailed(await first)).toBe(true)
  for (let i = 0; i < 50; i++) expect(await remembered.get(WEB)).toEqual({ is: 'failure', why: 'gone' })
  expect(asked.length).toBe(1)
  wait(100)
  void remembered.get(WEB)
  expect(asked.length).toBe(2)
})

test('who asks and throws has failed', async () => {
  const remembered = new Remembered<object>({
    ask: () => Promise.reject(new Error('a bug')),
    freshMs: 1,
    pauseMs: 1,
    now: () => 0,
    told: () => {},
  })
  expect(await remembered.get(WEB)).toEqual({ is: 'failure', why: 'a bug' })
})
