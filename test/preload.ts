// Before each run of the tests. Those that start a gateway build the executable on first use
// (test/support/gateway.ts), so unit tests never wait for it.
import { plugin } from 'bun'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useSocketsOfRun } from './support/sockets.ts'

/**
 * Only the last resort: a time-out of the runner ends every child process, also those that other tests share.
 * Each wait gives up long before (test/support/wait.ts).
 */
const TEST_MS_MAX = 300_000

// `bun test` and no more is every test: as `npm test` runs them, each file apart. In one process what a file
// leaves behind reaches the next ones.
const asked = process.platform === 'linux' ? readFileSync('/proc/self/cmdline', 'utf8') : ''
const isAll = asked.slice(asked.indexOf('\0')) === '\0test\0'
if (isAll && process.cwd() === join(import.meta.dir, '..'))
  process.exit(spawnSync(process.execPath, ['run', 'test'], { stdio: 'inherit' }).status ?? 1)

// What setDefaultTimeout is told here holds for the first file only, the others would have five seconds: each
// file says it itself.
void plugin({
  name: 'time for each test',
  setup({ onLoad }) {
    onLoad({ filter: /\.test\.ts$/ }, ({ path }) => ({
      contents: `import { setDefaultTimeout as time$ } from 'bun:test'; time$(${TEST_MS_MAX}); ${readFileSync(path, 'utf8')}`,
      loader: 'ts',
    }))
  },
})

await useSocketsOfRun()
