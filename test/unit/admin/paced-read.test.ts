import { expect, test } from 'bun:test'
import { readBody } from '../../../server/admin/body.ts'
import { lateAfterMs, PACE, readPaced } from '../../../server/admin/paced-read.ts'
import type { Route } from '../../../server/admin/route.ts'

/** Gives these parts, and then nothing more, or an end. */
function bodyOf(
  parts: readonly string[],
  ends: boolean,
): { body: ReadableStream<Uint8Array>; left: () => boolean } {
  let isLeft = false
  const body = new ReadableStream<Uint8Array>({
    start(to) {
      for (const part of parts) to.enqueue(Buffer.from(part))
      if (ends) to.close()
    },
    cancel() {
      isLeft = true
    },
  })
  return { body, left: () => isLeft }
}

const SOON = { graceMs: 30, bytesPerMs: 1000 }

test('a body that comes is read, whatever its parts', async () => {
  expect(await readPaced(null, 10)).toEqual(new Uint8Array())
  expect(await readPaced(bodyOf(['ab', '', 'c'], true).body, 3)).toEqual(Buffer.from('abc'))
})

test('one that is larger than it may be is left', async () => {
  const { body, left } = bodyOf(['ab', 'cd'], false)
  expect(await readPaced(body, 3)).toBe('too_large')
  expect(left()).toBe(true)
})

test('one that does not go on is left', async () => {
  const { body, left } = bodyOf(['a', 'b'], false)
  expect(await readPaced(body, 10, SOON)).toBe('too_slow')
  expect(left()).toBe(true)
})

test('a byte now and then buys no time, the text of a large config does', () => {
  expect(lateAfterMs(0, PACE)).toBe(20_000)
  expect(lateAfterMs(100, PACE)).toBeLessThan(20_100)
  expect(lateAfterMs(16 * 1024 * 1024, PACE)).toBe(20_000 + 2_048_000)
})

test('who sends too slowly is told so, and the connection ends with it', async () => {
  const { body } = bodyOf(['{"name":'], false)
  const request = new Request('http://localhost/', { method: 'POST', body })
  const sent = await readBody(request, { method: 'POST', body: { type: 'object' } } as unknown as Route, SOON)
  const { refused } = sent as { refused: Response }
  expect([refused.status, refused.headers.get('connection')]).toEqual([408, 'close'])
  expect(await refused.json()).toMatchObject({ code: 'too_slow', status: 408 })
})

test('whoever goes in the midst of a body has met with no bug of ours', async () => {
  const body = new ReadableStream<Uint8Array>({
    start(to) {
      to.enqueue(Buffer.from('{"a'))
    },
    pull(to) {
      to.error(new Error('the connection was reset'))
    },
  })
  const request = new Request('http://localhost/', { method: 'POST', body })
  const sent = await readBody(request, { method: 'POST', body: { type: 'object' } } as unknown as Route)
  expect(await (sent as { refused: Response }).refused.json()).toMatchObject({ code: 'body_malformed' })
})
