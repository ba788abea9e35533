// sluice server: which server is meant, what it shows, and what it refuses.
import { afterEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { server } from '../../server/cli/server/server.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { startNamed } from '../support/backends.ts'
import { saidBy } from '../support/command.ts'
import { startGateway } from '../support/gateway.ts'
import { answering, done, http, said, stateOf } from '../support/orders.ts'
import { waitFor } from '../support/wait.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

describe('the command', () => {
  test('finds a server by a part of its name, and says which there are', async () => {
    const a = keep(startNamed('a'))
    const servers = [
      { name: 'api-1', url: a.url },
      { name: 'api-2', url: 'http://127.0.0.1:9' },
    ]
    const config = {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'one' } },
      backends: { one: { servers }, two: { servers: [{ name: 'api-1', url: 'http://127.0.0.1:9' }] } },
    }
    const gateway = keep(await startGateway({ config }))
    expect(await done(gateway, 'api-2')).toContain('api-2, backend one: http://127.0.0.1:9\n')
    expect(await done(gateway, '1:9', '--backend', 'one')).toContain('api-2, backend one')
    const which = await said(gateway, 'api-1', 'drain')
    expect([which.code, which.err]).toEqual([
      1,
      'sluice server: "api-1" may be api-1 (one), api-1 (two); which of these? Name its backend with --backend\n',
    ])
    expect((await said(gateway, 'api', '--backend', 'one')).err).toContain(
      '"api" may be api-1 (one), api-2 (one); which of these? Write it whole',
    )
    // A whole address may be a server of several backends.
    expect((await said(gateway, 'http://127.0.0.1:9')).err).toContain(
      '; which of these? Name its backend with',
    )
    expect((await said(gateway, 'web')).err).toContain('there is no server "web"; there are api-1 (one),')
    expect((await said(gateway, 'api-1', '--backend', 'six')).err).toContain('there is no backend "six"')
    expect(gateway.last('server_ordered')).toBeUndefined()

    expect(await done(gateway, 'api-1', 'weight', '0', '--backend', 'one')).toContain(
      'weight:    0 (config: 1) since',
    )
    expect(await answering(gateway, 1)).toEqual({ '502': 1 })
    expect(await done(gateway, 'api-1', 'weight', 'default', '--backend', 'one')).toContain('weight:    1\n')
    await done(gateway, 'api-2', 'health', 'down', '--reason', 'wrong build')
    expect(await answering(gateway, 4)).toEqual({ a: 4 })
    // By whom and why is told once.
    expect(await done(gateway, 'api-2')).toMatch(/^ {2}health: +down since [0-9:]+ by \S+: wrong build$/m)
    const { operational, reason } = await stateOf(gateway, 'api-2')
    expect([operational, reason]).toEqual([
      'down',
      expect.stringMatching(/^said to be down by .+: wrong build$/),
    ])
    await done(gateway, 'api-2', 'health', 'checks')
    expect(await stateOf(gateway, 'api-2')).toMatchObject({ operational: 'unchecked', state: 'unchecked' })
    // What is wrong with a time or a reason.
    expect((await said(gateway, 'api-2', 'drain', '--for', '0s')).err).toContain(
      'allowed is a duration such as 10m',
    )
    expect((await said(gateway, 'api-2', 'drain', '--until', '2001-01-01T00:00:00Z')).err).toContain(
      'is over already',
    )
    expect((await said(gateway, 'api-2', 'drain', '--until', 'noon')).err).toContain(
      'allowed is a time such as',
    )
    expect(
      (await said(gateway, 'api-2', 'drain', '--for', '1m', '--until', '2999-01-01T00:00:00Z')).err,
    ).toContain('give one of them')
    expect((await said(gateway, 'api-2', 'drain', '--reason', 'x'.repeat(501))).err).toContain(
      '500 characters',
    )
    expect(await stateOf(gateway, 'api-2')).toMatchObject({ admin: 'ready' })
    const failed = await said(gateway, 'api-2', 'check')
    expect([failed.code, failed.out]).toEqual([1, expect.stringMatching(/^failed: connect refused \(/)])
  })

  test.each([
    [['a', 'rest'], 'unknown action "rest"'],
    [['a', 'weight'], 'weight needs a number from 0 to 1000, or default'],
    [['a', 'weight', '1001'], 'weight needs a number'],
    [['a', 'health', 'fine'], 'health needs up, down or checks'],
    [['a', 'drain', '--remove'], '--remove goes with persist'],
    [['a', 'drain', 'now'], 'unexpected argument "now"'],
    [['a', 'ready', '--wait', '1s'], '--end-connections and --wait go with drain and maintenance'],
    [['a', 'drain', '--wait', 'long'], '--wait takes a duration'],
    [['a', 'history', '--reason', 'x'], '--reason goes with an order'],
    [[], 'the name of a server is missing'],
  ])('refuses %p', async (args, why) => {
    const { code, err } = await saidBy((io) => server(args, io))
    expect([code, err]).toEqual([2, expect.stringContaining(why)])
  })
})

