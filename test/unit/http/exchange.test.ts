// An exchange between two ends that are played: what it asks of them, in which order, and when it lets go.
import { afterEach, describe, expect, test } from 'bun:test'
import type { BodyForm } from '../../../server/http/ends.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import { type TestEngine, startEngine, toServers } from '../../support/engine.ts'
import { makeGate, waitFor } from '../../support/wait.ts'
import { type Breaches, FakeClient, type FakeServer, FakeServers } from './fake-ends.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
const put = (length: number): string => `PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`
const CHUNKED = 'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const UPGRADE = 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'

interface Scene {
  readonly gateway: TestEngine
  readonly servers: FakeServers
  client(head?: string, form?: BodyForm): FakeClient
}

const open: TestEngine[] = []
const breaches: Breaches = []
afterEach(async () => {
  for (const gateway of open.splice(0)) {
    expect(gateway.inFlight).toBe(0)
    await gateway[Symbol.asyncDispose]()
  }
  expect(breaches.splice(0)).toEqual([])
})

function scene(backend: Record<string, unknown> = {}, steps: readonly Middleware<never>[] = []): Scene {
  const servers = new FakeServers(breaches)
  const config = toServers(['http://127.0.0.1:1', 'http://127.0.0.1:2'], {
    retry: { attempts: 3, backoff: '1ms' },
    ...backend,
  })
  const gateway = startEngine({ config, steps, servers, listener: { limits: { body: '100KiB' } } })
  open.push(gateway)
  const client = (head = GET, form: BodyForm = 'none'): FakeClient =>
    new FakeClient(gateway, head, form, breaches).begin(gateway)
  return { gateway, servers, client }
}

/** Opens it and has it asked. */
function opened({ last }: FakeServers): FakeServer {
  last.open()
  return last
}

test('an ordinary one: head, body and end pass, both streams are finished, one line is logged', () => {
  const { gateway, servers, client } = scene()
  const asked = client()
  const server = opened(servers)
  expect([server.state, server.form, server.isRequestWhole]).toEqual(['asked', 'none', true])
  server.answer()
  expect(asked.answered).toEqual({ status: 200, form: 'length' })
  server.body('he')
  server.body('llo')
  server.end()
  expect([asked.text, asked.isWhole, asked.ending, server.ending]).toEqual([
    'hello',
    true,
    'finish',
    'finish',
  ])
  expect(gateway.log).toMatchObject([{ status: 200, attempts: 1, bytesOut: 5, fault: null }])
})

test('an interim answer passes before the final one', () => {
  const { servers, client } = scene()
  const asked = client()
  const server = opened(servers)
  server.interim()
  expect(asked.interims).toEqual([103])
  server.answer(204, 'none')
  server.end()
  expect(asked.ending).toBe('finish')
})

