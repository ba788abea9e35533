// config/examples: each runs as it stands, but for its addresses, and does what its comments say.
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { connect } from 'node:tls'
import { healthOf, serverIs } from '../support/backends.ts'
import { rawClient, type WireAnswer } from '../support/client.ts'
import { issued } from '../support/authority.ts'
import { testCertificate } from '../support/certificate.ts'
import { TlsFront } from '../support/tls-front.ts'
import { adapted, FOLDER, PORTS } from '../support/example-config.ts'
import { EXAMPLE_SECRETS } from '../support/example-secrets.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import {
  ALLOCATE,
  addressOf,
  BINDING,
  channelData,
  errorCode,
  parseStun,
  type Stun,
  StunWriter,
  XOR_MAPPED_ADDRESS,
  XOR_RELAYED_ADDRESS,
} from '../support/stun.ts'
import { type Login, TurnLine, udpAllocate } from '../support/turn-line.ts'
import { waitFor } from '../support/wait.ts'

interface Example extends AsyncDisposable {
  readonly gateway: Gateway
  /** The servers, by the port that the example gives them. Each answers with that. */
  readonly origins: Readonly<Record<number, Origin>>
  /** One request on a connection of its own. */
  ask(target: string, options?: Ask): Promise<WireAnswer>
  /** How many requests each server had, checks left out. */
  counts(): number[]
}

interface Ask {
  readonly listener?: string
  readonly host?: string
  readonly fields?: string
  readonly method?: string
  readonly from?: string
}

async function run(file: string): Promise<Example> {
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin((_request, reply) => reply.send(200, String(port), ['Server: sample'])),
    ]),
  )
  const kill = (): void => {
    for (const origin of Object.values(origins)) origin.kill()
  }
  const gateway = await startGateway({ config: adapted(file, origins), file, env: EXAMPLE_SECRETS }).catch(
    (problem: unknown) => {
      kill()
      throw problem
    },
  )
  ran.add(file)
  return {
    gateway,
    origins,
    async ask(target, { listener, host = 'h', fields = '', method = 'GET', from } = {}) {
      await using client = await rawClient(gateway.port(listener), '127.0.0.1', from)
      client.send(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)
      return await client.readAnswer({ method })
    },
    counts: () =>
      PORTS.map((port) => origins[port]!.requests.filter(({ target }) => target !== '/health').length),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      kill()
    },
  }
}
const ran = new Set<string>()

async function askOften(example: Example, times: number): Promise<void> {
  for (let i = 0; i < times; i++) expect((await example.ask('/')).status).toBe(200)
}

test('minimal.yaml: one listener, one rule, two servers in turn', async () => {
  await using example = await run('minimal.yaml')
  await askOften(example, 20)
  expect(example.counts()).toEqual([10, 10, 0])
  expect(Object.keys(example.gateway.last('serving')?.['listeners'] as object)).toEqual(['default'])
})

test('minimal.json: the short form with a health check', async () => {
  await using example = await run('minimal.json')
  await askOften(example, 20)
  expect(example.counts()[0]! + example.counts()[1]!).toBe(20)
  expect(example.origins[9001]!.requests.some(({ target }) => target === '/health')).toBe(true)
})

test('weighted.yaml: three of four go to the first, and a changed weight counts at once', async () => {
  await using example = await run('weighted.yaml')
  await askOften(example, 100)
  expect(example.counts()).toEqual([75, 25, 0])
  const { gateway, origins } = example
  await gateway.apply(readFileSync(gateway.configFile, 'utf8').replace('weight: 3', 'weight: 1'))
  for (const origin of Object.values(origins)) origin.forget()
  await askOften(example, 100)
  expect(example.counts()).toEqual([50, 50, 0])
})

