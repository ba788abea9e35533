// sluice explain: by the file alone, and by the gateway that runs with it.
import { afterEach, expect, test } from 'bun:test'
import { explain } from '../../server/cli/explain.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import type { Explained } from '../../server/control/explain/explain.ts'
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
