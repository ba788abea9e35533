import { afterEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asRefusal, FilePart } from '../../../../server/control/change/file-part.ts'
import type { Edition } from '../../../../server/control/problem.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function scene(text = 'old'): { folder: string; file: string; part: FilePart; written: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'file-part-'))
  folders.push(folder)
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, text)
  const written: string[] = []
  const part = new FilePart({ file, onWritten: (edition) => void written.push(edition.text) })
  return { folder, file, part, written }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const edition = (text: string, replaces: string | null): Edition =>
  ({ text, hash: hashOf(text), config: {}, from: 'api', by: null, replaces }) as unknown as Edition

test('what stands beside the file until the commit is nobody else’s to read, and then has its mode', async () => {
  const { folder, file, part, written } = scene()
  chmodSync(file, 0o604)
  expect(await part.stage(edition('new', hashOf('old')))).toEqual([])
  expect(readFileSync(file, 'utf8')).toBe('old')
  expect(readdirSync(folder).toSorted()).toEqual(['.sluice.yaml.sluice-new', 'sluice.yaml'])
  part.commit()
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o604])
  expect([readdirSync(folder), written]).toEqual([['sluice.yaml'], ['new']])
})

test('a drop leaves nothing behind, also what a gateway that was killed has left', async () => {
  const { folder, file, part } = scene()
  writeFileSync(join(folder, '.sluice.yaml.sluice-new'), 'half a te')
  await part.stage(edition('new', hashOf('old')))
  part.drop()
  expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['sluice.yaml'], 'old'])
})

test('a file that is changed between the check and the commit is left alone', async () => {
  const { folder, file, part, written } = scene()
  await part.stage(edition('new', hashOf('old')))
  writeFileSync(file, 'by a person')
  expect(() => part.commit()).toThrow('has been changed')
  part.drop()
  expect([readdirSync(folder), readFileSync(file, 'utf8'), written]).toEqual([
    ['sluice.yaml'],
    'by a person',
    [],
  ])
})

test('a change that came from the file writes nothing, and is told all the same', async () => {
  const { folder, part, written } = scene()
  await part.stage(edition('from the file', null))
  expect(readdirSync(folder)).toEqual(['sluice.yaml'])
  part.commit()
  expect(written).toEqual(['from the file'])
})

test('links are followed: as a volume of Kubernetes has them, the file itself is replaced', async () => {
  const { folder, part, file } = scene()
  mkdirSync(join(folder, '..data'))
  writeFileSync(join(folder, '..data', 'real.yaml'), 'old')
  rmSync(file)
  symlinkSync('..data/real.yaml', file)
  await part.stage(edition('new', hashOf('old')))
  part.commit()
  expect(readFileSync(join(folder, '..data', 'real.yaml'), 'utf8')).toBe('new')
  expect(existsSync(join(folder, '..data', '.real.yaml.sluice-new'))).toBe(false)
})

test('a folder that cannot be written is found before anything is served', async () => {
  const { file } = scene()
  const part = new FilePart({ file: join(file, 'below'), onWritten: () => {} })
  const failed = await Promise.resolve(part.stage(edition('new', hashOf('old')))).catch(
    (error: unknown) => error,
  )
  expect(failed).toMatchObject({ code: 'file_not_writable' })
  part.drop()
})

test('why it cannot be written is told of the config file, not of what is written beside it', async () => {
  const { file, folder, part } = scene()
  mkdirSync(join(folder, '.sluice.yaml.sluice-new'))
  const failed = await Promise.resolve(part.stage(edition('new', hashOf('old')))).catch(
    (error: unknown) => error,
  )
  const said = [String(failed)]
  const beside = join(folder, '.sluice.yaml.sluice-new')
  for (const [code, words] of [
    ['EROFS', 'read-only file system'],
    ['EACCES', 'permission denied'],
    ['EIO', 'i/o error'],
  ] as const)
    for (const call of [`rm '${beside}'`, `open '${beside}'`, `rename '${beside}' -> '${file}'`]) {
      const refusal = asRefusal(Object.assign(new Error(`${code}: ${words}, ${call}`), { code }), file)
      said.push(`${refusal.message}; ${refusal.hint ?? ''}`)
    }
  for (const line of said) expect(line.replaceAll(file, 'FILE')).not.toContain(folder)
  expect(said.map((line) => line.replaceAll(file, 'FILE'))).toEqual([
    'Refusal: cannot write FILE: Path is a directory: rm returned EISDIR (is a directory)',
    ...Array<string>(3).fill(
      'cannot write FILE: its file system is read-only (EROFS); change it where it comes from, or mount its folder so that it can be written to',
    ),
    ...Array<string>(3).fill(
      'cannot write FILE: the user of the gateway may not write in its folder (EACCES); let the user of the gateway write in its folder, or write the file and use "sluice reload"',
    ),
    ...Array<string>(3).fill('cannot write FILE: EIO: i/o error; '),
  ])
})
