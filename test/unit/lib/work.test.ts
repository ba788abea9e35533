import { afterAll, beforeAll, expect, test } from 'bun:test'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { stopWork, work, type Work } from '../../../server/lib/work.ts'
import { waitFor } from '../../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** Keeps the processor for a while. */
function burn(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

function makeJob(steps: number, said: (left: number) => void, ms = 0): Work & { left: number } {
  return {
    left: steps,
    step() {
      burn(ms)
      this.left--
      said(this.left)
      return this.left > 0
    },
    failed: () => said(-1),
  }
}

test('what is short is done at once; what is long goes on in the next turns, others in between', async () => {
  const turns: number[] = []
  let turn = 0
  const each = setInterval(() => turn++, 0)
  const short = makeJob(3, () => {})
  work(short)
  expect(short.left).toBe(0)
  const long = makeJob(40, () => void turns.push(turn), 0.5)
  work(long)
  expect(long.left).toBeGreaterThan(0)
  await waitFor(() => long.left === 0)
  clearInterval(each)
  expect(turn).toBeGreaterThan(1)
})

test('jobs take turns: who has little to do is not behind who has much', async () => {
  const order: string[] = []
  const jobs = ['a', 'b', 'c'].map((name) => makeJob(name === 'c' ? 2 : 30, () => void order.push(name), 0.4))
  for (const job of jobs) work(job)
  await waitFor(() => jobs.every(({ left }) => left === 0))
  expect(order.lastIndexOf('c')).toBeLessThan(order.length / 2)
  expect(order).toHaveLength(62)
})

test('a job that is stopped does nothing further; one that throws is told and hurts no other', async () => {
  const said: number[] = []
  const stopped = makeJob(1000, (left) => void said.push(left), 0.5)
  work(stopped)
  stopWork(stopped)
  const seen = said.length
  const bad: Work = {
    step: () => {
      throw new Error('no')
    },
    failed: () => void said.push(-7),
  }
  work(bad)
  const good = makeJob(20, () => {}, 0.3)
  work(good)
  await waitFor(() => good.left === 0 && said.includes(-7))
  expect(said.filter((left) => left !== -7)).toHaveLength(seen)
  expect(bugs.map(String)).toEqual(['Error: no'])
})
