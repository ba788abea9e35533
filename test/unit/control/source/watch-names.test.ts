import { afterEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namesOnTheWay } from '../../../../server/control/source/watch-names.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'names-')))
  folders.push(made)
  return made
}

const entries = (path: string): [string, string[]][] =>
  [...namesOnTheWay(path)].map(([at, names]) => [at, [...names]])

test('a plain file is reached by its own name alone, whether it is there or not', () => {
  const at = folder()
  expect(entries(join(at, 'a.yaml'))).toEqual([[at, ['a.yaml']]])
  writeFileSync(join(at, 'a.yaml'), '')
  expect(entries(join(at, 'a.yaml'))).toEqual([[at, ['a.yaml']]])
})

test('each link on the way is a name, as Kubernetes mounts a config', () => {
  const at = folder()
  mkdirSync(join(at, '..2026_01'))
  writeFileSync(join(at, '..2026_01', 'a.yaml'), '')
  symlinkSync('..2026_01', join(at, '..data'))
  symlinkSync('..data/a.yaml', join(at, 'a.yaml'))
  expect(entries(join(at, 'a.yaml'))).toEqual([
    [at, ['a.yaml', '..data']],
    [join(at, '..2026_01'), ['a.yaml']],
  ])
})

test('a chain through several folders names each of them', () => {
  const [one, two, three] = [folder(), folder(), folder()]
  symlinkSync(join(two, 'b'), join(one, 'a'))
  symlinkSync(join(three, 'c'), join(two, 'b'))
  expect(entries(join(one, 'a'))).toEqual([
    [one, ['a']],
    [two, ['b']],
    [three, ['c']],
  ])
})

test('links in a circle end', () => {
  const at = folder()
  symlinkSync('b', join(at, 'a'))
  symlinkSync('a', join(at, 'b'))
  expect(entries(join(at, 'a'))).toEqual([[at, ['a', 'b']]])
})
