import { afterEach, describe, expect, test } from 'bun:test'
import { statusRanges } from '../../../../server/control/health/wanted-answer.ts'
import { waitFor } from '../../../support/wait.ts'
import { answering, check, expecting, sample, staying, stopSamples } from './samples.ts'

afterEach(stopSamples)

describe('an HTTP check', () => {
  test('passes on a status that is expected, whatever follows the head', async () => {
    expect(await check(answering('HTTP/1.1 200 OK\r\n\r\n'))).toBeNull()
    expect(await check(staying('HTTP/1.1 204 No Content\r\n\r\n'))).toBeNull()
    expect(
      await check(staying('HTTP/1.0 302 Found\r\nLocation: /\r\nContent-Length: 99999999\r\n\r\n')),
    ).toBeNull()
    expect(await check(staying('HTTP/1.1 200\r\n\r\n'))).toBeNull()
  })

  test('sends what the config says', async () => {
    const server = answering('HTTP/1.1 200 OK\r\n\r\n')
    await check(server, {
      path: '/live?x=1',
      method: 'POST',
      headers: { host: 'api.test', 'X-Probe': '1', Connection: 'x' },
    })
    expect(server.received.split('\r\n')).toEqual([
      'POST /live?x=1 HTTP/1.1',
      'host: api.test',
      'User-Agent: sluice-health',
      'Accept: */*',
      'Content-Length: 0',
      'X-Probe: 1',
      'Connection: close',
      '',
      '',
    ])
    const named = answering('HTTP/1.1 200 OK\r\n\r\n')
    await check(named, { host: 'app.test:8443' })
    expect(named.received).toStartWith('GET /health HTTP/1.1\r\nHost: app.test:8443\r\n')
    const plain = answering('HTTP/1.1 200 OK\r\n\r\n')
    await check(plain)
    expect(plain.received).toStartWith(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${plain.port}\r\n`)
  })

  test('names the status and what was wanted', async () => {
    const down = answering('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    expect(await check(down)).toBe('status 503, wanted 200-399')
    expect(await check(down, expecting({ status: ['200'] }))).toBe('status 503, wanted 200')
    expect(await check(down, expecting({ status: ['2xx', '301-302'] }))).toBe(
      'status 503, wanted 2xx, 301-302',
    )
    expect(await check(down, expecting({ status: ['200', '5xx'] }))).toBeNull()
  })

  test('takes interim answers for what they are', async () => {
    expect(
      await check(
        answering(
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\n\r\n',
        ),
      ),
    ).toBe('status 500, wanted 200-399')
    const endless = answering('HTTP/1.1 102 Processing\r\n\r\n'.repeat(300))
    expect(await check(endless)).toBe(
      'the answer is not HTTP/1.1: interim answers: of HTTP/1.0, or more than 64 KiB of them in short time',
    )
  })

  test('looks into the body, however it is framed and cut', async () => {
    const bodies = [
      ['HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'],
      ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 15\r\n\r', '\n{"stat', 'us":"ok"}'],
      ['HTTP/1.1 200 OK\r\n\r\n{"sta', 'tus":"ok"}'],
      [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"sta\r\nA;x=y\r\ntus":"ok"}\r\n0\r\nX: y\r\n\r\n',
      ],
      [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n',
        '5\r',
        '\n{"s',
        'ta\r',
        '\na\r\ntus":"ok"}\r\n',
        '0\r\n\r\n',
      ],
    ]
    for (const pieces of bodies) {
      expect(await check(answering(...pieces), expecting({ body: '"status":"ok"' }))).toBeNull()
      expect(await check(answering(...pieces), expecting({ body_regex: '^\\{.*"ok"\\}$' }))).toBeNull()
      expect(await check(answering(...pieces), expecting({ body: 'ready' }))).toBe('body lacks "ready"')
      expect(await check(answering(...pieces), expecting({ body_regex: '^ok' }))).toBe(
        'body does not match /^ok/',
      )
    }
  })

  test('does not wait for the end of a connection whose body is whole', async () => {
    const length = staying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await check(length, expecting({ body: 'ok' }))).toBeNull()
    const chunked = staying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')
    expect(await check(chunked, expecting({ body: 'ok' }))).toBeNull()
    expect(await check(staying('HTTP/1.1 204 No\r\n\r\n'), expecting({ body: 'ok' }))).toBe('body lacks "ok"')
  })

  test('reads no more of the body than its limit', async () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n'
    const endless = staying(head, 'x'.repeat(1000), 'needle', 'x'.repeat(1000))
    expect(await check(endless, expecting({ body: 'needle', body_limit: 1024 }))).toBeNull()
    expect(await check(endless, expecting({ body: 'needle', body_limit: 1003 }))).toBe(
      'body lacks "needle" in its first 1003',
    )
    const exact = staying('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle')
    expect(await check(exact, expecting({ body: 'needle', body_limit: 6 }))).toBeNull()
    const chunked = staying(
      `${head.slice(0, -2)}Transfer-Encoding: chunked\r\n\r\n`,
      '3e8\r\n',
      'x'.repeat(1000),
      '\r\n3e8\r\n',
      'x',
    )
    expect(await check(chunked, expecting({ body: 'no', body_limit: 1000 }))).toBe(
      'body lacks "no" in its first 1KB',
    )
  })

  test('fails on an answer that is not whole', async () => {
    expect(await check(answering(''))).toBe('connection closed before an answer')
    expect(await check(answering('HTTP/1.1 200 OK\r\nX: '))).toBe('the answer ended early')
    for (const rest of [
      'Content-Length: 3\r\n\r\nok',
      'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n',
      'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n',
      'Transfer-Encoding: chunked\r\n\r\n123456789\r\n',
    ])
      expect(await check(answering(`HTTP/1.1 200 OK\r\n${rest}`), expecting({ body: 'ok' }))).toBe(
        'the answer ended early',
      )
    const reset = sample((socket) => socket.terminate())
    expect(await check(reset)).toBe('connection closed before an answer')
  })

  test('fails on an answer that is not strictly HTTP/1.1', async () => {
    const notHttp = 'the answer is not HTTP/1.1'
    for (const head of [
      'SSH-2.0-x\r\n\r\n',
      'HTTP/2.0 200 OK\r\n\r\n',
      'HTTP/1.1 99 No\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX : y\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n',
    ])
      expect(await check(answering(head))).toMatch(/^the answer is not HTTP\/1\.1: .* at byte [0-9]+/)
    for (const [framing, found] of [
      ['Content-Length: 2\r\nContent-Length: 2', 'content-length: "2", content-length: "2"'],
      ['Content-Length: +2', 'content-length: "+2"'],
      [
        'Content-Length: 2\r\nTransfer-Encoding: chunked',
        'content-length: "2", transfer-encoding: "chunked"',
      ],
      ['Transfer-Encoding: gzip, chunked', 'transfer-encoding: "gzip, chunked"'],
      [
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
        'transfer-encoding: "chunked", transfer-encoding: "chunked"',
      ],
    ] as const)
      // Whether its body is looked at or not: to requests it is no answer either.
      for (const change of [expecting({ body: 'ok' }), {}])
        expect(await check(answering(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\nok`), change)).toStartWith(
          `${notHttp}: the end of its body is not said in one way: ${found}`,
        )
    for (const [chunks, found] of [
      ['2\nok\r\n0\r\n\r\n', 'behind 0 bytes of its chunked body a chunk size'],
      ['0x2\r\nok\r\n0\r\n\r\n', 'behind 0 bytes of its chunked body a chunk size'],
      ['2\r\nokXX0\r\n\r\n', 'behind 2 bytes of its chunked body CR LF'],
      [`${'1'.repeat(300)}`, 'behind 0 bytes of its chunked body a chunk size'],
      ['-1\r\n', 'behind 0 bytes of its chunked body a chunk size'],
      ['2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n', 'behind 2 bytes of its chunked body a trailer field'],
    ] as const)
      expect(
        await check(
          answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
          expecting({ body: 'no' }),
        ),
      ).toStartWith(`${notHttp}: ${found}`)
  })

  test('takes a 101 for an answer only where the check asks to switch', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'
    const asking = { headers: { Upgrade: 'websocket' } }
    expect(await check(staying(switching), { ...asking, ...expecting({ status: ['101-101'] }) })).toBeNull()
    expect(await check(staying(switching), asking)).toBe('status 101, wanted 200-399')
    expect(await check(staying(switching))).toStartWith('the answer is not HTTP/1.1: 101 that switches')
  })

  test('says what it looks like, without waiting for the end of what is none', async () => {
    expect(await check(staying('SSH-2.0-OpenSSH_9.2\r\n'))).toStartWith(
      'the answer is not HTTP/1.1: it looks like SSH',
    )
  })

  test('reads answers as those to requests are read', async () => {
    const odd = 'HTTP/1.1 200 OK\r\nX : y\r\n\r\n'
    const lf = 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'
    expect(await check(answering(odd), { answers: 'strict' })).toBeNull()
    expect(await check(answering(lf), { answers: 'strict' })).toEndWith(
      'found 0x0a at byte 15; "answers: lenient" of its backend would take it',
    )
    expect(await check(answering(lf), { answers: 'lenient', ...expecting({ body: 'ok' }) })).toBeNull()
  })

  test('fails on a head without end', async () => {
    expect(await check(staying('HTTP/1.1 200 OK\r\n', `X: ${'y'.repeat(17_000)}`))).toBe(
      'the head of the answer is over 16KiB',
    )
  })

  test('leaves no connection behind', async () => {
    const server = staying('HTTP/1.1 200 OK\r\n\r\n')
    await check(server)
    await waitFor(() => server.open === 0)
    expect(server.accepted).toBe(1)
  })
})

