import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBounded } from '../../../server/lib/read-bounded.ts'

test('what is no regular file is refused at once, and said to be what it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bounded-'))
  const pipe = join(folder, 'pipe')
  Bun.spawnSync(['mkfifo', pipe])
  expect(() => readBounded(pipe, 100)).toThrow('a pipe')
  expect(() => readBounded(folder, 100)).toThrow('a folder')
  expect(() => readBounded('/dev/zero', 100)).toThrow('a device')
  rmSync(folder, { recursive: true })
})

test('files of /proc, whose size is 0, are read', () => {
  expect(readBounded('/proc/self/stat', 10_000).length).toBeGreaterThan(10)
})
