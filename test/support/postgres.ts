// A PostgreSQL of its own, which runs as another user than root: it refuses that one.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './kernel.ts'
import { programPath } from './needs.ts'
import { killAll, treeOf } from './processes.ts'
import { waitFor } from './wait.ts'

export interface Postgres extends AsyncDisposable {
  readonly port: number
}

const NOBODY = ['--reuid=nobody', '--regid=nogroup', '--clear-groups']

/** As whom the server's programs run. */
const asUser = (command: readonly string[]): string[] =>
  process.getuid?.() === 0 ? [programPath('setpriv') ?? 'setpriv', ...NOBODY, ...command] : [...command]

export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pg-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const quiet = {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    env: { ...process.env, LC_ALL: 'C' },
  } as const
  const made = Bun.spawn(
    asUser([programPath('initdb') ?? '', '-D', data, '-U', 'test', '-A', 'trust', '-N', '--no-instructions']),
    quiet,
  )
  if ((await made.exited) !== 0) throw new Error(await new Response(made.stderr).text())
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=`, 'fsync=off']
  const server = Bun.spawn(
    asUser([
      programPath('postgres') ?? '',
      '-D',
      data,
      '-p',
      String(port),
      ...settings.flatMap((one) => ['-c', one]),
    ]),
    quiet,
  )
  await waitFor(
    () =>
      Bun.spawnSync([programPath('pg_isready') ?? '', '-q', '-h', '127.0.0.1', '-p', String(port)]).success,
    { what: 'PostgreSQL to be ready' },
  )
  return {
    port,
    async [Symbol.asyncDispose]() {
      killAll(treeOf(server.pid))
      await server.exited
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
