// The container image: what its build is given, and where there is an engine the image itself.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { containerEngine } from '../support/needs.ts'
import { waitFor } from '../support/wait.ts'

const ROOT = join(import.meta.dir, '../..')
const lines = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8').split('\n')
const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the files that the image copies are enough for its build', () => {
  const source = join(folder, 'src')
  const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) (\S+)$/.exec(line)?.[1]?.split(' ') ?? [])
  expect(copied).toContain('build.ts')
  for (const name of copied) cpSync(join(ROOT, name), join(source, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'))
  const command = /^RUN SLUICE_COMMIT=\$COMMIT bun (\S+)$/m.exec(lines.join('\n'))?.[1] ?? ''
  const built = Bun.spawnSync([process.execPath, command], {
    cwd: source,
    env: { ...process.env, SLUICE_COMMIT: 'abc' },
  })
  expect([built.exitCode, built.stderr.toString()]).toEqual([0, ''])
  const said = Bun.spawnSync([join(source, 'dist/sluice'), 'version']).stdout.toString()
  expect(said).toContain('(abc, Bun ')
}, 120_000)

const engine = containerEngine()
const withEngine = engine === null ? test.skip : test
const IMAGE = `sluice-test-${process.pid}`

function ask(...words: readonly string[]): { readonly code: number; readonly out: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([engine ?? '', ...words], { cwd: ROOT })
  return { code: exitCode, out: `${stdout.toString()}${stderr.toString()}`.trim() }
}

beforeAll(() => {
  if (engine === null) return
  const { code, out } = ask('build', '-f', 'deploy/Dockerfile', '--build-arg', 'COMMIT=abc', '-t', IMAGE, '.')
  if (code !== 0) throw new Error(out)
}, 900_000)
afterAll(() => {
  if (engine === null) return
  ask('rm', '-f', IMAGE)
  ask('rmi', '-f', IMAGE)
})

withEngine(
  'the image serves, stays healthy after a refused edit, and stops in order',
  async () => {
    const config = join(folder, 'sluice.yaml')
    const good =
      'listen: "0.0.0.0:8080"\nbackends: [{ url: "http://127.0.0.1:9" }]\nadmin: false\ndata: /data\n'
    writeFileSync(config, good)
    chmodSync(folder, 0o755)
    chmodSync(config, 0o644)
    // The folder, as a file that is replaced would stay the old one inside.
    const mount = `${folder}:/etc/sluice:ro`
    const run = ask(
      'run',
      '-d',
      '--name',
      IMAGE,
      '-v',
      mount,
      IMAGE,
      'run',
      '-c',
      '/etc/sluice/sluice.yaml',
      '-l',
      'debug',
    )
    expect([run.code, run.code === 0 ? '' : run.out]).toEqual([0, ''])
    const check = JSON.parse(/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(lines.join('\n'))?.[1] ?? '[]') as string[]
    const isHealthy = (): boolean => ask('exec', IMAGE, ...check).code === 0
    await waitFor(isHealthy, { what: 'the first health check' })
    writeFileSync(config, 'listen: [broken')
    await waitFor(() => ask('logs', IMAGE).out.includes('"event":"rejected"'), {
      what: 'the refusal',
    })
    expect(isHealthy()).toBe(true)
    ask('stop', '-t', '45', IMAGE)
    expect(ask('inspect', '-f', '{{.State.ExitCode}}', IMAGE).out).toBe('0')
    expect(ask('logs', IMAGE).out).toContain('"event":"stopped"')
  },
  300_000,
)
