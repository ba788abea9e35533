import { afterAll, beforeEach, expect, test } from 'bun:test'
import { tellBug, tellBugsTo, tellLeftOut } from '../../../server/lib/bug.ts'

let told: { readonly message: string; readonly leftOut: number }[] = []
beforeEach(() => {
  told = []
  tellBugsTo((error, leftOut) => told.push({ message: (error as Error).message, leftOut }))
})
afterAll(() => tellBugsTo((error) => void process.stderr.write(`bug: ${String(error)}\n`)))

const bug = (message: string): Error => new Error(message)

test('of a bug that happens a thousand times a second three are told, and how many were left out', () => {
  for (let i = 0; i < 1000; i++) tellBug(bug('one'))
  expect(told).toEqual(Array.from({ length: 3 }, () => ({ message: 'one', leftOut: 0 })))
  tellLeftOut()
  expect(told.slice(3)).toEqual([{ message: 'one', leftOut: 997 }])
})

test('a frequent bug does not hide a rare one', () => {
  for (let i = 0; i < 100; i++) tellBug(bug('often'))
  tellBug(bug('once'))
  expect(told.at(-1)).toEqual({ message: 'once', leftOut: 0 })
  tellLeftOut()
  expect(told.slice(4)).toEqual([{ message: 'often', leftOut: 97 }])
})

test('after a second with some left out, the next ones are told again', () => {
  for (let i = 0; i < 5; i++) tellBug(bug('again'))
  tellLeftOut()
  tellBug(bug('again'))
  expect(told.slice(3)).toEqual([
    { message: 'again', leftOut: 2 },
    { message: 'again', leftOut: 0 },
  ])
})

test('bugs of endlessly many kinds share one bound', () => {
  for (let i = 0; i < 5000; i++) tellBug(bug(`kind ${i}`))
  tellLeftOut()
  expect(told.length).toBeLessThan(120)
  const leftOut = told.reduce((sum, { leftOut: n }) => sum + n, 0)
  const plain = told.filter(({ leftOut: n }) => n === 0).length
  expect(leftOut + plain).toBe(5000)
})
