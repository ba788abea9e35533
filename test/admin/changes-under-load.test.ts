// What is changed while clients are served fails none of their requests: a rollback, another weight, and a
// server that comes and goes, by the API of the executable.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { startNamed } from '../support/backends.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { waitFor } from '../support/wait.ts'

test('rollbacks, weights and servers that come and go under load fail no request', async () => {
  await using a = startNamed('a')
  await using b = startNamed('b')
  await using gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'api' }],
      backends: { api: { servers: [{ name: 'a', url: a.url }] } },
    },
    workers: 2,
  })
  const file = (): string => readFileSync(gateway.configFile, 'utf8')
  const first = file()
  const load = startLoad(gateway.port(), { connections: 8, repeats: true })
  const done = async (...args: readonly string[]): Promise<void> => {
    // Requests are under way before and behind each of them.
    const before = load.answered
    await waitFor(() => load.answered > before + 20)
    const { code, stderr } = await runCommand([...args, '-c', gateway.configFile])
    expect([args, code, stderr]).toEqual([args, 0, ''])
  }
  const api = (...args: readonly string[]): Promise<void> => done('api', ...args)
  await api('backends/api/servers', '-d', JSON.stringify({ name: 'b', url: b.url, weight: 3 }))
  for (const weight of [1, 5, 2])
    await api('backends/api/servers/b', '-X', 'PATCH', '-d', `{"weight":${weight}}`)
  const weighed = file()
  expect(weighed).toContain('"weight": 2')
  for (let round = 0; round < 3; round++) {
    await done('rollback', '1')
    expect(file()).toBe(first)
    await done('rollback')
    expect(file()).toBe(weighed)
  }
  await api('backends/api/servers/b', '-X', 'DELETE')
  await done('reload')
  const { answered, failed, failures } = await load.stop()
  expect([failed, failures]).toEqual([0, []])
  expect(answered).toBeGreaterThan(200)
  const { stdout } = await runCommand(['history', '-n', '50', '--json', '-c', gateway.configFile])
  const { revisions } = JSON.parse(stdout) as { revisions: { source: string }[] }
  expect(revisions.filter(({ source }) => source === 'rollback').length).toBe(6)
})
