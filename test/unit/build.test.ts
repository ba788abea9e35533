import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commitOf } from '../../build.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-build-'))
const named = process.env['SLUICE_COMMIT']
beforeAll(() => void delete process.env['SLUICE_COMMIT'])
afterAll(() => {
  if (named !== undefined) process.env['SLUICE_COMMIT'] = named
  rmSync(folder, { recursive: true })
})

function git(...words: readonly string[]): string {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false']
  const child = Bun.spawnSync(['git', ...author, ...words], { cwd: folder })
  if (!child.success) throw new Error(child.stderr.toString())
  return child.stdout.toString().trim()
}

test('a build is stamped with its commit only when nothing was changed since', () => {
  expect(commitOf(folder)).toBe('unknown')
  git('init', '-q')
  writeFileSync(join(folder, 'a'), '1')
  git('add', 'a')
  git('commit', '-qm', 'one')
  const hash = git('rev-parse', '--short=12', 'HEAD')
  writeFileSync(join(folder, 'untracked'), '1')
  expect(commitOf(folder)).toBe(hash)
  writeFileSync(join(folder, 'a'), '2')
  expect(commitOf(folder)).toBe(`${hash}-dirty`)
  git('add', 'a')
  expect(commitOf(folder)).toBe(`${hash}-dirty`)
  process.env['SLUICE_COMMIT'] = 'abc'
  expect(commitOf(folder)).toBe('abc')
  delete process.env['SLUICE_COMMIT']
})

test('of two builds at once one waits for the other, whose executable is not put away again', async () => {
  const sources = join(import.meta.dir, '../..')
  const copy = join(folder, 'copy')
  for (const name of ['server', 'config', 'web', 'build.ts', 'package.json', 'bun.lock', 'tsconfig.json'])
    cpSync(join(sources, name), join(copy, name), { recursive: true })
  symlinkSync(join(sources, 'node_modules'), join(copy, 'node_modules'))
  const builds = [1, 2].map(() => Bun.spawn([process.execPath, 'build.ts'], { cwd: copy, stdout: 'pipe' }))
  const said = await Promise.all(builds.map(({ stdout }) => stdout.text()))
  expect(said.map((line) => line.split(/ (?=\/)/)[0]).toSorted()).toEqual(['built', 'up to date:'])
})
