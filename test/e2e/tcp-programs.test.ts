// Programs as people have them behind a tcp listener: Redis with its client and its check, PostgreSQL with
// its own.
import { describe, expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type Gateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { needs, programPath } from '../support/needs.ts'
import { startPostgres } from '../support/postgres.ts'
import { waitFor } from '../support/wait.ts'

async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = Bun.spawn([programPath(program) ?? program, ...args], {
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, problem] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return out + problem
}

const before = (port: number, backend: object = {}): Promise<Gateway> =>
  startGateway({
    config: {
      listeners: { db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'b' } },
      backends: { b: { servers: [{ url: `tcp://127.0.0.1:${port}` }], ...backend } },
    },
  })

const CHECK = {
  type: 'tcp',
  send: 'PING\\r\\n',
  expect: { data: '+PONG\\r\\n' },
  interval: '50ms',
  interval_down: '50ms',
  rise: 1,
  fall: 1,
}

describe('Redis', () => {
  needs('redis-server', 'redis-cli')(
    'is used, checked by its own PING, and told once it is gone',
    async () => {
      const port = await freePort()
      const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'))
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
      const server = Bun.spawn([programPath('redis-server')!, ...args], {
        stdout: 'ignore',
        stderr: 'ignore',
      })
      try {
        await waitFor(async () => (await run('redis-cli', ['-p', String(port), 'ping'])) === 'PONG\n')
        await using gateway = await before(port, { health_check: CHECK })
        const cli = (...words: string[]): Promise<string> =>
          run('redis-cli', ['-p', String(gateway.port()), ...words])
        const large = 'x'.repeat(300_000)
        expect(await run('redis-cli', ['-p', String(gateway.port()), '-x', 'set', 'a'], large)).toBe('OK\n')
        expect(await cli('get', 'a')).toBe(`${large}\n`)
        expect(await cli('--pipe')).toContain('errors: 0')
        server.kill()
        const { reason } = await gateway.event('server_down')
        // A check may be under way that it still lets in.
        expect(['connect refused', 'connection closed before an answer']).toContain(String(reason))
      } finally {
        server.kill('SIGKILL')
        await server.exited
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})

describe('PostgreSQL', () => {
  needs(
    'initdb',
    'postgres',
    'psql',
    'pg_isready',
    'setpriv',
  )('is used by its own client, in large answers and copies', async () => {
    await using server = await startPostgres()
    await using gateway = await before(server.port)
    const psql = (text: string, input = ''): Promise<string> =>
      run(
        'psql',
        [
          '-X',
          '-A',
          '-t',
          '-q',
          '-h',
          '127.0.0.1',
          '-p',
          String(gateway.port()),
          '-U',
          'test',
          '-d',
          'postgres',
          '-c',
          text,
        ],
        input,
      )
    expect(await psql('select 1 + 1')).toBe('2\n')
    expect((await psql("select repeat('y', 3000000)")).length).toBe(3_000_001)
    await psql('create table t (n int)')
    const rows = Array.from({ length: 50_000 }, (_, n) => `${n}\n`).join('')
    expect(await psql('copy t from stdin', rows)).toBe('')
    expect(await psql('select count(*), sum(n) from t')).toBe('50000|1249975000\n')
    const lines = await gateway.accessLog()
    expect(lines.every(({ fault, protocol }) => fault === null && protocol === 'TCP')).toBe(true)
  })
})