test('health-and-backup.yaml: the third server is used only when both others are down', async () => {
  await using example = await run('health-and-backup.yaml')
  const { gateway, origins } = example
  await askOften(example, 10)
  expect(example.counts()[2]).toBe(0)
  origins[9001]!.kill()
  await askOften(example, 10)
  expect(example.counts()[2]).toBe(0)
  origins[9002]!.kill()
  for (const server of ['one', 'two']) await serverIs(gateway.admin, server, 'down')
  expect((await example.ask('/')).body).toBe('9003')
  origins[9001]!.revive()
  await waitFor(async () => (await example.ask('/')).body === '9001', { everyMs: 50 })
})

test('rules.yaml: respond, redirect, deny by address, canary, edits of fields, a body limit', async () => {
  await using example = await run('rules.yaml')
  const robots = await example.ask('/robots.txt')
  expect([robots.status, robots.body]).toEqual([200, 'User-agent: *\nDisallow: /private/\n'])
  expect((await example.ask('/robots.txt', { method: 'POST', fields: 'Content-Length: 0\r\n' })).body).toBe(
    '9001',
  )

  for (const host of ['old.example.org', 'A.Old.Example.Org:80']) {
    const moved = await example.ask('/a/b?c=d', { host })
    expect([moved.status, moved.get('location')]).toEqual([308, 'http://example.org/a/b?c=d'])
  }
  expect((await example.ask('/', { host: 'bold.example.org' })).status).toBe(200)

  expect((await example.ask('/private/a')).body).toBe('9001')
  const canary = await example.ask('/api/x', { fields: 'X-Canary: true\r\n' })
  expect(canary.body).toBe('9003')
  const api = await example.ask('/api/x', { fields: 'X-Canary: false\r\n' })
  expect(api.body).toBe('9002')
  for (const answer of [canary, api]) {
    expect([answer.get('server'), answer.get('x-content-type-options')]).toEqual([null, 'nosniff'])
  }
  expect(example.origins[9002]!.requests[0]!.get('x-api')).toBe('1')
  expect(example.origins[9003]!.requests[0]!.get('x-api')).toBe('1')
  const other = await example.ask('/other')
  expect([other.body, other.get('server')]).toEqual(['9001', 'sample'])
  const tooLarge = await example.ask('/api/x', {
    method: 'POST',
    fields: `Content-Length: ${(1 << 20) + 1}\r\n`,
  })
  expect(tooLarge.status).toBe(413)
})

test('rules.yaml: /private/ is closed to an address that it does not name', async () => {
  await using example = await run('rules.yaml')
  const { gateway } = example
  const closed = readFileSync(gateway.configFile, 'utf8').replace('127.0.0.0/8', '127.0.0.7/32')
  expect((await gateway.apply(closed)).event).toBe('applied')
  expect((await example.ask('/private/a')).status).toBe(403)
  expect((await example.ask('/x/../private/a')).status).not.toBe(200)
  expect((await example.ask('/private/a', { from: '127.0.0.7' })).body).toBe('9001')
})

test('rate-limits.yaml: logins are few, the API says what is left, and what is tried out refuses nothing', async () => {
  await using example = await run('rate-limits.yaml')
  const login = () => example.ask('/login', { method: 'POST', fields: 'Content-Length: 0\r\n' })
  for (let i = 0; i < 5; i++) expect((await login()).status).toBe(200)
  const refused = await login()
  expect([refused.status, refused.get('ratelimit-policy')]).toEqual([429, '"login:5/1m";q=5;w=60'])
  expect((await example.ask('/login')).status).toBe(200)
  const asked = await example.ask('/api/x', { fields: 'X-Api-Key: a\r\n' })
  expect([asked.status, asked.get('ratelimit')]).toEqual([200, '"api:100/1s";r=199;t=1'])
})

test('compress.yaml: answers are compressed, but for those with secrets', async () => {
  await using example = await run('compress.yaml')
  const fields = 'Accept-Encoding: gzip\r\n'
  const page = await example.ask('/large', { fields })
  expect([page.status, page.get('vary')]).toEqual([200, null]) // it is short
  expect((await example.ask('/account/x', { fields })).get('content-encoding')).toBeNull()
})

