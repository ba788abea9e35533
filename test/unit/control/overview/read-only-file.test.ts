// Whether a change could be written into the config file.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isReadOnly } from '../../../../server/control/overview/file-on-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-read-only-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file that was removed is not read-only: another can be put in its place', () => {
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, '')
  expect(isReadOnly(file)).toBe(false)
  rmSync(file)
  expect(isReadOnly(file)).toBe(false)
  symlinkSync('nowhere.yaml', file)
  expect(isReadOnly(file)).toBe(false)
})

test('a file in a folder that is not there is', () => {
  expect(isReadOnly(join(folder, 'none', 'sluice.yaml'))).toBe(true)
})
