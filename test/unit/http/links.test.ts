import { expect, test } from 'bun:test'
import { linked, type LinkOwner } from '../../../server/http/links.ts'
import type { BodySink, BodyTransform } from '../../../server/middleware/middleware.ts'

test('a transform that waits for the one behind it hears that this takes more again', () => {
  const told: string[] = []
  const owner: LinkOwner = {
    isFull: false,
    out: (bytes, from, to) => void told.push(bytes.toString('latin1', from, to)),
    outEnd: () => void told.push('end'),
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
    countKept: () => {},
    fail: () => {},
    refuse: () => {},
  }
  let sink: BodySink | null = null
  const held: Buffer[] = []
  const first: BodyTransform = {
    push: (bytes, from, to, next) => {
      if (next.isFull) held.push(Buffer.from(bytes.subarray(from, to)))
      else next.write(bytes, from, to)
    },
    drained: (next) => {
      for (const bytes of held.splice(0)) next.write(bytes, 0, bytes.length)
    },
    end: (next) => next.end(),
  }
  const second: BodyTransform = {
    push: (bytes, from, to, next) => {
      sink = next
      next.write(bytes, from, to)
      next.pause()
    },
    end: (next) => next.end(),
  }
  const [link] = linked(owner, [first, second])
  for (const text of ['a', 'b']) link?.push(Buffer.from(text), 0, 1)
  expect([told, held.length]).toEqual([['a', 'pause'], 1])
  ;(sink as unknown as BodySink).resume()
  expect(told.filter((one) => one.length === 1)).toEqual(['a', 'b'])
  expect(held).toEqual([])
  link?.finish()
  expect(told.at(-1)).toBe('end')
})
