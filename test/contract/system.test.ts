// What the gateway leans on in this Bun, beyond or beside its manual: memory shared by processes, watched
// folders, its own place.
import { afterAll, describe, expect, test } from 'bun:test'
import {
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-contract-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.if(process.platform === 'linux')('Bun.mmap', () => {
  test('of a descriptor whose file is unlinked is shared, and Atomics on it are exact over two processes', async () => {
    const path = join('/dev/shm', `sluice-contract-${process.pid}`)
    writeFileSync(path, new Uint8Array(4096), { mode: 0o600 })
    const fd = openSync(path, 'r+')
    unlinkSync(path)
    const shared = `/proc/${process.pid}/fd/${fd}`
    const cells = new Int32Array(Bun.mmap(`/proc/self/fd/${fd}`, { shared: true }).buffer)
    const children = [1, 2].map(() =>
      Bun.spawn([process.execPath, join(import.meta.dir, 'child.ts'), 'add', shared], { stderr: 'inherit' }),
    )
    for (let i = 0; i < 200_000; i++) Atomics.add(cells, 0, 1)
    for (const child of children) expect(await child.exited).toBe(0)
    expect(Atomics.load(cells, 0)).toBe(600_000)
    closeSync(fd)
  })
})

test('fs.watch on a folder sees that a file was renamed over another, by its name', async () => {
  const file = join(folder, 'watched.yaml')
  writeFileSync(file, 'old')
  const names: (string | null)[] = []
  const watcher = watch(folder, (_, name) => void names.push(name))
  writeFileSync(join(folder, '.new'), 'new')
  names.length = 0
  renameSync(join(folder, '.new'), file)
  await waitFor(() => names.includes('watched.yaml'))
  watcher.close()
})

test('a compiled executable is its own process.execPath, and its import.meta.path is within it', async () => {
  const source = join(folder, 'place.ts')
  const binary = join(folder, 'place')
  writeFileSync(
    source,
    'console.log(JSON.stringify([process.execPath, import.meta.path, process.argv.length]))',
  )
  const result = await Bun.build({ entrypoints: [source], format: 'esm', compile: { outfile: binary } })
  expect(result.success).toBe(true)
  const child = Bun.spawnSync([binary, 'word'])
  const [execPath, path, words] = JSON.parse(child.stdout.toString()) as [string, string, number]
  expect(execPath).toBe(binary)
  expect(path).toStartWith('/$bunfs/')
  expect(words).toBe(3)
})

test('of an executable in parts, Bun.main is what runs first, also within a part; a thread can begin there', async () => {
  const source = join(folder, 'first.ts')
  const binary = join(folder, 'parts')
  writeFileSync(join(folder, 'part.ts'), 'export const said = [Bun.main, import.meta.path]')
  writeFileSync(
    source,
    `const { said } = await import('./part.ts')
    if (!Bun.isMainThread) process.exit(7)
    const thread = new Worker(said[0])
    thread.addEventListener('close', ({ code }) => {
      console.log(JSON.stringify([...said, import.meta.path, code]))
      process.exit()
    })`,
  )
  const compile = { outfile: binary }
  const result = await Bun.build({
    entrypoints: [source],
    format: 'esm',
    bytecode: true,
    splitting: true,
    compile,
  })
  expect(result.success).toBe(true)
  const child = Bun.spawnSync([binary])
  const [main, part, first, code] = JSON.parse(child.stdout.toString()) as [string, string, string, number]
  expect(main).toBe(first)
  expect(part).toStartWith('/$bunfs/')
  expect(part).not.toBe(first)
  expect(code).toBe(7)
})
