import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../../server/control/source/config-source.ts'
import { readApart } from '../../../../server/control/source/read-apart.ts'
import { WatchedConfig } from '../../../../server/control/source/watched-config.ts'
import { staysTrue, waitFor } from '../../../support/wait.ts'

const folders: string[] = []
const configs: WatchedConfig[] = []
afterEach(() => {
  for (const config of configs.splice(0)) config.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Scene {
  readonly folder: string
  readonly file: string
  readonly config: WatchedConfig
  changes: number
}

const words = (body: string): string =>
  JSON.stringify({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', respond: { status: 200, body } }],
  })

async function scene(
  text: string,
  more: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'watched-'))
  folders.push(folder)
  for (const [name, content] of Object.entries(more)) writeFileSync(join(folder, name), content)
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, text)
  const config = new WatchedConfig({
    file,
    env,
    level: null,
    onChange: () => void made.changes++,
    onWarning: () => {},
  })
  configs.push(config)
  const made: Scene = { folder, file, config, changes: 0 }
  expect((await config.read()).is).toBe('valid')
  config.begin()
  return made
}

test('a file that a value comes from is part of the config', async () => {
  const made = await scene(words('${file:body.txt}'), { 'body.txt': 'one' })
  writeFileSync(join(made.folder, 'body.txt'), 'two')
  await waitFor(() => made.changes === 1)
  expect(await made.config.read()).toMatchObject({
    edition: { config: { rules: [{ respond: { body: 'two' } }] } },
  })
})

test('one that is named no more is not looked at', async () => {
  const made = await scene(words('${file:body.txt}'), { 'body.txt': 'one' })
  writeFileSync(made.file, words('plain'))
  await waitFor(() => made.changes === 1)
  expect((await made.config.read()).is).toBe('valid')
  writeFileSync(join(made.folder, 'body.txt'), 'two')
  expect(await staysTrue(() => made.changes === 1, 300)).toBe(true)
})

test('what was read meanwhile, as on a signal, is no change any more; valid or not', async () => {
  const made = await scene(words('one'))
  writeFileSync(made.file, words('two'))
  expect((await made.config.read()).is).toBe('valid')
  expect(await staysTrue(() => made.changes === 0, 300)).toBe(true)
  writeFileSync(made.file, 'listeners: 3')
  expect((await made.config.read()).is).toBe('invalid')
  expect(await staysTrue(() => made.changes === 0, 300)).toBe(true)
})

const makePipe = (path: string): void => void Bun.spawnSync(['mkfifo', path])

test('a pipe in the place of the config file is refused without waiting, and the file put back is a change', async () => {
  const made = await scene(words('one'))
  rmSync(made.file)
  makePipe(made.file)
  await waitFor(() => made.changes === 1)
  const refused = await made.config.read()
  expect(refused).toMatchObject({ is: 'invalid', problems: [{ found: expect.stringContaining('a pipe') }] })
  rmSync(made.file)
  writeFileSync(made.file, words('one'))
  await waitFor(() => made.changes === 2)
  expect((await made.config.read()).is).toBe('valid')
})

test('a pipe in the place of a file that a value comes from is refused without waiting, and the same file put back is a change', async () => {
  const made = await scene(words('${file:body.txt}'), { 'body.txt': 'one' })
  const body = join(made.folder, 'body.txt')
  rmSync(body)
  makePipe(body)
  await waitFor(() => made.changes === 1)
  expect((await made.config.read()).is).toBe('invalid')
  rmSync(body)
  writeFileSync(body, 'one')
  await waitFor(() => made.changes === 2)
  expect((await made.config.read()).is).toBe('valid')
})

test('a file that no valid config has named yet is looked at too: put right, it mends the config', async () => {
  const made = await scene(words('one'))
  const body = join(made.folder, 'body.txt')
  makePipe(body)
  writeFileSync(made.file, words('${file:body.txt}'))
  await waitFor(() => made.changes === 1)
  expect((await made.config.read()).is).toBe('invalid')
  rmSync(body)
  writeFileSync(body, 'two')
  await waitFor(() => made.changes === 2)
  expect(await made.config.read()).toMatchObject({
    edition: { config: { rules: [{ respond: { body: 'two' } }] } },
  })
})

/** Larger than what is read beside serving. */
const many = (body: string, count = 4000): string =>
  JSON.stringify({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: Array.from({ length: count }, (_, i) => ({
      name: `r${i}`,
      match: { path: `/some/path/${i}/*` },
      respond: { status: 200, body: i === 7 ? '${file:body.txt}' : body },
    })),
  })

test('a large file is read by another process, with the same result', async () => {
  const made = await scene(many('one'), { 'body.txt': 'secret' })
  writeFileSync(made.file, many('two'))
  const options = { file: made.file, env: { A: 'b' }, level: null }
  const apart = await readApart(options)
  expect(apart).toEqual(await readConfig(options))
  expect(await made.config.read()).toEqual(apart?.checked as never)
  writeFileSync(made.file, `${many('two').slice(0, -1)}, "worker": 2}`)
  expect(await readApart(options)).toEqual(await readConfig(options))
})

test('where no other process can be started a large file is read all the same', async () => {
  // No program can be given such an environment: starting one throws, as it does when a machine is out of
  // processes.
  const env = { A: 'b\0' }
  const made = await scene(many('one'), { 'body.txt': 'x' }, env)
  expect(await readApart({ file: made.file, env, level: null })).toBeNull()
  expect((await made.config.read()).is).toBe('valid')
})

test('a large text that nobody waits for any more is not read to its end, and one that is waited for is', async () => {
  const made = await scene(many('one'), { 'body.txt': 'x' })
  const given = { text: many('two'), from: 'api', by: null, replaces: null } as const
  const asking = new AbortController()
  const dropped = made.config.check(given, asking.signal)
  asking.abort()
  expect(await dropped.catch((error: unknown) => error)).toBe(asking.signal.reason)
  expect((await made.config.check(given, new AbortController().signal)).checked.is).toBe('valid')
})

test('while a large file is read the loop goes on', async () => {
  const made = await scene(many('one'), { 'body.txt': 'x' })
  writeFileSync(made.file, many('two'))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  expect((await made.config.read()).is).toBe('valid')
  clearInterval(timer)
  // Read here there would be no turn at all before the end.
  expect(turns).toBeGreaterThan(10)
})
