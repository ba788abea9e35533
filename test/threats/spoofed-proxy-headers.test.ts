// Threat: a client begins its connection with a PROXY header, and is taken for whom it names; or whoever may
// send one keeps connections open without saying anything.
import { expect, test } from 'bun:test'
import { type RawClient, rawClient } from '../support/client.ts'
import { startEngine } from '../support/engine.ts'
import { waitFor } from '../support/wait.ts'
import { makeHeader } from '../unit/turn/sockets/headers.ts'

const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.9'
const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
const HEADERS = [
  'PROXY TCP4 127.0.0.1 198.51.100.1 40000 80\r\n',
  'PROXY UNKNOWN\r\n',
  Buffer.from(makeHeader({ client: '127.0.0.1:40000' })).latin1Slice(),
  '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0',
]

const inner = {
  config: {
    backends: {},
    rules: [{ name: 'inner', middleware: [{ ip: { allow: ['127.0.0.1'] } }], respond: { body: 'secret' } }],
  },
  listener: {
    proxy_protocol: { trusted: [PROXY], timeout: '2s' },
    timeouts: { head: '1m' },
    limits: { connections: 60 },
  },
}

test('from an address that is not trusted no header is believed, however it is cut', async () => {
  await using gateway = startEngine(inner)
  for (const header of HEADERS)
    for (const cut of [0, 1, 6, header.length]) {
      await using client = await rawClient(gateway.port(), '127.0.0.1', STRANGER)
      await client.sendSegments(
        [header.slice(0, cut), header.slice(cut) + GET].filter((part) => part !== ''),
        2,
      )
      expect((await client.readAnswer()).status).toBe(400)
      expect((await gateway.logged()).client).toBe(STRANGER)
    }
  await gateway.settled()
})

test('a second header behind that of the proxy names nobody', async () => {
  await using gateway = startEngine(inner)
  for (const header of HEADERS) {
    await using client = await rawClient(gateway.port())
    client.send(`PROXY TCP4 192.0.2.7 198.51.100.1 40000 80\r\n${header}${GET}`)
    expect((await client.readAnswer()).status).toBe(400)
    expect((await gateway.logged()).client).toBe('192.0.2.7')
  }
  await gateway.settled()
})

test('headers that drip are ended by their own timeout, not by those of requests, and free their places', async () => {
  await using gateway = startEngine(inner)
  const slow: RawClient[] = []
  for (let n = 0; n < 60; n++) slow.push(await rawClient(gateway.port()))
  for (const client of slow) client.send('PROXY TCP4 192.0')
  await waitFor(() => gateway.board.activeConnections() === 60)
  gateway.runAhead(3000)
  for (const client of slow) await client.closed()
  expect(gateway.board.activeConnections()).toBe(0)
  const stranger = await rawClient(gateway.port(), '127.0.0.1', STRANGER)
  stranger.send(GET)
  expect((await stranger.readAnswer()).status).toBe(403)
  stranger.rst()
  await gateway.settled()
})
