import { expect, test } from 'bun:test'
import { LineCounts } from '../../../server/admin/line-counts.ts'
import type { Revision } from '../../../server/control/store/revisions.ts'

const revision = (number: number): Revision => ({ number, hash: `h${number}` }) as Revision

test('those who ask at the same time have each pair of texts compared once', async () => {
  const texts = ['', 'a\nb\n', 'a\nc\n', 'a\nc\nd\n']
  const read: number[] = []
  const counts = new LineCounts()
  const ask = () =>
    counts.of([3, 2, 1].map(revision), async (number) => {
      read.push(number)
      return { text: texts[number] ?? '' }
    })
  const told = [
    { removed: 0, added: 1 },
    { removed: 1, added: 1 },
  ]
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([told, told, told])
  expect(read).toEqual([2, 3, 1, 2])
})

test('who asks behind one whose texts could not be read is answered all the same', async () => {
  const counts = new LineCounts()
  const broken = counts.of([2, 1].map(revision), () => Promise.reject(new Error('no store')))
  const whole = counts.of([2, 1].map(revision), async (number) => ({ text: `${number}\n` }))
  await expect(broken).rejects.toThrow('no store')
  expect(await whole).toEqual([{ removed: 1, added: 1 }])
})
