// Users and tokens through the executable: commands beside it, TLS, and what ends when a token is revoked.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { connect } from 'node:tls'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const PASSWORD = 'correct horse battery'
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', respond: { status: 200 } }],
      admin: { bind: '127.0.0.1:0' },
    },
  })
})
afterAll(() => gateway[Symbol.asyncDispose]())

async function sluice(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand([...args, '-c', gateway.configFile])
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

const bearer = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } })

test('the first user is made with the token of the log, once', async () => {
  const { token } = await gateway.event('setup_needed')
  const file = join(gateway.folder, 'data', 'setup-token')
  expect(readFileSync(file, 'utf8').trim()).toBe(String(token))
  expect(await sluice('admin', 'setup-token')).toBe(String(token))
  const setUp = (): Promise<Response> =>
    fetch(`${gateway.admin}/api/v1/auth/setup`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, name: 'anna', password: PASSWORD }),
    })
  expect((await setUp()).status).toBe(200)
  expect((await setUp()).status).toBe(409)
  expect(existsSync(file)).toBe(false)
  expect(await sluice('admin', 'user', 'list')).toContain('anna')
})

test('a token that a command makes is taken at once, and ends with its streams when it is revoked', async () => {
  const token = await sluice('admin', 'token', '--role', 'viewer', '--name', 'watcher')
  const events = await fetch(`${gateway.admin}/api/v1/events`, {
    headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' },
  })
  expect([events.status, events.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  let hasEnded = false
  const reading = (async () => {
    for await (const _ of events.body ?? []);
    hasEnded = true
  })()
  const list = JSON.parse(await sluice('admin', 'token', 'list', '--json')) as { id: string; name: string }[]
  expect(hasEnded).toBe(false)
  await sluice('admin', 'token', 'revoke', list.find(({ name }) => name === 'watcher')?.id ?? '')
  expect((await fetch(`${gateway.admin}/api/v1/auth/me`, bearer(token))).status).toBe(401)
  await waitFor(() => hasEnded)
  await reading
})

test('what a command did is in the audit, with the user who asked', async () => {
  const token = await sluice('admin', 'token', '--role', 'admin')
  const answer = await fetch(`${gateway.admin}/api/v1/audit?action=tokens&limit=1`, bearer(token))
  const { items } = (await answer.json()) as { items: { who: { kind: string }; from: string }[] }
  expect(items).toMatchObject([{ who: { kind: 'local' }, from: 'command', action: 'tokens.create' }])
})

test('an editor changes the config, and not who may ask', async () => {
  const [editor, admin] = [
    await sluice('admin', 'token', '--role', 'editor'),
    await sluice('admin', 'token', '--role', 'admin'),
  ]
  const before = readFileSync(gateway.configFile, 'utf8')
  const hashOf = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex')
  const put = (token: string, text: string, expected: string): Promise<Response> =>
    fetch(`${gateway.admin}/api/v1/config`, {
      method: 'PUT',
      headers: {
        ...{ Authorization: `Bearer ${token}`, 'Content-Type': 'application/yaml' },
        'If-Match': `"${hashOf(expected)}"`,
      },
      body: text,
    })
  const trusting = `${JSON.stringify({ ...(Bun.YAML.parse(before) as object), admin: { bind: '127.0.0.1:0', trusted: ['0.0.0.0/0'] } })}\n`
  const refused = await put(editor, trusting, before)
  expect([refused.status, await refused.json()]).toEqual([
    403,
    expect.objectContaining({ code: 'forbidden', required_role: 'admin' }),
  ] as never)
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
  const harmless = `# by an editor\n${before}`
  expect((await put(editor, harmless, before)).status).toBe(200)
  expect((await put(admin, trusting, harmless)).status).toBe(200)
  // What an admin has changed, an editor does not bring back.
  const back = await fetch(`${gateway.admin}/api/v1/config/rollback`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${editor}`, 'Content-Type': 'application/json' },
    body: '{}',
  })
  expect([back.status, await back.json()]).toEqual([
    403,
    expect.objectContaining({ code: 'forbidden' }),
  ] as never)
})

test('a token of one resource is told nothing of the rest of the file', async () => {
  const token = await sluice('admin', 'token', '--role', 'editor', '--scope', 'rules/*')
  const before = readFileSync(gateway.configFile, 'utf8')
  const patch = async (query: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${gateway.admin}/api/v1/rules/all${query}`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ respond: { status: 204 } }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const tried = await patch('?dry_run=true')
  expect([tried.status, tried.text.includes('204')]).toEqual([200, true])
  // By hand, and not taken: what stands in the file is another text than what is served.
  writeFileSync(gateway.configFile, `${before}\n# by-hand {[`)
  const late = await patch('')
  writeFileSync(gateway.configFile, before)
  expect([late.status, JSON.parse(late.text).code]).toEqual([412, 'file_changed'])
  for (const { text } of [tried, late]) {
    expect(text).not.toContain('bind')
    expect(text).not.toContain('by-hand')
  }
})

test('an editor reads no file and no variable of the gateway by naming it', async () => {
  const editor = await sluice('admin', 'token', '--role', 'editor')
  const before = readFileSync(gateway.configFile, 'utf8')
  const secret = join(dirname(gateway.configFile), 'of-others')
  writeFileSync(secret, 'planted-secret')
  const ask = async (method: string, path: string, body: string, type = 'application/yaml') => {
    const answer = await fetch(`${gateway.admin}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${editor}`, 'Content-Type': type, 'If-Match': '*' },
      body,
    })
    return { status: answer.status, text: await answer.text() }
  }
  for (const name of [`file:${secret}`, 'PATH', 'PATH:-x']) {
    const places = ['$', '\\u0024'].map((dollar) => before.replace('{', `{ "workers": "${dollar}{${name}}",`))
    const told = [
      ...(await Promise.all(places.map((text) => ask('PUT', '/config', text)))),
      // A comment of today is a value of tomorrow.
      await ask('PUT', '/config', `# \${${name}}\n${before}`),
      await ask('POST', '/changes?dry_run=true', JSON.stringify({ text: places[0] }), 'application/json'),
      await ask('POST', '/config/validate', places[0] ?? ''),
    ]
    expect([name, told.map(({ status }) => status)]).toEqual([name, [403, 403, 403, 403, 200]])
    for (const { text } of told) {
      expect(text).toContain('not-yours')
      expect(text).not.toContain('planted-secret')
      expect(text).not.toContain(process.env['PATH'] ?? 'none')
    }
  }
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
})

