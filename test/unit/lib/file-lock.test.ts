import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeLock } from '../../../server/lib/file-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'file-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a lock is had by one at a time', () => {
  const file = join(folder, 'new', 'lock')
  const held = takeLock(file)
  expect(held).not.toBeNull()
  expect(takeLock(file)).toBeNull()
  held?.release()
  takeLock(file)?.release()
  expect(takeLock(file)).not.toBeNull()
})

test('a lock is free again when its holder is killed', async () => {
  const file = join(folder, 'lock-of-another')
  const source = join(import.meta.dir, '../../../server/lib/file-lock.ts')
  const script = `const { takeLock } = await import(${JSON.stringify(source)}); takeLock(${JSON.stringify(file)}); console.log('held'); setInterval(() => {}, 1000)`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stdin: 'ignore' })
  for await (const piece of child.stdout) if (Buffer.from(piece).includes('held')) break
  expect(takeLock(file)).toBeNull()
  child.kill('SIGKILL')
  await child.exited
  expect(takeLock(file)).not.toBeNull()
})

test('its holder says who it is, and what was said before is gone', () => {
  const file = join(folder, 'said')
  const held = takeLock(file)
  held?.say('a long line of one that had it before')
  held?.say('short')
  expect(readFileSync(file, 'utf8')).toBe('short\n')
  held?.release()
})

test('a file that was removed keeps nobody out, and the next one has the lock of the new file', () => {
  const file = join(folder, 'removed')
  const first = takeLock(file)
  rmSync(file)
  const second = takeLock(file)
  expect(second).not.toBeNull()
  expect(takeLock(file)).toBeNull()
  // That of another one is left alone.
  first?.remove()
  expect(existsSync(file)).toBe(true)
  second?.remove()
  expect(existsSync(file)).toBe(false)
})
