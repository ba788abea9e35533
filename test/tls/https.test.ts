// HTTP in TLS, as clients of the world see it: certificates by name, versions, what servers are told.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { needs } from '../support/needs.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { makeIssuer, makePair, type TestPair } from '../support/pki.ts'
import { waitFor, within } from '../support/wait.ts'

const BODY = Buffer.alloc(3_000_000, 'sluice ')
const root = makeIssuer('a root')
const between = makeIssuer('one between', root)
const pairs: Readonly<Record<string, TestPair>> = {
  site: makePair(['a.example', 'www.a.example'], { issuer: between }),
  wild: makePair(['*.a.example', '*.b.example'], { issuer: between }),
  rsa: makePair(['both.example'], { kind: 'rsa', issuer: between }),
  ec: makePair(['both.example'], { issuer: between }),
  named: makePair([], { commonName: 'only-named.example' }),
  idn: makePair(['xn--mnchen-3ya.example']),
}
const files = (name: string): object => ({ cert: `${name}.pem`, key: `${name}.key` })
const certificates = {
  ...Object.fromEntries(['site', 'wild', 'named', 'idn'].map((name) => [name, files(name)])),
  both: { cert: ['rsa.pem', 'ec.pem'], key: ['rsa.key', 'ec.key'] },
  own: { self_signed: { names: ['own.example', '127.0.0.1'] } },
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-https-'))
const origin: Origin = startOrigin((request, reply) => {
  if (request.target === '/large') reply.send(200, BODY)
  else reply.send(200, String(request.bodyLength))
})
let gateway: Gateway

const listener = (more: object = {}): object => ({
  bind: '127.0.0.1:0',
  protocol: 'https',
  certificates: Object.keys(certificates),
  backend: 'app',
  ...more,
})

const config = (more: object = {}): Record<string, unknown> => ({
  certificates,
  listeners: {
    web: listener(),
    modern: listener({ tls: { profile: 'modern' } }),
    old: listener({ tls: { ciphers: ['ECDHE-RSA-AES128-SHA'] }, certificates: 'both' }),
    plain: { bind: '127.0.0.1:0', backend: 'app' },
    ...more,
  },
  backends: { app: { servers: [{ url: origin.url }] } },
})

beforeAll(async () => {
  for (const [name, { cert, key }] of Object.entries(pairs)) {
    writeFileSync(join(folder, `${name}.pem`), cert)
    writeFileSync(join(folder, `${name}.key`), key)
  }
  writeFileSync(join(folder, 'root.pem'), root.cert)
  gateway = await startGateway({ folder, config: config() })
}, 60_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** A connection whose handshake is done; rejects where it is refused. */
function dial(servername: string | null, more: object = {}, name = 'web'): Promise<TLSSocket> {
  const options = {
    port: gateway.port(name),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername !== null && { servername }),
    ...more,
  }
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect(options as never, () => resolve(socket))
  socket.on('error', reject)
  return within(promise, 'a handshake')
}

/** Which certificate a client gets: by what it is for. */
async function shown(servername: string | null, more: object = {}, name = 'web'): Promise<string> {
  const socket = await dial(servername, more, name)
  const { subject, subjectaltname, asn1Curve } = socket.getPeerCertificate()
  socket.destroy()
  const kind = asn1Curve === undefined ? 'rsa ' : ''
  return `${kind}${subjectaltname ?? `CN ${String(subject.CN)}`}`
}

const SITE = 'DNS:a.example, DNS:www.a.example'
const WILD = 'DNS:*.a.example, DNS:*.b.example'

describe('certificates', () => {
  test.each([
    ['a.example', SITE],
    ['www.a.example', SITE],
    ['WWW.A.Example', SITE],
    ['other.a.example', WILD],
    ['x.b.example', WILD],
    ['b.example', SITE],
    ['x.y.b.example', SITE],
    ['only-named.example', 'CN only-named.example'],
    ['xn--mnchen-3ya.example', 'DNS:xn--mnchen-3ya.example'],
    ['both.example', 'DNS:both.example'],
    ['own.example', 'DNS:own.example, IP Address:127.0.0.1'],
    ['nobody.example', SITE],
    [null, SITE],
  ])('for %s it is the one that is for %s', async (asked, expected) => {
    expect(await shown(asked)).toBe(expected)
  })

  test('of one name with two kinds of keys, the client gets the kind that it takes', async () => {
    const rsa = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }
    expect(await shown('both.example', rsa)).toBe('rsa DNS:both.example')
    expect(await shown('both.example', { maxVersion: 'TLSv1.2' })).toBe('DNS:both.example')
  })

  test('a client that knows the root trusts it: the certificates between come along', async () => {
    const socket = await dial('www.a.example', { ca: root.cert, rejectUnauthorized: true })
    expect(socket.authorized).toBe(true)
    socket.destroy()
  })

  test('one that is no longer the listener’s after a reload is not served; its name gets the first', async () => {
    expect(await shown('both.example')).toBe('DNS:both.example')
    const fewer = config({ web: listener({ certificates: ['site', 'wild'] }) })
    expect(await gateway.apply(fewer)).toMatchObject({ event: 'applied' })
    expect(await shown('both.example')).toBe(SITE)
    expect(await gateway.apply(config())).toMatchObject({ event: 'applied' })
    expect(await shown('both.example')).toBe('DNS:both.example')
  })
})

