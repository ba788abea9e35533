// Bytes of a socket are lent for the event that brings them (test/support/lent.ts overwrites them then): what
// an exchange still needs behind it is its own.
import { expect, test } from 'bun:test'
import type { Exchange } from '../../server/http/exchange.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import { STATE_DOWN, STATE_UP } from '../../server/scoreboard/states.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { makeGate, waitFor } from '../support/wait.ts'
import { wire } from '../support/wired.ts'

const TARGET = '/path?query=1'
const FIELDS = 'Host: example.org\r\nUser-Agent: a browser\r\nAccept: */*\r\n'
const REQUEST = Buffer.from(`GET ${TARGET} HTTP/1.1\r\n${FIELDS}\r\n`)
const NEXT = Buffer.from(`GET /next HTTP/1.1\r\n${FIELDS}\r\n`)
const HEAD =
  'HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sun, 29 Nov 2026 12:00:00 GMT\r\nContent-Length: 4\r\n\r\n'
const ANSWER = Buffer.from(`${HEAD}body`)

const engine = (steps: readonly Middleware<never>[] = []): TestEngine =>
  startEngine({ config: toServers(['http://127.0.0.1:1']), steps })

/** What the log says: of the request it is known to its end. */
const LINE = { method: 'GET', target: TARGET, host: 'example.org', status: 200, fault: null }

test('an answer whose head comes alone leaves as it came, and its request is logged', async () => {
  await using gateway = engine()
  const { client, server, end } = wire(gateway)
  client.data(REQUEST)
  server.data(Buffer.from(HEAD))
  expect(client.text).toBe(HEAD)
  server.data(Buffer.from('body'))
  expect(client.text).toBe(String(ANSWER))
  expect(gateway.log).toMatchObject([LINE])
  end()
})

test('heads that come byte by byte, and with others before them, are read whole', async () => {
  await using gateway = engine()
  const { client, server, end } = wire(gateway)
  for (const byte of REQUEST) client.data(Buffer.of(byte))
  for (const byte of Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), ANSWER]))
    server.data(Buffer.of(byte))
  expect(client.text).toBe(`HTTP/1.1 100 Continue\r\n\r\n${ANSWER}`)
  client.data(REQUEST)
  server.data(Buffer.from(`HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n${HEAD}bo`))
  server.data(Buffer.from('dy'))
  expect(client.text.endsWith(`\r\nX-A: 1\r\n\r\n${ANSWER}`)).toBe(true)
  expect(gateway.log).toMatchObject([LINE, LINE])
  end()
})

test('requests that are read ahead are sent as they came', async () => {
  await using gateway = engine()
  const { client, server, end } = wire(gateway)
  client.data(Buffer.concat([REQUEST, NEXT, REQUEST.subarray(0, 20)]))
  client.data(REQUEST.subarray(20))
  for (let n = 0; n < 3; n++) server.data(ANSWER)
  expect(client.text).toBe(String(ANSWER).repeat(3))
  const asked = server.text.match(/^GET \S+ HTTP\/1\.1\r\nHost: example\.org\r\nUser-Agent: a browser\r\n/gm)
  expect(asked?.map((line) => line.split(' ')[1])).toEqual([TARGET, '/next', TARGET])
  expect(gateway.log).toMatchObject([LINE, { ...LINE, target: '/next' }, LINE])
  end()
})

test('a request that waits for a step is sent and logged as it came', async () => {
  const gate = makeGate()
  await using gateway = engine([{ name: 'slow', request: () => gate.opened.then(() => undefined) }])
  const { client, server, end } = wire(gateway)
  const body = 'a body'
  const head = `POST ${TARGET} HTTP/1.1\r\n${FIELDS}Content-Length: ${body.length}\r\n\r\n`
  client.data(Buffer.from(`${head}${body.slice(0, 3)}`))
  client.data(Buffer.from(body.slice(3)))
  gate.open()
  await waitFor(() => server.text.endsWith(body))
  expect(server.text).toStartWith(head.slice(0, -2))
  server.data(ANSWER)
  expect(gateway.log).toMatchObject([{ ...LINE, method: 'POST', bytesIn: body.length }])
  end()
})