test('tcp.yaml: one database while it is up, and a cache that is asked whether it is one', async () => {
  await using example = await run('tcp.yaml')
  const { gateway, origins } = example
  for (let i = 0; i < 4; i++) expect((await example.ask('/', { listener: 'database' })).body).toBe('9001')
  origins[9001]!.kill()
  await serverIs(gateway.admin, 'primary', 'down')
  expect((await example.ask('/', { listener: 'database' })).body).toBe('9002')
  // What stands there speaks HTTP, and answers no PING.
  await serverIs(gateway.admin, `tcp://127.0.0.1:${origins[9003]!.port}`, 'down')
  await using client = await rawClient(gateway.port('cache'))
  expect(await client.closed()).toBe('rst')
})

test('several-listeners.yaml: rules of one listener do not hold on the other', async () => {
  await using example = await run('several-listeners.yaml')
  expect((await example.ask('/tools/x', { listener: 'inner' })).body).toBe('9003')
  const outside = await example.ask('/tools/x', { listener: 'public' })
  expect([outside.status, outside.body]).toEqual([404, 'not here\n'])
  for (const listener of ['public', 'inner'])
    expect((await example.ask('/x', { listener })).body).toMatch(/^900[12]$/)
  const health = (listener: string, fields = '') =>
    example.ask('/_health', { listener, fields, host: 'localhost' }).then(({ body }) => body)
  expect(await health('inner')).toContain('"healthy":true')
  expect(await health('inner', 'X-Forwarded-For: 192.0.2.1\r\n')).toMatch(/^900[12]$/)
  expect(await health('public')).toMatch(/^900[12]$/)
  // Only the inner one believes what a proxy says of the client.
  const { origins } = example
  for (const origin of Object.values(origins)) origin.forget()
  for (const listener of ['inner', 'public'])
    await example.ask(`/${listener}`, { listener, fields: 'X-Forwarded-For: 192.0.2.1\r\n' })
  const seen = [origins[9001]!, origins[9002]!].flatMap(({ requests }) => requests)
  const forwarded = (target: string): string | null | undefined =>
    seen.find((request) => request.target === target)?.get('x-forwarded-for')
  expect(forwarded('/inner')).toContain('192.0.2.1')
  expect(forwarded('/public')).not.toContain('192.0.2.1')
  const limited = await example.ask('/x', {
    listener: 'public',
    method: 'POST',
    fields: `Content-Length: ${(1 << 20) + 1}\r\n`,
  })
  expect(limited.status).toBe(413)
})

test('hash.toml: a user stays on one server; one that is removed moves only its own', async () => {
  await using example = await run('hash.toml')
  const { gateway } = example
  const users = Array.from({ length: 60 }, (_, i) => `user-${i}`)
  const place = async (): Promise<string[]> => {
    const places: string[] = []
    for (const user of users)
      places.push((await example.ask('/api/x', { fields: `X-User: ${user}\r\n` })).body)
    return places
  }
  const before = await place()
  expect(await place()).toEqual(before)
  expect([...new Set(before)].toSorted()).toEqual(['9001', '9002', '9003'])
  const text = readFileSync(gateway.configFile, 'utf8')
  const without = text.replace(
    /\[\[backends\.app\.servers\]\]\nurl = "[^"]*"\n\n(?=\[\[backends\.app\.servers\]\]\nurl = "[^"]*"\nweight)/,
    '',
  )
  expect(without.length).toBeLessThan(text.length)
  expect((await gateway.apply(without)).event).toBe('applied')
  const after = await place()
  for (const [i, name] of before.entries()) {
    if (name === '9002') expect(after[i]).not.toBe('9002')
    else expect(after[i]).toBe(name)
  }
})