describe('handshakes', () => {
  test('offer http/1.1, take who offers nothing, and refuse who speaks something else only', async () => {
    const alpnOf = async (...protocols: string[]): Promise<unknown> => {
      const socket = await dial('a.example', protocols.length > 0 ? { ALPNProtocols: protocols } : {})
      socket.destroy()
      return socket.alpnProtocol
    }
    expect(await alpnOf('h2', 'http/1.1')).toBe('http/1.1')
    expect(await alpnOf()).toBe(false)
    expect(alpnOf('h2')).rejects.toThrow(/NO_APPLICATION_PROTOCOL|alert/i)
  })

  test('speak TLS 1.2 and 1.3 with AEAD ciphers; of a modern listener 1.3 alone; of a list only that', async () => {
    const spoken = async (more: object, name = 'web'): Promise<string> => {
      const socket = await dial('both.example', more, name)
      const said = `${socket.getProtocol()} ${socket.getCipher().name}`
      socket.destroy()
      return said
    }
    const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }
    expect(await spoken({})).toStartWith('TLSv1.3 TLS_')
    expect(await spoken({ maxVersion: 'TLSv1.2' })).toStartWith('TLSv1.2 ECDHE-ECDSA-')
    expect(spoken(old)).rejects.toThrow()
    expect(spoken({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
    expect(spoken({ maxVersion: 'TLSv1.2' }, 'modern')).rejects.toThrow()
    expect(await spoken({}, 'modern')).toStartWith('TLSv1.3 TLS_')
    expect(await spoken(old, 'old')).toBe('TLSv1.2 ECDHE-RSA-AES128-SHA')
  })

  test.each(['TLSv1.2', 'TLSv1.3'])(
    'of %s are resumed, for every name and across a reload',
    async (version) => {
      for (const name of ['a.example', 'x.b.example']) {
        const only = { minVersion: version, maxVersion: version }
        const first = await dial(name, only)
        const { promise, resolve } = Promise.withResolvers<Buffer>()
        first.on('session', resolve)
        first.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
        const session = await within(promise, 'a ticket')
        first.destroy()
        await gateway.apply({ ...config(), 'x-for': `${version} ${name}` })
        const again = await dial(name, { ...only, session })
        expect(again.isSessionReused()).toBe(true)
        again.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
        await within(new Promise((done) => void again.once('data', done)), 'an answer')
        again.destroy()
      }
    },
  )
})

describe('requests', () => {
  const CLOSE = 'Host: a.example\r\nConnection: close\r\n'

  /** Sends this; what comes until the other side ends. */
  async function exchange(...pieces: readonly (string | Buffer)[]): Promise<string> {
    const socket = await dial('a.example')
    const seen: Buffer[] = []
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    socket.on('data', (bytes: Buffer) => void seen.push(bytes))
    socket.on('end', () => resolve(Buffer.concat(seen).toString('latin1')))
    socket.on('error', reject)
    for (const piece of pieces) socket.write(piece)
    return within(promise, 'an answer')
  }

  test('and answers in volume arrive whole', async () => {
    const up = await exchange(`POST / HTTP/1.1\r\n${CLOSE}Content-Length: ${BODY.length}\r\n\r\n`, BODY)
    expect(up).toEndWith(`\r\n\r\n${BODY.length}`)
    const down = await exchange(`GET /large HTTP/1.1\r\n${CLOSE}\r\n`)
    expect(Buffer.from(down.slice(-BODY.length), 'latin1').equals(BODY)).toBe(true)
  })

  test('tell the server that the client came by https', async () => {
    const before = origin.requests.length
    await exchange(`GET /told HTTP/1.1\r\n${CLOSE}\r\n`)
    const request = await origin.received(1, ({ target }) => target === '/told')
    expect(before).toBeLessThan(origin.requests.length)
    expect(request.get('x-forwarded-proto')).toBe('https')
  })

  test('are answered with what the listener says of itself, ours and those of servers', async () => {
    const told = listener({ hsts: true, alt_svc: 'h3=":443"; ma=60' })
    await gateway.apply(config({ told }))
    for (const target of ['/', '/nothing-but-405']) {
      const method = target === '/' ? 'GET' : 'TRACE'
      const socket = await dial('a.example', {}, 'told')
      const { promise, resolve } = Promise.withResolvers<string>()
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')))
      socket.write(`${method} ${target} HTTP/1.1\r\n${CLOSE}\r\n`)
      const answer = await within(promise, 'an answer')
      expect(answer).toContain('\r\nStrict-Transport-Security: max-age=31536000\r\n')
      expect(answer).toContain('\r\nAlt-Svc: h3=":443"; ma=60\r\n')
      socket.destroy()
    }
  })

  needs('curl')('of curl are answered, with the name verified', async () => {
    const port = gateway.port('web')
    const child = Bun.spawn(
      [
        ...[
          'curl',
          '-sS',
          '--cacert',
          join(folder, 'root.pem'),
          '--resolve',
          `www.a.example:${port}:127.0.0.1`,
        ],
        ...['-w', '%{http_version} %{ssl_verify_result}', '-d', 'four', `https://www.a.example:${port}/`],
      ],
      { stdout: 'pipe', stderr: 'pipe' },
    )
    const said = await Promise.all([child.stdout.text(), child.stderr.text()])
    expect(said).toEqual(['41.1 0', ''])
  })

  test('in the clear are told to ask with https, and those in TLS find no answer on a listener of http', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    let seen = ''
    await Bun.connect({
      hostname: '127.0.0.1',
      port: gateway.port('web'),
      socket: {
        open: (socket) => void socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
        data: (_, bytes) => void (seen += bytes.toString('latin1')),
        close: () => resolve(seen),
        error: () => {},
      },
    })
    expect(await within(promise, 'the end')).toMatch(
      /^HTTP\/1\.1 400 [^]*\r\n\r\nThis port speaks HTTPS: ask with https:\/\/\n$/,
    )
    // Who looks for one by `debug` finds whose it was, and what it came to.
    expect(await gateway.event('handshake_failed', ({ result }) => result === 'not_tls')).toMatchObject({
      level: 'debug',
      listener: 'web',
      client: '127.0.0.1',
      why: 'HTTP_REQUEST',
    })
    expect(dial('a.example', {}, 'plain')).rejects.toThrow()
  })
})

describe('what is told', () => {
  test('status shows each certificate with its names, until when, and where it comes from', async () => {
    const said = await runCommand(['status', '--admin', gateway.admin])
    expect(said.stdout).toMatch(/CERTIFICATE +UNTIL +DAYS +SOURCE +NAMES/)
    expect(said.stdout).toMatch(/\nboth +20\d\d-\d\d-\d\d +29 +files +both\.example\n/)
    expect(said.stdout).toMatch(/\nown +20\d\d-\d\d-\d\d +396 +self_signed +own\.example/)
    const places = ['web', 'modern', 'old', 'plain'].map((name) => [name, gateway.port(name)] as const)
    for (const [name, port] of places)
      expect(said.stdout).toMatch(
        new RegExp(`\\n${name} +${name === 'plain' ? 'http' : 'https'} +127\\.0\\.0\\.1:${port}\\b`),
      )
  })

  test('the access log says by which TLS a request came, and nothing of those in the clear', async () => {
    const ask = async (path: string, version: string): Promise<void> => {
      const socket = await dial('a.example', { maxVersion: version })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`)
      await within(new Promise((resolve) => socket.on('close', resolve).resume()), 'an answer')
    }
    await ask('/by-1.3', 'TLSv1.3')
    await ask('/by-1.2', 'TLSv1.2')
    await fetch(`http://127.0.0.1:${gateway.port('plain')}/clear`)
    const tlsOf = async (path: string): Promise<unknown> => {
      const line = await waitFor(async () => (await gateway.accessLog()).find((one) => one['path'] === path))
      return line['tls']
    }
    expect(await tlsOf('/by-1.3')).toEqual({
      version: 'TLSv1.3',
      cipher: expect.stringMatching(/^TLS_[A-Z0-9_]+$/),
      sni: 'a.example',
      alpn: null,
    })
    expect(await tlsOf('/by-1.2')).toEqual({
      version: 'TLSv1.2',
      cipher: expect.stringMatching(/^ECDHE-ECDSA-[A-Z0-9-]+$/),
      sni: 'a.example',
      alpn: null,
    })
    expect(await tlsOf('/clear')).toBeUndefined()
  })

  test('metrics have handshakes by version and result, and the days that are left', async () => {
    const metrics = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()
    await waitFor(async () =>
      /lb_tls_handshakes_total\{listener="web",version="TLSv1.3",result="resumed"\} [1-9]/.test(
        await metrics(),
      ),
    )
    const text = await metrics()
    expect(text).toMatch(/lb_tls_handshakes_total\{listener="web",version="TLSv1.2",result="full"\} [1-9]/)
    expect(text).toMatch(/lb_tls_handshakes_total\{listener="modern",version="-",result="no_version"\} 1\n/)
    const ends = /lb_certificate_expiry_timestamp_seconds\{certificate="both",source="files"\} (\d+)/.exec(
      text,
    )
    expect(Math.floor((Number(ends?.[1]) * 1000 - Date.now()) / 86_400_000)).toBe(29)
  })

  test('a handshake that is cut off is counted, and no line of a log but for who asked for all (debug)', async () => {
    const isDebug = (line: string): boolean => line.includes('"level":"debug"')
    const lines = (): number =>
      gateway.events.filter(({ level }) => level !== 'debug').length +
      gateway.stderr.split('\n').filter((line) => !isDebug(line)).length
    const cut = async (): Promise<number> =>
      Number(
        /result="cut_off"\} (\d+)/.exec(await (await fetch(`${gateway.admin}/metrics`)).text())?.[1] ?? 0,
      )
    const [before, told] = [await cut(), lines()]
    for (let i = 0; i < 20; i++) {
      const client = await gateway.client('web')
      client.send('\x16\x03\x01\x02\x00')
      client.rst()
    }
    await waitFor(async () => (await cut()) >= before + 20)
    expect(lines()).toBe(told)
  })
})

test('one that has expired is served at a start, and told loudly', async () => {
  const own = mkdtempSync(join(tmpdir(), 'sluice-https-'))
  const { cert, key } = selfSigned(['old.example'], { nowMs: Date.now() - 20 * 86_400_000, days: 10 })
  writeFileSync(join(own, 'old.pem'), cert)
  writeFileSync(join(own, 'old.key'), key)
  const listeners = { web: listener({ certificates: 'old' }) }
  const backends = { app: { servers: [{ url: origin.url }] } }
  await using old = await startGateway({
    folder: own,
    config: { certificates: { old: files('old') }, listeners, backends },
  })
  expect(await old.event('certificate_expires')).toMatchObject({
    level: 'error',
    certificate: 'old',
    names: ['old.example'],
    hint: 'it has expired, and is served all the same: clients refuse it',
  })
  expect(old.stderr).toContain('which expired on 20')
  const socket = connect({ port: old.port('web'), host: '127.0.0.1', rejectUnauthorized: false })
  await within(new Promise((resolve) => void socket.on('secureConnect', resolve)), 'a handshake')
  socket.destroy()
  rmSync(own, { recursive: true })
})

test('a listener changes from http to https and back at its address, with a reload', async () => {
  const bind = `127.0.0.1:${freePort()}`
  const plain = { bind, backend: 'app' }
  const secure = listener({ bind })
  for (const [one, isSecure] of [
    [plain, false],
    [secure, true],
    [plain, false],
  ] as const) {
    expect(await gateway.apply(config({ one }))).toMatchObject({ event: 'applied' })
    if (isSecure) expect(await shown('www.a.example', {}, 'one')).toBe(SITE)
    else expect((await gateway.fetch('/', { listener: 'one' })).status).toBe(200)
  }
})
