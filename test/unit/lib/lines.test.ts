import { expect, test } from 'bun:test'
import { LineCutter } from '../../../server/lib/lines.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('lines come out whole, however their bytes arrive', () => {
  const text = 'a\n\nlönger ✓ line\nlast'
  for (const size of [1, 2, 3, 7, 100]) {
    const cutter = new LineCutter()
    const all = bytes(text)
    const lines: string[] = []
    for (let at = 0; at < all.length; at += size) lines.push(...cutter.take(all.subarray(at, at + size)))
    expect(lines).toEqual(['a', '', 'lönger ✓ line'])
    expect(cutter.take(bytes('!\n'))).toEqual(['last!'])
  }
})

test('what waits is a copy', () => {
  const cutter = new LineCutter()
  const reused = bytes('begun')
  expect(cutter.take(reused)).toEqual([])
  reused.fill(0)
  expect(cutter.take(bytes(' and done\n'))).toEqual(['begun and done'])
})
