// config/examples/rewrites.yaml, as servers and clients see it; and pages that change while they are served.
import { expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { type Origin, type Script, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

test('servers see what a rule makes of a request, clients what they know', async () => {
  await using stack = new AsyncDisposableStack()
  const scripts: Record<number, Script> = {
    9001: (_, reply) => reply.send(200, 'app'),
    9002: (request, reply) =>
      request.target.endsWith('/flaky') && request.connection === 0
        ? reply.rst()
        : request.get('upgrade') === null
          ? reply.send(200, 'api')
          : void reply.raw(
              'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
            ),
    9003: (request, reply) =>
      reply.send(302, '', [
        `Location: http://shop.internal${request.target}/next?x#y`,
        'Set-Cookie: a=1; Path=/; Domain=shop.internal',
        'Set-Cookie: b=2; Path=/cart',
      ]),
  }
  const origins: Record<number, Origin> = {}
  for (const port of PORTS) origins[port] = stack.use(startOrigin(scripts[port]!))
  const config = `${adapted('rewrites.yaml', origins)}logs: { access: { file: access.log } }\n`
  await using gateway = await startGateway({ config, file: 'rewrites.yaml' })
  const client = stack.use(await rawClient(gateway.port('web')))
  const ask = (target: string, fields = '') => client.get(target, fields)
  const last = (port: 9001 | 9002 | 9003) => origins[port]!.requests.at(-1)!

  // A prefix that is stripped, a host in place of another, and all of it turned back.
  const shop = await ask('/shop/%61?x=1')
  expect([last(9003).target, last(9003).get('host')]).toEqual(['/a?x=1', 'shop.internal'])
  expect(last(9003).get('x-forwarded-prefix')).toBe('/shop')
  expect(shop.get('location')).toBe('http://h/shop/a?x=1/next?x#y')
  expect(shop.all('set-cookie')).toEqual(['a=1; Path=/shop/', 'b=2; Path=/shop/cart'])
  await ask('/shop', 'X-Forwarded-Prefix: /spoofed\r\n')
  expect([last(9003).target, last(9003).all('x-forwarded-prefix')]).toEqual(['/', ['/shop']])

  // Parameters of a path in fields, the path and the query; what a client sends by that name is gone.
  const tenant = await ask(
    '/t/acme/a%2Fb?debug=1&q=%zz',
    'X-Tenant: root\r\nX-Client: 6.6.6.6\r\nX-Debug: on\r\nX-Client-Debug: x\r\n',
  )
  expect(last(9001).target).toBe('/a%2Fb?q=%zz&tenant=acme')
  expect(last(9001).all('x-tenant')).toEqual(['acme'])
  expect(last(9001).all('x-client')).toEqual(['127.0.0.1'])
  expect(last(9001).all('x-language')).toEqual(['en'])
  expect([last(9001).all('x-client-debug'), last(9001).all('x-debug')]).toEqual([['on'], []])
  expect(tenant.get('x-served-by')).toBe(`http://127.0.0.1:${origins[9001]!.port}`)
  expect(tenant.get('x-took')).toMatch(/^\d+(?:\.\d)?$/)
  await ask('/t/acme/x', 'Cookie: lang=de\r\n')
  expect(last(9001).get('x-language')).toBe('de')
  // Line ends in disguise stay what they are, and nothing leads up.
  await ask('/t/a%0D%0AX-Evil:%201/x')
  expect(last(9001).all('x-evil')).toEqual([])
  expect(last(9001).get('x-tenant')).toBe('a%0D%0AX-Evil:%201')
  const up = await ask('/..%2Fetc.php')
  expect([up.status, up.get('proxy-status')]).toEqual([400, expect.stringContaining('rewrite_failed')])

  await ask('/api/v2/users//x?a')
  expect(last(9002).target).toBe('/users//x?a&v=2')
  await ask('/index.php?x')
  expect(last(9002).target).toBe('/run/index?x')
  await ask('/docs/a?b')
  expect(last(9002).target).toBe('/v9/docs/a?b')
  // What is not rewritten goes on byte for byte.
  await ask('/%7Ea//b;c?%zz')
  expect(last(9001).target).toBe('/%7Ea//b;c?%zz')

  const locationOf = async (target: string) => (await ask(target)).get('location')
  expect(await locationOf('/old/7/a/b?x=1')).toBe('https://h:8443/new/a/b?id=7&x=1')
  expect(await locationOf('/private/a?b=c')).toBe('/login?next=%2Fprivate%2Fa%3Fb%3Dc')
  const who = await ask('/whoami?x=%0d')
  expect([who.get('x-client'), who.get('x-request')]).toEqual(['127.0.0.1', 'GET /whoami?x=%0d'])

  // A further attempt asks for the same.
  const from = origins[9002]!.requests.length
  expect((await ask('/docs/flaky')).status).toBe(200)
  expect(origins[9002]!.requests.slice(from).map(({ target }) => target)).toEqual([
    '/v9/docs/flaky',
    '/v9/docs/flaky',
  ])

  // A tunnel is asked for by the path that the server knows.
  await using tunnel = await rawClient(gateway.port('web'))
  const switched = await tunnel.get('/docs/live', 'Connection: upgrade\r\nUpgrade: echo\r\n')
  expect([switched.status, last(9002).target]).toEqual([101, '/v9/docs/live'])

  // The log has what was asked for.
  const logged = async () => (await gateway.accessLog()).map(({ path }) => path)
  await waitFor(async () => (await logged()).includes('/docs/a?b'))
  expect(await logged()).toContain('/shop/%61?x=1')
  expect(await logged()).not.toContain('/v9/docs/a?b')
}, 60_000)

test('a page that changes is answered with at once; one that goes missing, or is wrong, is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const put = (name: string, text: string | Buffer): void => {
    writeFileSync(join(folder, `new-${name}`), text)
    renameSync(join(folder, `new-${name}`), join(folder, name))
  }
  put('robots.txt', 'User-agent: *\n')
  put('none.html', '<p>{status} {header.X-A}</p>')
  put('icon.png', Buffer.from([0x89, 0x50, 0, 0xff]))
  put('gone.html', '<p>{path.what}: {header.X-A|?}</p>')
  const config = `
listeners: { web: { bind: "127.0.0.1:0" } }
rules:
  - { name: robots, match: { path: /robots.txt }, respond: { file: robots.txt } }
  - { name: icon, match: { path: /icon }, respond: { file: icon.png } }
  - { name: gone, match: { path: "/gone/{what}" }, respond: { status: 410, template: gone.html } }
  - { name: none, respond: { status: 404 }, middleware: [{ error_pages: { pages: [{ for: 4xx, template: none.html }] } }] }
admin: { bind: "127.0.0.1:0" }
`
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, config)

  // Wrong ones are told before anything is served.
  put('gone.html', '<p>{paht.what}</p>\n<p>{path.that}</p>')
  const wrong = await runCommand(['check', file])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr + wrong.stdout).toContain('in its line 1 "{paht.what}", which is no variable')
  expect(wrong.stderr + wrong.stdout).toContain('did you mean {path.what}?')
  expect(wrong.stderr + wrong.stdout).toContain(
    `in its line 2 "{path.that}", which the rule's path does not have`,
  )
  put('gone.html', '<p>{path.what}: {header.X-A|?}</p>')

  await using gateway = await startGateway({ config, folder, file: 'sluice.yaml' })
  const client = stack.use(await rawClient(gateway.port('web')))
  const robots = await client.get('/robots.txt')
  expect([robots.body, robots.get('content-type')]).toEqual(['User-agent: *\n', 'text/plain; charset=utf-8'])
  const tag = robots.get('etag')!
  const again = await client.get('/robots.txt', `If-None-Match: ${tag}\r\n`)
  expect([again.status, again.body, again.get('etag')]).toEqual([304, '', tag])
  expect(Buffer.from((await client.get('/icon')).body, 'latin1')).toEqual(Buffer.from([0x89, 0x50, 0, 0xff]))
  const gone = await client.get('/gone/a%20b', 'X-A: <b>\r\n')
  expect([gone.status, gone.body]).toEqual([410, '<p>a%20b: &lt;b&gt;</p>'])
  client.send('HEAD /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n')
  const head = await client.readAnswer({ method: 'HEAD' })
  expect([head.status, head.get('content-length'), head.body]).toEqual([200, '14', ''])

  const none = await client.get('/nobody', 'X-A: <b>\r\n')
  expect([none.status, none.body, none.get('content-type')]).toEqual([
    404,
    '<p>404 &lt;b&gt;</p>',
    'text/html; charset=utf-8',
  ])
  put('none.html', 'none at {path}')

  put('robots.txt', 'User-agent: none\n')
  await waitFor(async () => (await client.get('/robots.txt')).body === 'User-agent: none\n', {
    forMs: 20_000,
  })
  expect((await client.get('/robots.txt', `If-None-Match: ${tag}\r\n`)).status).toBe(200)

  await waitFor(async () => (await client.get('/nobody')).body === 'none at /nobody', { forMs: 20_000 })

  // It goes on as it was, and is told.
  put('gone.html', '<p>{nobody}</p>')
  await gateway.event('rejected')
  expect((await client.get('/gone/x')).body).toBe('<p>x: ?</p>')
  rmSync(join(folder, 'gone.html'))
  await waitFor(async () => {
    const checked = await runCommand(['check', file])
    return (checked.stderr + checked.stdout).includes('no file of this name')
  })
  expect((await client.get('/gone/x')).body).toBe('<p>x: ?</p>')
}, 90_000)
