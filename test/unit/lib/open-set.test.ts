import { expect, test } from 'bun:test'
import { OpenSet } from '../../../server/lib/open-set.ts'
import { waitFor } from '../../support/wait.ts'

function drained(open: OpenSet<string>, withinMs: number): (readonly string[])[] {
  const heard: (readonly string[])[] = []
  open.drain(withinMs, (rest) => {
    heard.push(rest)
    // Whoever is broken off leaves the set: that is no second end.
    for (const one of rest) open.delete(one)
  })
  return heard
}

test('where nothing is open the end is at once', () => {
  expect(drained(new OpenSet(), 3_600_000)).toEqual([[]])
})

test('the last that leaves is the end, once, and whoever is not there leaves nothing', () => {
  const open = new OpenSet<string>()
  open.add('a')
  open.add('b')
  const heard = drained(open, 3_600_000)
  for (const one of ['c', 'a', 'a']) open.delete(one)
  expect([open.has('a'), open.has('b')]).toEqual([false, true])
  expect(heard).toEqual([])
  open.delete('b')
  open.add('late')
  open.delete('late')
  expect(heard).toEqual([[]])
})

test('what is open when the time is over is told', async () => {
  const open = new OpenSet<string>()
  open.add('a')
  open.add('b')
  const heard = drained(open, 1)
  await waitFor(() => heard.length > 0)
  expect([heard, open.size]).toEqual([[['a', 'b']], 0])
})

test('without a drain it only counts', () => {
  const open = new OpenSet<string>()
  open.add('a')
  expect([...open]).toEqual(['a'])
  open.delete('a')
  expect(open.size).toBe(0)
})
