// The commands of curl in docs/api.md and the README, as they stand there, against a gateway.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { binary, startGateway } from '../support/gateway.ts'

const ROOT = join(import.meta.dir, '../..')

/** Those of no language: shell, as it is typed. */
const blocksOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(
    ([, language, text = '']) => (language === '' && text.includes('curl ') ? [text] : []),
  )

test('the commands of docs/api.md and of the README do what they say', async () => {
  await using gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'api' }],
      backends: { api: { servers: [{ name: 'api-1', url: 'http://127.0.0.1:9001' }] } },
    },
  })
  const blocks = [...blocksOf('docs/api.md'), ...blocksOf('README.md')]
  expect(blocks.length).toBe(4)
  const script = blocks.join('\n').replaceAll('http://127.0.0.1:9090', gateway.admin)
  // -f: what curl is answered with a status of refusal fails it.
  const child = Bun.spawn(
    ['bash', '-euo', 'pipefail', '-c', `curl() { command curl -sSf "$@"; echo; }\n${script}`],
    {
      cwd: gateway.folder,
      env: { ...process.env, PATH: `${dirname((await binary())[0]!)}:${process.env['PATH']}` },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [out, problems, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  expect([code, problems]).toEqual([0, ''])
  const answers = out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const anna = { name: 'anna', role: 'admin' }
  const weighed = { configured: { weight: 3 } }
  expect(answers).toMatchObject([
    ...[{ healthy: true }, { healthy: true }],
    ...[anna, anna, anna, { items: [{ id: 'api' }] }],
    ...[{ configured: { name: 'api-2' } }, weighed],
    ...[{ admin: 'drain' }, { admin: 'ready' }],
    ...[{ dry_run: true, lines: { removed: expect.any(Number) } }, { revision: 4 }, {}],
    ...[
      { revision: 5 },
      {
        revisions: [
          { revision: 5, source: 'rollback' },
          { revision: 4, message: 'without api-2' },
          {},
          {},
          {},
        ],
      },
    ],
    { events: expect.any(Array) },
    { revision: expect.any(Number) },
    ...[{ items: [{ id: 'api-1' }, { id: 'api-2' }] }, { id: 'api-1', configured: { weight: 2 } }],
  ])
})