describe('a lost attempt', () => {
  const upload = (): Scene & { readonly asked: FakeClient } => {
    const made = scene()
    return { ...made, asked: made.client(put(3), 'length') }
  }

  test('of which nothing was looked at is made again, whatever the method, at another server', () => {
    const { servers, gateway, client } = scene()
    const asked = client('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n', 'length')
    servers.last.lose('connect_refused', 'nothing')
    expect(servers.attempts).toHaveLength(2)
    expect(servers.attempts[1]?.server.name).not.toBe(servers.attempts[0]?.server.name)
    const server = opened(servers)
    asked.body('hi')
    asked.end()
    server.answer()
    server.end()
    expect(gateway.log).toMatchObject([{ status: 200, attempts: 2, fault: null }])
  })

  test('by a certificate that stands against a server is never made again at that one, only at others', async () => {
    const { servers, gateway, client } = scene({ retry: { attempts: 5, backoff: '1ms' } })
    const asked = client()
    servers.last.lose('tls_name_mismatch', 'nothing')
    servers.last.lose('connect_refused', 'nothing')
    await waitFor(() => servers.attempts.length === 3)
    const names = servers.attempts.map(({ server }) => server.name)
    expect([names[2], names[0] === names[1]]).toEqual([names[1], false])
    servers.last.lose('tls_expired', 'nothing')
    expect(servers.attempts).toHaveLength(3)
    expect(asked.answered?.status).toBe(502)
    expect(gateway.log).toMatchObject([{ fault: 'tls_expired', attempts: 3, server: names[2] }])
  })

  test('of which some may have been looked at is made again only where that does no harm', () => {
    const { servers, gateway, asked } = upload()
    asked.body('abc')
    asked.end()
    opened(servers).lose('server_closed', 'request')
    const again = opened(servers)
    expect([again.text, again.isRequestWhole]).toEqual(['abc', true])
    again.answer()
    again.end()
    expect(gateway.log[0]).toMatchObject({ status: 200, attempts: 2 })

    const other = scene()
    const posting = other.client('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')
    opened(other.servers).lose('server_closed', 'request')
    expect(posting.answered?.status).toBe(502)
    expect(other.gateway.log[0]).toMatchObject({
      status: 502,
      attempts: 1,
      fault: 'server_closed',
      sent: true,
    })
  })

  test('with some of an answer, or one waited for in vain, is none again', () => {
    for (const [code, status] of [
      ['server_truncated', 502],
      ['response_timeout', 504],
    ] as const) {
      const { servers, client } = scene()
      const asked = client()
      opened(servers).lose(code, code === 'server_truncated' ? 'answer' : 'request')
      expect([asked.answered?.status, servers.attempts.length]).toEqual([status, 1])
    }
  })

  test('that breaks off in its answer cuts the client, who sees it as cut', () => {
    const { servers, gateway, client } = scene()
    const asked = client()
    const server = opened(servers)
    server.answer()
    server.body('he')
    server.lose('server_truncated', 'answer')
    expect([asked.ending, asked.isWhole]).toEqual(['reset', false])
    expect(gateway.log[0]).toMatchObject({
      status: 200,
      fault: 'server_truncated',
      aborted: true,
      bytesOut: 2,
    })
  })

  test('on a connection that was stale is no attempt, and is made again on a fresh one', () => {
    const { servers, gateway, client } = scene()
    client()
    opened(servers).lose('server_closed', 'request', true)
    expect([servers.attempts.length, servers.last.isFresh]).toEqual([2, true])
    const server = opened(servers)
    server.answer()
    server.end()
    expect(gateway.log[0]).toMatchObject({ attempts: 1, fault: null })
    expect(gateway.servers.map(({ slot }) => gateway.board.failedAttempts(slot))).toEqual([0, 0])
  })

  test('at every server is a 502 after as many attempts as are allowed', async () => {
    const { servers, gateway, client } = scene({ retry: { attempts: 2 } })
    const asked = client()
    servers.last.lose('connect_refused', 'nothing')
    servers.last.lose('connect_failed', 'nothing')
    expect(asked.answered?.status).toBe(502)
    expect(gateway.log[0]).toMatchObject({ attempts: 2, fault: 'connect_failed', sent: false })
  })
})

test('a client that leaves takes its attempt along, whether it is being opened, asked or answered', () => {
  for (const until of ['opening', 'asked', 'answering'] as const) {
    const { servers, gateway, client } = scene()
    const asked = client()
    if (until !== 'opening') opened(servers)
    if (until === 'answering') servers.last.answer()
    asked.gone()
    expect([until, servers.last.ending, gateway.inFlight]).toEqual([until, 'cancel', 0])
    expect(gateway.log).toMatchObject([{ fault: 'client_abort', aborted: true }])
  }
})

test('an answer that comes early is sent at once, and the rest of the request goes on behind it', () => {
  const { servers, gateway, client } = scene()
  const asked = client(put(6), 'length')
  asked.body('abc')
  const server = opened(servers)
  server.answer()
  server.body('hello')
  server.end(true)
  expect([asked.isWhole, asked.keeps, asked.ending]).toEqual([true, true, null])
  asked.body('def')
  asked.end()
  expect([server.text, server.ending, asked.ending]).toEqual(['abcdef', 'finish', 'finish'])
  expect(gateway.log[0]).toMatchObject({ bytesIn: 6, bytesOut: 5, fault: null })
})

test('behind an early refusal the client is asked for nothing more', () => {
  const { servers, client } = scene()
  const asked = client(put(6), 'length')
  const server = opened(servers)
  server.answer(413)
  server.body('large')
  server.end()
  expect([asked.keeps, asked.ending, server.ending]).toEqual([false, 'finish', 'finish'])
})

test('a body over its limit is refused by its length, or where it passes it', () => {
  const { servers, client, gateway } = scene()
  expect(client(put(200_000), 'length').answered?.status).toBe(413)
  const asked = client(CHUNKED, 'as_it_came')
  const server = opened(servers)
  asked.body('x'.repeat(60_000))
  expect(asked.answered).toBeNull()
  asked.body('x'.repeat(60_000))
  expect([asked.answered?.status, asked.keeps, server.ending]).toEqual([413, false, 'cancel'])
  expect(gateway.log.map(({ fault }) => fault)).toEqual(['body_too_large', 'body_too_large'])
})

test('a request that breaks is answered, and none that is broken looks whole to the server', () => {
  const { servers, client } = scene()
  const asked = client(CHUNKED, 'as_it_came')
  const server = opened(servers)
  asked.body('1\r\n')
  asked.events?.requestFault('chunk_malformed')
  expect([asked.answered?.status, asked.keeps, server.isRequestWhole, server.ending]).toEqual([
    400,
    false,
    false,
    'cancel',
  ])
})

