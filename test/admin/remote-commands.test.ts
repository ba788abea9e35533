// Commands that ask the admin listener of a gateway elsewhere, by TLS and with a token; and sluice api and
// events, which ask anything.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const CONFIG = `
listeners:
  web: { bind: 127.0.0.1:0, protocol: http }
  other: { bind: 127.0.0.1:0, protocol: http }
rules:
  - { name: s, match: { listener: web, path: /spare }, backend: spare }
  - { name: a, match: { listener: web }, backend: api }
  - { name: o, match: { listener: other }, respond: { status: 204 } }
backends:
  api: { servers: [{ name: a, url: http://127.0.0.1:9 }] }
  spare: { servers: [{ name: b, url: http://127.0.0.1:9 }] }
workers: 1
admin: { bind: 127.0.0.1:0, tls: self_signed }
`
let gateway: Gateway
let url = ''
let print = ''
let token = ''
beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG })
  const serving = gateway.last('serving')
  url = `https://${String(serving?.['admin'])}`
  print = String(serving?.['admin_fingerprint'])
  const made = await runCommand(['admin', 'token', '--role', 'editor', '-c', gateway.configFile])
  token = made.stdout.trim()
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** From a folder without any gateway, as from another machine. */
const elsewhere = (
  args: readonly string[],
  env: Record<string, string> = { SLUICE_TOKEN: token },
): ReturnType<typeof runCommand> => runCommand(args, { cwd: '/', env })

const pinned = (): string[] => ['--admin', url, '--fingerprint', print]
const here = (...args: readonly string[]): ReturnType<typeof runCommand> =>
  runCommand([...args, '-c', gateway.configFile])

test('every command that asks is answered elsewhere, too: with a token, and the certificate that was named', async () => {
  const file = join(gateway.folder, 'new.yaml')
  writeFileSync(file, CONFIG.replace('status: 204', 'status: 205'))
  const before = readFileSync(gateway.configFile, 'utf8')
  for (const [args, said] of [
    [['status'], 'healthy: 2 of 2 servers up'],
    [['health', 'web'], '2 of 2 servers up'],
    [['metrics', 'api'], '0 requests'],
    [['server', 'a', 'drain', '--reason', 'disk'], 'drain since'],
    [['server', 'a', 'ready'], 'ready'],
    [['apply', file, '-m', 'another answer'], 'applied: revision 2'],
    [['diff', '1', '2'], '+  - { name: o, match: { listener: other }, respond: { status: 205 } }'],
    [['rollback'], 'went back: revision 3'],
    [['history'], 'another answer'],
    [['reload'], 'applied: revision 4'],
    [['explain', `http://127.0.0.1:${gateway.port('web')}/x`], 'sent to backend api'],
    [['reload', '--json'], '{"revision":5,'],
    [['certificates'], 'no certificates that come by ACME'],
    [['events', '--topics', 'config'], 'config.applied'],
    [['api', 'backends/api'], '"http://127.0.0.1:9"'],
  ] as const) {
    const { code, stdout, stderr } = await elsewhere([...args, ...pinned()])
    expect([args, code, stdout]).toEqual([args, 0, expect.stringContaining(said)])
    // It is the only usable server of its backend, which is told.
    expect(stderr).toEqual(
      args[2] === 'drain' ? expect.stringContaining('warning: no server of backend') : '',
    )
  }
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
  const { stderr } = await elsewhere(['confirm', ...pinned()])
  expect(stderr).toBe('sluice confirm: nothing waits to be confirmed\n')
})

test('requests are followed elsewhere, too', async () => {
  const [program = ''] = await binary()
  const tapping = Bun.spawn([program, 'tap', '-n', '1', '--filter', 'path=/tapped', ...pinned()], {
    cwd: '/',
    env: { SLUICE_TOKEN: token },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let hasEnded = false
  void tapping.exited.then(() => (hasEnded = true))
  await waitFor(async () => {
    await gateway.fetch('/tapped', { listener: 'other' })
    return hasEnded
  })
  expect(await tapping.stdout.text()).toContain('/tapped ')
  const last = await elsewhere(['tap', '--last', '-n', '1', '--filter', 'path=/tapped', ...pinned()])
  expect([last.code, last.stdout]).toEqual([0, expect.stringContaining('/tapped 204')])
})

test('with --json a change tells what the gateway answered, also where it is refused', async () => {
  const file = join(gateway.folder, 'broken.yaml')
  writeFileSync(file, CONFIG.replace('protocol: http }', 'protocol: htp }'))
  const refused = await here('apply', file, '--json')
  expect([refused.code, refused.stderr]).toEqual([1, ''])
  expect(JSON.parse(refused.stdout)).toMatchObject({ status: 422, code: 'config_invalid' })
  for (const args of [['rollback', '999'], ['confirm']]) {
    const { code, stdout } = await here(...args, '--json')
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { instance: expect.stringMatching(/^req_/) }])
  }
})

test('nothing is sent to who has another certificate, or by a way that shows the token', async () => {
  const other = print.replace(/..$/, print.endsWith('00') ? '11' : '00')
  for (const [args, said] of [
    [['--admin', url], 'has a certificate that is not trusted here; name it by --fingerprint SHA256'],
    [['--admin', url, '--fingerprint', other], `its certificate has the SHA-256 ${print}; nothing was asked`],
    [['--admin', 'http://192.0.2.1:9'], 'the token would go to http://192.0.2.1:9 in clear'],
    [['--admin', url.replace('https', 'http')], 'closed the connection instead of answering; is it https?'],
  ] as const) {
    const { code, stderr } = await elsewhere(['history', ...args])
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
  }
  const { code, stderr } = await elsewhere(['history', ...pinned()], { SLUICE_TOKEN: '' })
  expect([code, stderr]).toEqual([1, expect.stringContaining('answered 401')])
  expect(stderr).toContain('--token or SLUICE_TOKEN says who asks')
})

test('a file says who signed the certificate, and another one holds the token', async () => {
  const pem = join(gateway.folder, 'ca.pem')
  const shown = Bun.spawn(['openssl', 's_client', '-connect', url.slice('https://'.length), '-showcerts'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const found = await shown.stdout.text()
  writeFileSync(pem, /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n/s.exec(found)?.[0] ?? '')
  const file = join(gateway.folder, 'token')
  writeFileSync(file, `${token}\n`)
  const args = ['history', '--admin', url, '--ca', pem, '--token', `@${file}`]
  expect(await elsewhere(args, { SLUICE_TOKEN: 'slt_of_another_one' })).toMatchObject({ code: 0, stderr: '' })
  const missing = await elsewhere(['history', '--admin', url, '--ca', '/nowhere'])
  expect([missing.code, missing.stderr]).toEqual([
    1,
    'sluice history: /nowhere: there is no such file or folder\n',
  ])
})

test.each([
  [['--fingerprint', 'ab'], '--fingerprint goes with --admin'],
  [['--token', 'x'], '--token goes with --admin'],
  [['--admin', 'ftp://x'], '"ftp://x" is no URL'],
  [['--admin', 'https://x', '--fingerprint', 'ab'], '--fingerprint takes a SHA-256'],
  [['--admin', 'http://x', '--ca', 'f'], '--ca goes with an https URL'],
  [
    ['--admin', 'https://ann:secret@x'],
    '--admin names a user: nobody signs in by the URL; say who asks with',
  ],
  [
    ['--admin', 'https://x/a?token=secret'],
    '--admin has a "?" behind its path, and what follows is never asked for: leave it out',
  ],
  [['--admin', 'https://x/_admin/'], '--admin names the gateway, not a page of it: https://x in place of'],
  [['--admin', 'https://x/api/v1'], '--admin names the gateway, not a page of it: https://x in place of'],
])('options that do not go together are wrong usage: %j', async (args, said) => {
  const { code, stderr } = await elsewhere(['history', ...args], {})
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
  expect(stderr).not.toContain('secret')
})

test('a path in front of the admin listener, which a proxy takes off, goes with all that is asked', async () => {
  const asked: string[] = []
  const proxy = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      asked.push(pathname)
      const headers = { Authorization: request.headers.get('authorization') ?? '' }
      return fetch(`${url}${pathname.replace('/edge/gw', '')}${search}`, {
        ...{ headers, tls: { rejectUnauthorized: false } },
      })
    },
  })
  try {
    for (const end of ['', '/']) {
      const { code, stdout } = await elsewhere(['history', '--admin', `${proxy.url.origin}/edge/gw${end}`])
      expect([code, stdout]).toEqual([0, expect.stringContaining('REVISION')])
    }
    expect(new Set(asked)).toEqual(new Set(['/edge/gw/api/v1/config/revisions']))
  } finally {
    await proxy.stop(true)
  }
})

test('sluice status takes the name of a backend or of a listener', async () => {
  const web = await here('health', 'web', '--json')
  expect(JSON.parse(web.stdout)).toMatchObject({
    healthy: true,
    backends: [{ backend: 'api' }, { backend: 'spare' }],
    listeners: [{ listener: 'web' }],
  })
  const other = await here('status', 'other')
  expect([other.code, other.stdout]).toEqual([0, expect.stringContaining('healthy: no servers')])
  expect(other.stdout).not.toContain('api')
  const none = await here('status', 'nobody')
  expect([none.code, none.stderr]).toEqual([
    1,
    'sluice status: there is no backend "nobody", nor a listener of that name; backends are api, spare\n',
  ])
  expect((await here('status', 'spar')).stderr).toContain('; did you mean "spare"?')
  expect((await here('health', 'b')).stderr).toContain(
    '; it is a server of spare: "sluice server b" tells of it',
  )
})

test('sluice api asks anything, tells refusals in words, and with --json nothing but what was answered', async () => {
  const one = await here('api', '/api/v1/backends/spare/servers/b', '--json')
  const { etag } = JSON.parse(one.stdout) as { etag: string }
  const patch = (weight: unknown, ...more: string[]): ReturnType<typeof runCommand> =>
    here('api', 'backends/spare/servers/b', '-X', 'patch', '-d', JSON.stringify({ weight }), ...more)
  expect((await patch(3, '-H', `If-Match: ${etag}`)).code).toBe(0)
  const late = await patch(4, '-H', `If-Match: ${etag}`)
  expect([late.code, late.stdout, late.stderr.split(':', 2)[1]]).toEqual([1, '', ' 412 etag_mismatch'])
  const odd = await patch('many')
  expect(odd.stderr).toContain('422 config_invalid')
  expect(odd.stderr).toMatch(/^ {2}.*sluice\.yaml:\d+:\d+ \/weight .*whole number from 0 to 1000$/m)
  const plain = await here('api', 'backends/nobody', '--json')
  expect([plain.code, JSON.parse(plain.stdout)]).toMatchObject([1, { status: 404, code: 'not_found' }])
  const head = await here('api', 'status', '-i')
  expect(head.stdout).toMatch(/^HTTP\/1\.1 200 OK\n(?:[a-z-]+: .*\n)*\n\{\n/)
  const text = await here('api', 'config', '-H', 'Accept: application/yaml')
  expect(text.stdout).toBe(readFileSync(gateway.configFile, 'utf8'))
  const body = join(gateway.folder, 'body.yaml')
  writeFileSync(body, 'listeners: 3\n')
  const checked = await here('api', 'config/validate', '-d', `@${body}`)
  expect(JSON.parse(checked.stdout)).toMatchObject({ valid: false })
  expect((await here('api', 'status', '-d', 'x', '-X', 'GET')).code).toBe(2)
  // The runtime would send it as GET, and nothing would be deleted.
  const slip = await here('api', 'backends/spare', '-X', 'DELTE')
  expect([slip.code, slip.stdout]).toEqual([2, ''])
  expect(slip.stderr).toContain('"DELTE" is no method')
  expect(slip.stderr).toContain('did you mean DELETE?')
})

test('sluice events goes on with what happens, also with a gateway that was started anew', async () => {
  await using gone = await startGateway({
    config: CONFIG.replace('{ bind: 127.0.0.1:0, tls: self_signed }', 'false'),
  })
  const [program = ''] = await binary()
  const watching = Bun.spawn(
    [program, 'events', '-f', '-n', '0', '--topics', 'config', '--json', '-c', gone.configFile],
    { stdout: 'pipe', stderr: 'pipe' },
  )
  let out = ''
  const names = (): string[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { name: string }).name)
  const reading = (async () => {
    for await (const part of watching.stdout) out += Buffer.from(part).toString()
  })()
  try {
    const reload = (): ReturnType<typeof runCommand> => runCommand(['reload', '-c', gone.configFile])
    // What happens before it watches is not told: until then, one after the other.
    await waitFor(async () => (await reload()).code === 0 && names().includes('config.applied'), {
      everyMs: 50,
    })
    expect(await gone.stop()).toBe(0)
    const before = names().length
    await using again = await startGateway({
      config: readFileSync(gone.configFile, 'utf8'),
      folder: gone.folder,
    })
    await waitFor(() => names().slice(before).includes('config.serving'))
    expect(again.last('serving')).toMatchObject({ revision: expect.any(Number) })
  } finally {
    watching.kill()
    await watching.exited
    await reading
  }
  expect(await watching.stderr.text()).toContain('the stream ended; it is asked for again')
})