test('the API does the same, says what it takes, and the audit has what was before and after', async () => {
  const a = keep(startNamed('a'))
  const gateway = keep(await startGateway({ config: http([{ url: a.url }]) }))
  const unix = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://localhost/api/v1/${path}`, {
      unix,
      method,
      ...(body !== undefined && {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const server = `backends/api/servers/${encodeURIComponent(a.url)}`
  const drained = await ask('PUT', `${server}/state`, { admin: 'maint', weight: 5, reason: 'x', for: '1h' })
  expect(drained).toMatchObject({
    status: 200,
    body: {
      state: 'maintenance',
      weight: 5,
      configured_weight: 1,
      warnings: [expect.stringContaining('api')],
    },
  })
  expect(drained.body['orders']).toMatchObject([
    { kind: 'admin', value: 'maintenance', reason: 'x' },
    { kind: 'weight', value: 5, reason: 'x' },
  ])
  // By its address alone, as its resource.
  const address = new URL(a.url).host
  expect(await ask('GET', `backends/api/servers/${address}/state`)).toMatchObject({
    status: 200,
    body: { url: a.url, admin: 'maintenance' },
  })
  expect(await ask('GET', `${server}/health`)).toMatchObject({ status: 200, body: { entries: [] } })
  expect(await ask('DELETE', `${server}/state`)).toMatchObject({
    status: 200,
    body: { state: 'unchecked', weight: 1 },
  })
  expect(await ask('POST', `${server}/checks/run`)).toMatchObject({ status: 200, body: { result: 'pass' } })
  // Resources tell the last check, and lists which server is to be looked at first.
  expect((await ask('GET', server)).body['live']).toMatchObject({
    since: null,
    last_check: { time: expect.any(String), result: 'pass', reason: null, ms: expect.any(Number) },
  })
  await ask('PUT', `${server}/health`, { health: 'down' })
  const list = await ask('GET', 'backends?fields=live,effective.algorithm')
  expect((list.body['items'] as unknown[])[0]).toMatchObject({
    effective: { algorithm: 'round_robin' },
    live: { states: { down: 1 }, worst: { server: a.url, state: 'down' } },
  })
  expect(Object.keys((list.body['items'] as { effective: object }[])[0]?.effective ?? {})).toHaveLength(1)
  await ask('PUT', `${server}/health`, { health: null })
  const wrong = await ask('PUT', `${server}/state`, { admin: 'off' })
  expect([wrong.status, wrong.body['code']]).toEqual([422, 'body_invalid'])
  expect((await ask('PUT', `${server}/state`, {})).status).toBe(422)
  expect(
    (await ask('PUT', `${server}/state`, { admin: 'drain', until: '2001-01-01T00:00:00Z' })).body,
  ).toMatchObject({
    errors: [{ pointer: '/until', message: '2001-01-01T00:00:00Z is over already' }],
  })
  expect(await ask('GET', 'backends/api/servers/b/state')).toMatchObject({
    status: 404,
    body: { detail: `Backend "api" has no server "b"; it has: ${a.url}.` },
  })
  expect((await ask('GET', 'backends/web/servers/b/state')).body['detail']).toBe(
    'The config has no backend "web".',
  )
  const entries = await waitFor(async () => {
    const { body } = await ask('GET', 'audit')
    const list = Object.values(body).find((value) => Array.isArray(value)) as Record<string, unknown>[]
    return list.some(({ action }) => action === 'backends.servers.state.remove') ? list : null
  })
  expect(
    entries.find(({ action, result }) => action === 'backends.servers.state.replace' && result === 'done'),
  ).toMatchObject({
    before: [],
    after: [{ kind: 'admin', value: 'maintenance' }, { kind: 'weight' }],
  })
})

test('an ordered weight is written to the config file, and a server that is out of use leaves it', async () => {
  const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
  const text = `# ours
listeners: { web: { bind: 127.0.0.1:0, backend: api } }
admin: false
data: ./kept
backends:
  api:
    servers:
      - { name: a, url: "${a.url}", weight: 1 }   # rack A
      - name: b   # rack B
        url: ${b.url}
`
  const gateway = keep(await startGateway({ config: text, args: ['--no-watch'] }))
  const nothing = await said(gateway, 'a', 'persist')
  expect([nothing.code, nothing.err]).toEqual([
    1,
    'sluice server: no weight is ordered of server "a": there is nothing to write\n',
  ])
  await done(gateway, 'a', 'weight', '3')
  await done(gateway, 'b', 'weight', '2')
  expect(await done(gateway, 'a', 'persist')).toBe('written to the config file: revision 2 is served\n')
  await done(gateway, 'b', 'persist')
  const file = (): Promise<string> => Bun.file(gateway.configFile).text()
  const weighed = text
    .replace('weight: 1 }', 'weight: 3 }')
    .replace(`url: ${b.url}\n`, `url: ${b.url}\n        weight: 2\n`)
  expect(await file()).toBe(weighed)
  expect(await done(gateway, 'a')).toContain('weight:    3\n')
  expect(await answering(gateway, 10)).toEqual({ a: 6, b: 4 })

  expect((await said(gateway, 'b', 'persist', '--remove')).err).toContain('server "b" is in use')
  await done(gateway, 'b', 'maintenance')
  await done(gateway, 'b', 'persist', '--remove')
  expect(await file()).toBe(weighed.slice(0, weighed.indexOf('      - name: b')))
  expect(await answering(gateway, 2)).toEqual({ a: 2 })
})