describe('expected statuses', () => {
  test('are single ones, ranges and hundreds', () => {
    expect(statusRanges(undefined)).toEqual([[200, 399]])
    expect(statusRanges([])).toEqual([[200, 399]])
    expect(statusRanges(['200', 204, '2xx', '300-302', '4XX'])).toEqual([
      [200, 200],
      [204, 204],
      [200, 299],
      [300, 302],
      [400, 499],
    ])
    expect(() => statusRanges(['ok'])).toThrow('"ok" is neither a status nor a range of them')
  })
})

describe('a redirect', () => {
  /** A server whose /health leads to a place; what it answers elsewhere, and what it was asked. */
  function leading(to: string | ((port: number) => string), status = 302) {
    const asked: string[] = []
    const server = sample((socket, received) => {
      const lines = received.trimEnd().split('\r\n\r\n').at(-1)!.split('\r\n')
      const [method, target] = lines[0]!.split(' ')
      const host = lines.find((line) => line.startsWith('Host: '))
      asked.push(`${method} ${target} ${host?.slice(6).replace(String(server.port), 'PORT')}`)
      const location = typeof to === 'string' ? to : to(server.port)
      socket.end(
        target === '/health'
          ? `HTTP/1.1 ${status} x\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`
          : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine',
      )
    })
    return { server, asked }
  }
  const HERE = '127.0.0.1:PORT'
  const follows = (change = {}) => ({ follow_redirects: 2, ...expecting({ status: ['200-200'] }), ...change })

  test('is the answer where none is followed, and followed to the same server where asked', async () => {
    const { server, asked } = leading('/to?x')
    expect(await check(server, expecting({ status: ['200-200'] }))).toBe('status 302, wanted 200')
    expect(await check(server, follows())).toBeNull()
    expect(asked).toEqual([`GET /health ${HERE}`, `GET /health ${HERE}`, `GET /to?x ${HERE}`])
  })

  test.each([
    ['its own address', (port: number) => `http://127.0.0.1:${port}/to`, {}, [HERE, HERE]],
    [
      'the name that it is asked by',
      () => 'http://app.test/to',
      { host: 'app.test' },
      ['app.test', 'app.test'],
    ],
    [
      'that name with its port',
      () => 'http://app.test:81/to',
      { host: 'app.test:81' },
      ['app.test:81', 'app.test:81'],
    ],
  ] as const)('to %s stays with it', async (_, to, change, hosts) => {
    const { server, asked } = leading(to)
    expect(await check(server, follows(change))).toBeNull()
    expect(asked).toEqual([`GET /health ${hosts[0]}`, `GET /to ${hosts[1]}`])
  })

  test.each([
    ['http://elsewhere.test/to', {}, 'redirected to "http://elsewhere.test/to", which is another server'],
    [
      'http://app.test:82/to',
      { host: 'app.test' },
      'redirected to "http://app.test:82/to", which is another server',
    ],
    ['https://127.0.0.1/to', {}, 'redirected to "https://127.0.0.1/to", which is not spoken here'],
    ['/health', {}, 'redirected more than 2 times'],
  ])('to %s is a failure', async (to, change, reason) => {
    const { server, asked } = leading(to)
    expect(await check(server, follows(change))).toBe(reason)
    // Nobody else was asked anything.
    expect(asked.every((one) => one.startsWith('GET /health '))).toBe(true)
  })

  test('of a POST by 303 becomes a GET', async () => {
    const { server, asked } = leading('/to', 303)
    expect(await check(server, follows({ method: 'POST' }))).toBeNull()
    expect(asked).toEqual([`POST /health ${HERE}`, `GET /to ${HERE}`])
  })
})
