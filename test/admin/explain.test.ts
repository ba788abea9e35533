// sluice explain: by the file alone, and by the gateway that runs with it.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { explain } from '../../server/cli/explain.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import type { Explained } from '../../server/control/explain/explained.ts'
import { startNamed } from '../support/backends.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { answering, done, http, words } from '../support/orders.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const said = (gateway: Gateway, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => explain(args, io), { cwd: gateway.folder })

test('the gateway tells with the states of now what the file alone cannot', async () => {
  const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
  const config = http([words('one', a), words('two', b)])
  const gateway = keep(await startGateway({ config }))
  const listeners = gateway.last('serving')?.['listeners'] as Record<string, string> | undefined
  const [, port = ''] = String(listeners?.['web']).split(':')
  await done(gateway, 'one', 'drain', '--reason', 'disk swap')
  const live = await said(gateway, `http://a.test:${port}/x`, '--live')
  expect([live.code, live.err]).toEqual([0, ''])
  expect(live.out).toContain(`listener    web: it is the only one that speaks HTTP\n`)
  expect(live.out).toMatch(
    / {2}- one, weight 1, 0 in flight: draining: disk swap \(.+\)\n {2}\+ two, weight 1, 0 in flight\n/,
  )
  expect(live.out).toContain('outcome     sent to backend api, 1 server gets work\n')
  expect(await answering(gateway, 4)).toEqual({ b: 4 })

  const alone = await said(gateway, 'http://a.test/x')
  expect(alone.out).toContain('  + one, weight 1\n  + two, weight 1\n')
  // It is the same document, whoever makes it, and nothing was sent or counted for it.
  const asked = ['http://a.test/x?y', '-X', 'POST', '-H', 'X-A: 1', '--json']
  const documents = await Promise.all([said(gateway, ...asked), said(gateway, ...asked, '--live')])
  const [offline, running] = documents.map(({ out }) => JSON.parse(out) as Explained)
  expect(running).toEqual({ ...offline, backend: expect.anything() } as unknown as Explained)
  const metrics = (await (await fetch(`${gateway.admin}/_metrics`)).json()) as { total_requests: number }
  expect(metrics.total_requests).toBe(4)
})

test('what cannot be asked says so, and how', async () => {
  const gateway = keep(await startGateway({ config: http([{ url: 'http://127.0.0.1:9' }]) }))
  const answer = await fetch('http://localhost/api/v1/explain', {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: 'http://a/', client: 'me' }),
  })
  expect([answer.status, await answer.json()]).toMatchObject([422, { errors: [{ pointer: '/client' }] }])
  const codeAndText = async (...args: readonly string[]): Promise<unknown[]> => {
    const { code, err } = await said(gateway, ...args)
    return [code, err]
  }
  expect(await codeAndText('http://a/', '-H', 'no field')).toEqual([
    2,
    'sluice explain: "no field" is no header field such as "Accept: text/html"; "sluice explain -h" tells more\n',
  ])
  expect(await codeAndText('http://a/', '--client', 'me')).toEqual([
    2,
    expect.stringContaining('no IP address'),
  ])
  expect(await codeAndText('ftp://a/')).toEqual([
    2,
    expect.stringContaining('"ftp://" is not asked for by HTTP: a URL begins with http:// or https://'),
  ])
  for (const how of [[], ['--live']])
    expect(await codeAndText('http://a/', '--listener', 'x', ...how)).toEqual([
      1,
      expect.stringContaining('there is no listener "x"; there are: web'),
    ])
  expect(await codeAndText('http://a/', '-c', 'none.yaml')).toEqual([
    1,
    'sluice explain: there is no file none.yaml\n',
  ])
  // A rule takes it, but nobody would answer.
  expect((await said(gateway, 'http://a/')).code).toBe(0)
})

test('a draft is explained beside what is served, to who may change the config, and changes nothing', async () => {
  const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
  const all = { name: 'all', backend: 'api' }
  const listeners = { web: { bind: '127.0.0.1:0' } }
  const config = { ...http([words('one', a)]), listeners, rules: [all] }
  const gateway = keep(await startGateway({ config }))
  const before = readFileSync(gateway.configFile, 'utf8')
  const ask = async (body: object): Promise<{ status: number; body: Told }> => {
    const answer = await fetch('http://localhost/api/v1/explain', {
      unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Told }
  }
  const ops = [
    { op: 'create', resource: 'backends', value: { name: 'new', servers: [{ url: b.url }] } },
    {
      op: 'create',
      resource: 'rules',
      index: 0,
      value: { name: 'new', match: { path: '/new/*' }, backend: 'new' },
    },
  ]
  const told = await ask({ url: 'http://a.test/new/x', ops })
  expect(told.body).toMatchObject({
    ...{ kind: 'request', backend: { backend: 'api' } },
    draft: { kind: 'request', rule: { name: 'new' }, backend: { backend: 'new', servers_with_work: 1 } },
  })
  const text = before.replaceAll('"api"', '"other"')
  expect((await ask({ url: 'http://a.test/', text })).body.draft).toMatchObject({
    backend: { backend: 'other' },
  })
  // What is no config says why, beside what is served, at the field that was sent.
  const wrong = [{ op: 'update', resource: 'rules/all', value: { backend: 'none' } }]
  expect((await ask({ url: 'http://a.test/', ops: wrong })).body.draft).toMatchObject({
    ...{ code: 'config_invalid', errors: [{ pointer: '/ops/0/value/backend' }] },
  })
  const bad = await ask({ url: 'http://a.test/', text: 'x: 1\n' })
  expect([bad.status, bad.body.kind, bad.body.draft.code]).toEqual([200, 'request', 'config_invalid'])
  const gone = await ask({ url: 'http://a.test/', ops: [{ op: 'delete', resource: 'backends/none' }] })
  expect(gone.body.draft).toMatchObject({ code: 'not_found', op_index: 0 })
  expect((await ask({ url: 'http://a.test/', ops, text })).status).toBe(422)
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
})

test('a connection is explained by the file alone, and by the gateway', async () => {
  const listeners = {
    web: { bind: '127.0.0.1:0' },
    db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db' },
  }
  const backends = { db: { servers: [{ url: 'tcp://127.0.0.1:9', name: 'one' }] } }
  const rules = [{ name: 'all', respond: { status: 200 } }]
  const gateway = keep(await startGateway({ config: { listeners, backends, rules, admin: false } }))
  const url = `tcp://127.0.0.1:${gateway.port('db')}`
  const live = await said(gateway, url, '--live')
  expect([live.code, live.err]).toEqual([0, ''])
  expect(live.out).toBe(
    [
      `connection  tcp to port ${gateway.port('db')} of 127.0.0.1`,
      `listener    db (tcp): it is at port ${gateway.port('db')}`,
      'backend     db: round_robin',
      '  + one, weight 1, 0 in flight',
      'outcome     sent to backend db, 1 server gets work\n',
    ].join('\n'),
  )
  const alone = await said(gateway, 'tcp://127.0.0.1', '--listener', 'db')
  expect(alone.out).toContain('servers are taken to be up, --live asks the gateway')
  expect((await said(gateway, 'tcp://127.0.0.1:1')).err).toStartWith(
    'sluice explain: no listener takes tcp at port 1',
  )
})

// oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
type Told = any