test('an editor names no file or socket elsewhere, and is not told whether it is there', async () => {
  const [editor, admin] = await Promise.all(
    ['editor', 'admin'].map((role) => sluice('admin', 'token', '--role', role)),
  )
  const ask = async (token: string | undefined, path: string, body: object) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const answer = await fetch(`${gateway.admin}/api/v1${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const pair = (cert: string) => ({ name: 'odd', cert, key: cert })
  const told = await Promise.all(
    ['/etc/shadow', '/etc/absent'].map((path) => ask(editor, '/certificates', pair(path))),
  )
  expect(told.map(({ status }) => status)).toEqual([403, 403])
  // The same words of a file that is there and one that is not.
  const [there, gone] = told.map(({ text }) =>
    text.replaceAll(/req_[\w-]+/g, '').replaceAll(/shadow|absent/g, 'x'),
  )
  expect(there).toContain('not-yours')
  expect(there).toBe(gone!)
  const socket = { name: 'odd', servers: [{ url: 'http://unix:/run/docker.sock' }] }
  expect((await ask(editor, '/backends?dry_run=true', socket)).status).toBe(403)
  const own = { name: 'odd', servers: [{ url: `http://unix:${dirname(gateway.configFile)}/app.sock` }] }
  expect((await ask(editor, '/backends?dry_run=true', own)).status).toBe(200)
  expect((await ask(admin, '/backends?dry_run=true', socket)).status).toBe(200)
  // In one of its own folders as well: whoever connects there is an admin, as each client of a rule would be.
  const control = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  const led = { name: 'odd', servers: [{ url: `http://unix:${control}` }] }
  expect((await ask(editor, '/backends', led)).text).toContain('that is for a gateway itself')
})

test('an editor does not bring back by a rollback what an admin has taken out, and an admin does', async () => {
  await using own = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'app' }],
      backends: { app: { servers: [{ url: 'http://unix:/run/of-the-machine.sock' }] } },
      admin: { bind: '127.0.0.1:0' },
    },
  })
  const token = async (role: string): Promise<string> =>
    (await runCommand(['admin', 'token', '--role', role, '-c', own.configFile])).stdout.trim()
  const [editor, admin] = [await token('editor'), await token('admin')]
  const ask = async (token: string, method: string, path: string, body: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}`, 'If-Match': '*', 'Content-Type': 'application/json' }
    return (await fetch(`${own.admin}/api/v1/config${path}`, { method, headers, body })).status
  }
  const before = readFileSync(own.configFile, 'utf8')
  const without = before.replace('unix:/run/of-the-machine.sock', '127.0.0.1:9')
  const headers = { Authorization: `Bearer ${admin}`, 'If-Match': '*', 'Content-Type': 'application/yaml' }
  const put = await fetch(`${own.admin}/api/v1/config`, { method: 'PUT', headers, body: without })
  expect(put.status).toBe(200)
  for (const body of ['{}', '{"revision":1}'])
    expect([body, await ask(editor, 'POST', '/rollback', body)]).toEqual([body, 403])
  expect(readFileSync(own.configFile, 'utf8')).toBe(without)
  expect(await ask(admin, 'POST', '/rollback', '{"revision":1}')).toBe(200)
  expect(readFileSync(own.configFile, 'utf8')).toBe(before)
  // Away from it is free for everybody.
  expect(await ask(editor, 'POST', '/rollback', '{}')).toBe(200)
})

test('others than this machine are answered by TLS, with the fingerprint that was told', async () => {
  await using open = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', respond: { status: 200 } }],
      admin: { bind: '0.0.0.0:0' },
    },
  })
  const serving = open.last('serving')
  const port = Number(String(serving?.['admin']).split(':')[1])
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  socket.on('secureConnect', () => resolve(socket.getPeerCertificate().fingerprint256)).on('error', reject)
  expect(await promise).toBe(String(serving?.['admin_fingerprint']))
  socket.destroy()
  const get = (path: string): Promise<Response> =>
    fetch(`https://127.0.0.1:${port}${path}`, { tls: { rejectUnauthorized: false } })
  expect((await get('/metrics')).status).toBe(200)
  expect((await get('/api/v1/status')).status).toBe(401)
})
