// Files that cannot be replaced, as a single file that is mounted into a container.
import { afterAll, expect, test as always } from 'bun:test'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { backupOf, writeInPlace } from '../../../../server/control/change/write-in-place.ts'

const folder = mkdtempSync(join(tmpdir(), 'write-in-place-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const OLD = 'old text that is longer\n'

function fileOf(name: string): string {
  const file = join(folder, name)
  writeFileSync(file, OLD)
  chmodSync(file, 0o640)
  return file
}

always('the file stays the same one with its mode, and what it was is beside it', () => {
  const file = fileOf('a.yaml')
  const before = statSync(file)
  writeInPlace(file, 'new\n')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  expect(readFileSync(backupOf(file), 'utf8')).toBe(OLD)
  const { ino, mode } = statSync(file)
  expect([ino, mode, statSync(backupOf(file)).mode]).toEqual([before.ino, before.mode, before.mode])
})

const UNSHARE = ['unshare', '--user', '--map-root-user', '--mount']
const canMount =
  Bun.which('unshare') !== null &&
  Bun.spawnSync([...UNSHARE, 'mount', '--bind', '/tmp', '/tmp']).exitCode === 0
const test = canMount ? always : always.skip
const unless = canMount ? '' : ' (skipped: needs unshare, and leave to mount)'

/** Changes a file that is mounted by itself, with these options, in a mount namespace of its own. */
function changedAsMount(file: string, options: string): string {
  const part = resolve(import.meta.dir, '../../../../server/control/change/file-part.ts')
  const script = `
    import { FilePart, hashOf, hashOfFile } from ${JSON.stringify(part)}
    const file = ${JSON.stringify(file)}
    const part = new FilePart({ file, onWritten: ({ text }) => console.log('written', text.trim()) })
    const text = 'new\\n'
    try {
      await part.stage({ text, hash: hashOf(text), config: {}, from: 'api', by: null, replaces: hashOfFile(file) })
      part.commit()
    } catch (error) {
      console.log(error.code, error.message, '|', error.hint)
    }`
  const code = join(folder, 'script.ts')
  writeFileSync(code, script)
  const mount = `mount --bind "$1" "$1" && mount -o remount,bind${options} "$1" && exec "$2" --no-env-file "$3"`
  const { stdout, stderr } = Bun.spawnSync(
    [...UNSHARE, 'sh', '-c', mount, 'sh', file, process.execPath, code],
    {
      env: process.env,
    },
  )
  return stdout.toString() + stderr.toString()
}

test(`a file that is a mount of its own is written in place, and that is told${unless}`, () => {
  const file = fileOf('mounted.yaml')
  const said = changedAsMount(file, '')
  expect(said).toContain('written new')
  expect(said).toContain('config_written_in_place')
  expect([readFileSync(file, 'utf8'), readFileSync(backupOf(file), 'utf8')]).toEqual(['new\n', OLD])
})

test(`a file that can only be read stays as it is, and why is told${unless}`, () => {
  const file = fileOf('read-only.yaml')
  const said = changedAsMount(file, ',ro')
  expect(said).toContain('file_not_writable')
  expect(readFileSync(file, 'utf8')).toBe(OLD)
})
