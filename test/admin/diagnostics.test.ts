// The document that is handed on when something is wrong: it has what is needed, and no secret.
import { expect, test } from 'bun:test'
import { diagnostics } from '../../server/cli/diagnostics.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { saidBy } from '../support/command.ts'
import { startGateway } from '../support/gateway.ts'

const SECRETS = {
  turn: 'turn-password-0123',
  shared: 'shared-secret-4567',
  basic: 'basic-password-89ab',
  url: 'url-password-4567',
}

test('diagnostics have version, machine, processes, config, events and counters, and not one secret', async () => {
  const { key } = selfSigned(['a'], { nowMs: Date.now() })
  await using gateway = await startGateway({
    config: {
      listeners: {
        web: { bind: '127.0.0.1:0' },
        turn: {
          ...{ bind: '127.0.0.1:0', protocol: 'turn', realm: 'x' },
          auth: { users: { anna: SECRETS.turn }, secrets: [SECRETS.shared] },
        },
      },
      rules: [
        {
          name: 'all',
          middleware: [{ headers: { request: { set: { Authorization: `Basic ${SECRETS.basic}` } } } }],
          backend: 'api',
        },
      ],
      backends: {
        api: {
          servers: [{ url: 'http://127.0.0.1:9' }],
        },
      },
      ...{ workers: 1, admin: false, drain: '50ms' },
    },
  })
  // One is refused, and what was in it is in the events.
  await gateway.apply(`x: "postgres://u:${SECRETS.url}@h/"\nk: |\n  ${key.replaceAll('\n', '\n  ')}\n`)
  const said = await saidBy((io) => diagnostics(['-c', gateway.configFile], io))
  expect([said.code, said.err]).toEqual([0, ''])
  const told = JSON.parse(said.out)
  expect(Object.keys(told)).toEqual([
    ...[
      'made',
      'gateway',
      'machine',
      'processes',
      'limits',
      'config',
      'revisions',
      'health',
      'metrics',
      'acme',
    ],
    ...['turn', 'operations', 'events', 'prometheus', 'prometheus_cut'],
  ])
  expect(told.gateway).toMatchObject({ bun: Bun.version, pid: gateway.pid, file: gateway.configFile })
  expect(told.processes).toMatchObject([
    { role: 'supervisor', pid: gateway.pid, cpu_s: expect.any(Number), descriptors: expect.any(Number) },
    { role: 'worker', slot: 0, resident_bytes: expect.any(Number), descriptors_max: expect.any(Number) },
  ])
  expect(told.limits.open_files).toMatchObject({ soft: expect.any(String) })
  expect(told.machine).toMatchObject({ platform: 'linux', cpus: expect.any(Number) })
  expect(told.config.effective.backends.api.servers[0].url).toBe('http://127.0.0.1:9')
  expect(told.config.status.disk.state).toBe('rejected')
  expect(told.revisions).toMatchObject([{ number: 1 }])
  expect(told.events.map(({ event }: { event: string }) => event)).toContain('rejected')
  expect(told.prometheus).toContain('lb_build_info')
  for (const secret of Object.values(SECRETS))
    expect([secret, said.out.includes(secret)]).toEqual([secret, false])
  expect(said.out).not.toContain('PRIVATE KEY')
  const answer = await fetch('http://localhost/api/v1/diagnostics', {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
  })
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="sluice-diagnostics-[\d-]+\.json"$/,
  )
})