test('turn.yaml: an application makes credentials with the same secret, and no private address is reached', async () => {
  await using example = await run('turn.yaml')
  const { gateway } = example
  const made = await runCommand(
    ['turn', 'credentials', '-c', gateway.configFile, '--user', 'alice', '--json'],
    { env: EXAMPLE_SECRETS },
  )
  const { username, password } = JSON.parse(made.stdout) as Record<'username' | 'password', string>
  const open = (login: Login): Promise<TurnLine> => TurnLine.open({ port: gateway.port('turn'), login })
  await using alice = await open({ user: username, password })
  expect((await alice.allocate()).port).toBeGreaterThanOrEqual(49_152)
  for (const peer of ['10.0.0.1', '127.0.0.2', '192.168.1.1', '169.254.169.254'])
    expect(await alice.permit(peer)).toBe(403)
  expect(await alice.permit('1.1.1.1')).toBe(0)
  await using stranger = await open({ user: username, password: 'guess' })
  expect(errorCode(await stranger.request(ALLOCATE, { before: udpAllocate }))).toBe(401)
  await using over = await TurnLine.open({
    port: gateway.port('turn'),
    transport: 'tcp',
    login: { user: username, password },
  })
  expect((await over.allocate()).port).toBeGreaterThanOrEqual(49_152)
  // Ten for each user.
  const lines: TurnLine[] = []
  for (let i = 2; i < 10; i++) {
    lines.push(await open({ user: username, password }))
    await lines.at(-1)!.allocate()
  }
  await using eleventh = await open({ user: username, password })
  expect(errorCode(await eleventh.request(ALLOCATE, { before: udpAllocate }))).toBe(486)
  for (const line of lines) line.close()
})

test('turn-users.yaml: users meet at the advertised address, and one private server is open to them', async () => {
  await using example = await run('turn-users.yaml')
  const { gateway } = example
  const open = (user: string, password: string): Promise<TurnLine> =>
    TurnLine.open({ port: gateway.port('turn'), login: { user, password } })
  await using alice = await open('alice', EXAMPLE_SECRETS.ALICE_PASSWORD)
  await using bob = await open('bob', EXAMPLE_SECRETS.BOB_PASSWORD)
  const [atAlice, atBob] = [await alice.allocate(), await bob.allocate()]
  for (const { host, port } of [atAlice, atBob]) {
    expect(host).toBe('203.0.113.7')
    expect([port >= 50_000, port <= 51_999]).toEqual([true, true])
  }
  expect(await alice.bind(0x4000, atBob.host, atBob.port)).toBe(0)
  expect(await bob.bind(0x4001, atAlice.host, atAlice.port)).toBe(0)
  alice.send(channelData(0x4000, Buffer.from('hello')))
  expect((await bob.next()).subarray(0, 9)).toEqual(channelData(0x4001, Buffer.from('hello'), false))
  expect(await alice.permit('127.0.0.20')).toBe(0)
  expect(await alice.permit('127.0.0.21')).toBe(403)
  expect(await alice.permit('198.51.100.9')).toBe(403)
  expect((await example.ask('/', { listener: 'web' })).body).toBe('9001')
})

test('stun.yaml: anybody learns his address over UDP and TCP, and nobody allocates', async () => {
  await using example = await run('stun.yaml')
  const [name = ''] = Object.keys(example.gateway.last('serving')?.['listeners'] as object)
  for (const transport of ['udp', 'tcp'] as const) {
    await using line = await TurnLine.open({ port: example.gateway.port(name), transport })
    const answer = await line.ask(new StunWriter(BINDING))
    expect(addressOf(answer, XOR_MAPPED_ADDRESS)).toEqual({ host: '127.0.0.1', port: line.localPort })
    const refused = await line.ask(udpAllocate(new StunWriter(ALLOCATE)))
    expect(errorCode(refused)).not.toBe(0)
    expect(addressOf(refused, XOR_RELAYED_ADDRESS)).toBeNull()
  }
})