test('an answer that waits for a step leaves as it came, and the step sees its fields', async () => {
  const gate = makeGate()
  const seen: unknown[] = []
  await using gateway = engine([
    { name: 'edits', response: (_x, head) => void head.set('X-Seen', head.get('server') ?? '') },
    {
      name: 'slow',
      response: (x: Exchange, head) =>
        gate.opened.then(() => void seen.push(x.request.get('user-agent'), head.get('server'), head.status)),
    },
  ])
  const { client, server, end } = wire(gateway)
  client.data(REQUEST)
  server.data(ANSWER.subarray(0, ANSWER.length - 2))
  server.data(ANSWER.subarray(-2))
  gate.open()
  await waitFor(() => client.text !== '')
  expect(seen).toEqual(['a browser', 'origin', 200])
  expect(client.text).toBe(`${HEAD.slice(0, -2)}X-Seen: origin\r\n\r\nbody`)
  expect(gateway.log).toMatchObject([LINE])
  end()
})

test('an answer that waits, its head unchanged, leaves as it came', async () => {
  const gate = makeGate()
  await using gateway = engine([{ name: 'slow', response: () => gate.opened }])
  const { client, server, end } = wire(gateway)
  client.data(REQUEST)
  server.data(Buffer.from(`HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n${HEAD}`)) // it does not begin its bytes
  server.data(Buffer.from('body'))
  gate.open()
  await waitFor(() => client.text.endsWith('body'))
  expect(client.text).toEndWith(String(ANSWER))
  end()
})

test('a request that is sent again, or refused later, is the one that came', async () => {
  await using gateway = startEngine({
    config: toServers(['http://127.0.0.1:1'], { retry: { attempts: 2, backoff: '1ms' } }),
  })
  const { client, server, end } = wire(gateway)
  const next = wire(gateway)
  client.data(REQUEST)
  const [first, second] = server.text === '' ? [next.server, server] : [server, next.server]
  first.rst() // before an answer: the request goes to the other connection
  await waitFor(() => second.text !== '')
  expect(second.text).toStartWith(`GET ${TARGET} HTTP/1.1\r\n${FIELDS}`)
  second.data(ANSWER)
  expect(client.text).toBe(String(ANSWER))
  expect(gateway.log).toMatchObject([LINE])
  client.data(Buffer.from(`${REQUEST}GET /refused HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`))
  second.data(ANSWER)
  expect(gateway.log.at(-1)).toMatchObject({ target: '/refused', status: 400, fault: 'host_invalid' })
  end()
  next.end()
})

test('what stands behind an upgrade goes on as it came, both ways', async () => {
  await using gateway = engine()
  const { client, server, end } = wire(gateway)
  const upgrade = 'Connection: Upgrade\r\nUpgrade: words\r\n'
  client.data(Buffer.from(`GET ${TARGET} HTTP/1.1\r\n${FIELDS}${upgrade}\r\nfirst words`))
  client.data(Buffer.from(', and more'))
  server.data(Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\nwelcome`))
  expect(client.text).toEndWith('\r\n\r\nwelcome')
  expect(server.text).toEndWith('\r\n\r\nfirst words, and more')
  server.fin()
  client.fin()
  expect(gateway.log).toMatchObject([{ ...LINE, status: 101 }])
  end()
})

test('a request that finds no server in use is logged as the one that came', async () => {
  await using gateway = engine()
  const [server] = gateway.servers
  gateway.setState(server!, STATE_DOWN)
  const wired = wire(gateway)
  wired.client.data(REQUEST)
  gateway.setState(server!, STATE_UP)
  expect(gateway.log).toMatchObject([{ ...LINE, status: 503, fault: 'no_server' }])
  wired.end()
})
