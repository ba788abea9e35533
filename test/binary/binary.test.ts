// The executable as a user has it: copied to a folder of its own, far from the sources.
import { expect, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { build } from '../../build.ts'
import { binary, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { startOrigin } from '../support/origin.ts'

/** Runs the copied executable in its folder and gives what it said. */
async function runIn(
  folder: string,
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([join(folder, 'sluice'), ...args], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
    timeout: 25_000,
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, stderr }
}

async function withCopy(work: (folder: string) => Promise<void>): Promise<void> {
  const [program = ''] = await binary()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-binary-'))
  try {
    cpSync(program, join(folder, 'sluice'))
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('it knows its version and commit', () =>
  withCopy(async (folder) => {
    const { code, stdout } = await runIn(folder, 'version')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(
        `^sluice ${packageJson.version.replaceAll('.', '\\.')} \\((?:[0-9a-f]{12}(?:-dirty)?|unknown), Bun`,
      ),
    )
  }))

needs('strip')('it outlives strip, which packagers run', () =>
  withCopy(async (folder) => {
    for (const options of [[], ['--strip-debug'], ['--strip-all', '-R', '.comment']]) {
      cpSync((await binary())[0] ?? '', join(folder, 'sluice'))
      expect(Bun.spawnSync(['strip', ...options, join(folder, 'sluice')]).exitCode).toBe(0)
      expect((await runIn(folder, 'version')).stdout).toStartWith('sluice ')
    }
  }),
)

test('neither .env nor bunfig.toml of the folder where it starts changes it', () =>
  withCopy(async (folder) => {
    writeFileSync(join(folder, '.env'), 'FROM_DOTENV=9\n')
    writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./boom.ts"]\n')
    writeFileSync(join(folder, 'boom.ts'), 'throw new Error("loaded")\n')
    writeFileSync(
      join(folder, 'sluice.yaml'),
      'listen: "127.0.0.1:0"\nworkers: ${FROM_DOTENV}\nbackends: [{ url: "http://127.0.0.1:9" }]\n',
    )
    const { code, stdout, stderr } = await runIn(folder, 'check', 'sluice.yaml')
    expect(code).toBe(1)
    expect(stdout + stderr).toContain('FROM_DOTENV')
    expect(stdout + stderr).not.toContain('loaded')
  }))

test('the demo sends its traffic by weight and leaves nothing behind', () =>
  withCopy(async (folder) => {
    const { code, stdout, stderr } = await runIn(folder, 'demo', '--once', '--any-port')
    expect([code, stderr]).toEqual([0, ''])
    for (const row of [/apple .* weight 3 +30 /, /banana .* weight 2 +20 /, /cherry .* weight 1 +10 /])
      expect(stdout).toMatch(row)
    expect(stdout).toContain('answered by the gateway itself: 200')
    expect(stdout).toContain('redirected to /new: 308')
    // Its temporary folder is gone: TMPDIR holds only what we put there.
    expect(await Array.fromAsync(new Bun.Glob('*').scan({ cwd: folder, onlyFiles: false }))).toEqual([
      'sluice',
    ])
  }))

test('it serves with workers of its own', async () => {
  await using origin = startOrigin()
  await using gateway = await startGateway({
    binary: true,
    workers: 2,
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'all', backend: 'origin' }],
      backends: { origin: { servers: [{ url: origin.url }] } },
    },
  })
  expect(gateway.workers).toHaveLength(2)
  const answer = await gateway.fetch('/hello')
  expect([answer.status, await answer.text()]).toEqual([200, 'GET /hello '])
  expect(await gateway.stop()).toBe(0)
})

test('a second build of the same sources does nothing', async () => {
  await build()
  expect((await build()).built).toBe(false)
})