test('behind-balancer.yaml: the client is whom the balancer names; others are who they are', async () => {
  await using example = await run('behind-balancer.yaml')
  const { gateway } = example
  const ask = async (header: string, target: string, from?: string) => {
    await using client = await rawClient(gateway.port('web'), '127.0.0.1', from)
    client.send(`${header}GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
    return (await client.readAnswer()).status
  }
  const named = (host: string): string => `PROXY TCP4 ${host} 198.51.100.1 40000 80\r\n`
  expect(await ask(named('192.0.2.7'), '/office/a')).toBe(200)
  expect(await ask(named('203.0.113.9'), '/office/a')).toBe(403)
  expect(await ask('', '/office/a', '127.0.0.9')).toBe(403)
  expect(await ask('', '/a', '127.0.0.9')).toBe(200)
  await using balancer = await rawClient(gateway.port('turn'), '127.0.0.1')
  balancer.send(named('192.0.2.7'))
  balancer.send(new StunWriter(BINDING).done())
  const head = await balancer.reader.exactly(20)
  const rest = await balancer.reader.exactly(head.readUInt16BE(2))
  const answer = parseStun(Buffer.concat([head, rest])) as Stun
  expect(addressOf(answer, XOR_MAPPED_ADDRESS)).toEqual({ host: '192.0.2.7', port: 40_000 })
})

test('acme.yaml: without a certificate yet clients get a stand-in, and what is in the way is told', async () => {
  await using example = await run('acme.yaml')
  const { gateway } = example
  expect(await gateway.event('certificate_stand_in')).toMatchObject({ certificate: 'site' })
  expect((await gateway.event('certificate_failed'))['hint']).toContain('is there a way to the CA')
  const web = `https://127.0.0.1:${gateway.port('web')}/`
  expect(await (await fetch(web, { tls: { rejectUnauthorized: false } })).text()).toBe('9001')
  const moved = await example.ask('/x?y', { listener: 'plain', host: 'example.org' })
  expect(moved.get('location')).toBe('https://example.org:8443/x?y')
})

test('https.yaml: each name has its certificate, of our own making', async () => {
  await using example = await run('https.yaml')
  const port = example.gateway.port('web')
  const shown = async (servername: string): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const options = { host: '127.0.0.1', port, servername, rejectUnauthorized: false }
    const socket = connect(options, () => resolve(socket.getPeerCertificate().subjectaltname))
    socket.on('error', reject)
    return promise.finally(() => socket.destroy())
  }
  expect(await shown('eu.shop.example.org')).toBe('DNS:shop.example.org, DNS:*.shop.example.org')
  expect(await shown('localhost')).toStartWith('DNS:localhost')
  const answer = await fetch(`https://127.0.0.1:${port}/`, { tls: { rejectUnauthorized: false } })
  expect(await answer.text()).toBe('9001')
})

test('tls-to-servers.yaml: a server is known by its key; with another one it is down', async () => {
  await using example = await run('tls-to-servers.yaml')
  const { gateway, origins } = example
  const { cert, key, pin } = issued(testCertificate().cert, testCertificate().key)
  await using front = await TlsFront.start(origins[9001]!.port, { cert, key })
  const server = `https://127.0.0.1:${front.port}`
  const text = readFileSync(gateway.configFile, 'utf8').replace('https://127.0.0.1:9443', server)
  await gateway.apply(text)
  await serverIs(gateway.admin, server, 'down')
  expect((await healthOf(gateway.admin)).reasons[server]).toBe(`TLS: its key is ${pin}`)
  await gateway.apply(text.replace(/sha256\/[^"]+/, pin))
  await serverIs(gateway.admin, server, 'up')
  expect((await example.ask('/')).body).toBe('9001')
})

/** In tests of their own: udp-example, tls-example, unix-example, turn-on-https, system-sticky and others. */
test('no example is left out', () => {
  const tests = join(import.meta.dir, '..')
  const others = [...new Bun.Glob('**/*.test.ts').scanSync(tests)].filter(
    (name) => basename(name) !== basename(import.meta.path),
  )
  const texts = others.map((name) => readFileSync(join(tests, name), 'utf8'))
  const isRun = (file: string): boolean => ran.has(file) || texts.some((text) => text.includes(file))
  expect(readdirSync(FOLDER).filter((file) => file.includes('.') && !isRun(file))).toEqual([])
})
