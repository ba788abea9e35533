// Names of all there is, for search.
import { expect, test } from 'bun:test'
import type { ServerHealth } from '../../../server/telemetry/server-health.ts'
import { ResourceWorld } from '../../support/resource-world.ts'

const TEXT = `listeners:
  web: { bind: "127.0.0.1:8080" }
backends:
  api:
    servers: [{ url: "http://10.0.0.1:80" }, { url: "http://10.0.0.2:80", name: two }]
  web: { servers: [{ url: "\${WEB}" }] }
rules:
  - { name: canary, match: { path: /c/* }, backend: api }
  - { name: all, backend: web }
`

test('names are told in the order of the file, servers with their address and state', async () => {
  const world = new ResourceWorld(TEXT, { env: { WEB: 'http://127.0.0.1:9' } })
  const state = (backend: string, server: string, is: string) =>
    ({ backend, server, state: is }) as unknown as ServerHealth
  world.health = [state('api', 'two', 'draining'), state('web', 'http://127.0.0.1:9', 'down')]
  const { status, body } = await world.ask('GET', '/names', { role: 'viewer' })
  expect(status).toBe(200)
  expect(body).toEqual({
    listeners: ['web'],
    certificates: [],
    rules: ['canary', 'all'],
    backends: [
      {
        name: 'api',
        servers: [
          { name: 'http://10.0.0.1:80', url: 'http://10.0.0.1:80', state: null },
          { name: 'two', url: 'http://10.0.0.2:80', state: 'draining' },
        ],
      },
      { name: 'web', servers: [{ name: '${WEB}', url: 'http://127.0.0.1:9', state: 'down' }] },
    ],
  })
})
