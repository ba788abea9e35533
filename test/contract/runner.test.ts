// What the test runner does that the tests rely on.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'runner-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('each test file gets the time that test/preload.ts gives it, not only the first one', async () => {
  for (const [name, ms] of [
    ['first', 1],
    ['second', 5100],
  ] as const)
    writeFileSync(
      join(folder, `${name}.test.ts`),
      `import { test } from 'bun:test'\ntest('waits', async () => { await Bun.sleep(${ms}) })\n`,
    )
  writeFileSync(
    join(folder, 'bunfig.toml'),
    `[test]\npreload = ["${join(import.meta.dir, '../preload.ts')}"]\n`,
  )
  const run = Bun.spawn([process.execPath, 'test'], { cwd: folder, stdout: 'ignore', stderr: 'pipe' })
  const said = await run.stderr.text()
  expect(said).toContain('2 pass')
  expect(await run.exited).toBe(0)
})
