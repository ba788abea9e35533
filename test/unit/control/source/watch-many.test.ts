import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManyFiles } from '../../../../server/control/source/watch-many.ts'
import { waitFor } from '../../../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'many-'))
const told: string[] = []
const files = new ManyFiles((path) => void told.push(path))
const paths = Array.from({ length: 1200 }, (_, place) => join(folder, `${place}.pem`))
for (const path of paths) writeFileSync(path, 'one')
afterEach(() => {
  files.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('of many files those that change are told, by event or by a look at some at a time', async () => {
  files.follow(new Set(paths))
  for (let looks = 0; looks < 4; looks++) files.look()
  // Written just now: they may have been read before.
  expect(new Set(told).size).toBe(paths.length)
  told.length = 0
  for (let looks = 0; looks < 4; looks++) files.look()
  expect(told).toEqual([])
  const [first = '', second = '', third = ''] = paths
  writeFileSync(`${first}.new`, 'two')
  renameSync(`${first}.new`, first)
  await waitFor(() => told.includes(first))
  files.follow(new Set([first, second]))
  told.length = 0
  writeFileSync(third, 'two')
  utimesSync(second, 1, 1)
  await waitFor(() => {
    files.look()
    return told.includes(second)
  })
  expect(told).not.toContain(third)
})