test('a slow client pauses its server, a slow server its client', () => {
  const { servers, client } = scene()
  const asked = client(put(6), 'length')
  const server = opened(servers)
  server.slow = 1
  asked.body('abc')
  expect(asked.isPaused).toBe(true)
  server.drain()
  expect(asked.isPaused).toBe(false)
  server.slow = 0
  asked.body('def')
  asked.end()
  server.answer()
  asked.slow = 1
  server.body('hello')
  expect(server.isPaused).toBe(true)
  asked.drain()
  expect(server.isPaused).toBe(false)
  server.body('!')
  server.end()
  expect([asked.isWhole, asked.ending]).toEqual([true, null])
  asked.drain()
  expect(asked.ending).toBe('finish')
})

describe('a step that waits', () => {
  test('before the server: what of the body comes meanwhile is sent behind the head', async () => {
    const gate = makeGate()
    const wait: Middleware<never> = { name: 'wait', request: () => gate.opened.then(() => undefined) }
    const { servers, client } = scene({}, [wait])
    const asked = client(put(6), 'length')
    asked.body('abc')
    asked.body('def')
    asked.end()
    expect(servers.attempts).toEqual([])
    gate.open()
    await gate.opened
    await Promise.resolve()
    const server = opened(servers)
    expect([server.text, server.isRequestWhole]).toEqual(['abcdef', true])
    server.answer()
    server.end()
    expect(asked.ending).toBe('finish')
  })

  test('before the client: the answer waits whole, and its server serves others meanwhile', async () => {
    const gate = makeGate()
    const wait: Middleware<never> = { name: 'wait', response: () => gate.opened }
    const { servers, client, gateway } = scene({}, [wait])
    const asked = client()
    const server = opened(servers)
    server.answer(200, 'as_it_came')
    server.body('5\r\nhello\r\n', 5)
    server.body('0\r\n\r\n', 0)
    server.end()
    expect([asked.answered, server.ending, gateway.inFlight]).toEqual([null, 'finish', 0])
    gate.open()
    await gate.opened
    await Promise.resolve()
    expect([asked.answered, asked.text, asked.sentBytes, asked.ending]).toEqual([
      { status: 200, form: 'as_it_came' },
      '5\r\nhello\r\n0\r\n\r\n',
      5,
      'finish',
    ])
    expect(asked.kept).toBe(0)
  })
})

describe('framing', () => {
  test('passes as it came between two ends that both take it', () => {
    const { servers, client } = scene()
    const asked = client(CHUNKED, 'as_it_came')
    const server = opened(servers)
    expect(server.form).toBe('as_it_came')
    asked.end()
    server.answer(200, 'as_it_came')
    expect([server.takesContent, asked.answered?.form]).toEqual([false, 'as_it_came'])
    server.end()
  })

  test('is taken off for an end that takes none, in either direction', () => {
    const { servers, gateway } = scene()
    servers.takesFraming = false
    const asked = new FakeClient(gateway, CHUNKED, 'as_it_came', breaches)
    asked.takesFraming = false
    asked.begin(gateway)
    const server = opened(servers)
    expect(server.form).toBe('content')
    asked.end()
    server.answer(200, 'as_it_came')
    expect([server.takesContent, asked.answered?.form]).toEqual([true, 'content'])
    server.end()
  })
})

describe('a tunnel', () => {
  const tunnel = (): Scene & { readonly asked: FakeClient; readonly server: FakeServer } => {
    const made = scene()
    const asked = made.client(UPGRADE)
    const server = opened(made.servers)
    server.answer(101, 'content', 'Upgrade: websocket\r\nConnection: upgrade\r\n')
    return { ...made, asked, server }
  }

  test('passes bytes both ways, each half until it ends', () => {
    const { gateway, asked, server } = tunnel()
    expect(asked.isTunnel).toBe(true)
    asked.body('ping')
    server.body('pong')
    asked.end()
    expect([server.text, server.hasEndedWrites, asked.text, asked.ending]).toEqual([
      'ping',
      true,
      'pong',
      null,
    ])
    server.body('more')
    server.end()
    expect([asked.hasEndedWrites, asked.ending, server.ending]).toEqual([true, 'finish', 'finish'])
    expect(gateway.log[0]).toMatchObject({ status: 101, bytesIn: 4, bytesOut: 8, fault: null })
  })

  test('that its server resets is no failure of the server', () => {
    const { gateway, asked, server } = tunnel()
    server.lose('server_truncated', 'answer')
    expect(asked.ending).toBe('reset')
    expect(gateway.servers.map(({ slot }) => gateway.board.failedAttempts(slot))).toEqual([0, 0])
  })
})
