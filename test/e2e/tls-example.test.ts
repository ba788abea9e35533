// config/examples/tls-passthrough.yaml: it runs as it stands, but for its addresses, and does what its
// comments say.
import { expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { rawClient } from '../support/client.ts'
import { adapted } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { alert, asking } from '../support/passthrough.ts'
import { echoServer } from '../support/raw-server.ts'
import { within } from '../support/wait.ts'

test('a name whose TLS ends here, one that is passed on, and one that none is for, on one port', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'a page'))
  using mail = echoServer()
  const config = adapted('tls-passthrough.yaml', { 9001: origin, 9002: mail, 9003: origin })
  await using gateway = await startGateway({ config })
  const port = gateway.port('front')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'www.example.org',
    rejectUnauthorized: false,
  })
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
    if (text.endsWith('a page')) resolve(text)
  })
  socket.on('error', reject)
  socket.write('GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n')
  expect(await within(promise, 'a page')).toStartWith('HTTP/1.1 200')
  socket.destroy()
  const hello = asking('imap.mail.example.org')
  await using client = await rawClient(port)
  client.send(hello).fin()
  expect(await client.readToEnd()).toBe(hello.toString('latin1'))
  await using other = await rawClient(port)
  expect(await other.send(asking('other.example.org')).readToEnd()).toBe(alert(112))
})
