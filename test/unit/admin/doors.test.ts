import { expect, test } from 'bun:test'
import { LazyShell } from '../../../server/admin/doors.ts'
import { controlFacts } from '../../support/control-facts.ts'

const server = { timeout: () => {} } as unknown as Bun.Server<undefined>

/** What is answered to this machine. */
async function ask(shell: LazyShell, path: string, method = 'GET', host = 'localhost'): Promise<Response> {
  const request = new Request(`http://${host}${path}`, { method, headers: { Host: host } })
  const caller = { door: 'tcp', address: '127.0.0.1', uids: [], isSecure: false } as const
  return shell.answer({ request, server, caller, host: '127.0.0.1' })
}

test('what monitoring reads needs nothing of the API, nor the store', async () => {
  let asked = 0
  const facts = controlFacts({ prometheus: () => 'lb_workers 1\n' })
  const { store } = facts
  Object.defineProperty(facts, 'store', { get: () => (asked++, store) })
  const shell = new LazyShell(facts)
  expect(await (await ask(shell, '/metrics')).text()).toBe('lb_workers 1\n')
  for (const path of ['/', '/_health', '/health', '/_metrics', '/metrics'])
    expect([path, (await ask(shell, path, 'HEAD')).status]).toEqual([path, 200])
  expect((await ask(shell, '/metrics', 'DELETE')).status).toBe(405)
  expect((await ask(shell, '/metrics', 'GET', 'evil.example')).status).toBe(421)
  expect(asked).toBe(0)
  expect((await ask(shell, '/api/v1/status')).status).toBe(401)
  expect(asked).toBeGreaterThan(0)
  expect((await ask(shell, '/metrics')).status).toBe(200)
})
