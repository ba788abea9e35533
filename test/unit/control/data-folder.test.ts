// Who has the data folder: what is told of one that was never there, and of one that was taken away.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataFolder } from '../../../server/control/data-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-folder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function take(data: string): Promise<DataFolder> {
  const taken = await DataFolder.take({ data, configFile: join(root, 'sluice.yaml'), isWanted: () => true })
  if (!(taken instanceof DataFolder)) throw new Error(taken.message)
  return taken
}

test('a folder that could not be made is not called removed, and is taken once it can be', async () => {
  const above = join(root, 'above')
  // Nobody makes a folder below a file, whoever they are.
  writeFileSync(above, '')
  const folder = await take(join(above, 'data'))
  expect(folder.look()).toBe('held')
  rmSync(above)
  mkdirSync(join(above, 'data'), { recursive: true })
  expect(folder.look()).toBe('taken')
  folder.release()
})

test('a folder that was ours and is removed is gone', async () => {
  const data = join(root, 'data')
  const folder = await take(data)
  rmSync(data, { recursive: true })
  expect(folder.look()).toBe('gone')
})
