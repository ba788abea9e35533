// What of one handshake with a server serves the next.
import { afterEach, expect, test } from 'bun:test'
import { tick } from '../../../server/lib/clock.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { ClientTls, ServerTls } from '../../../server/tls/server-tls.ts'

const DAY_MS = 86_400_000
const now = performance.now.bind(performance)
afterEach(() => void (performance.now = now))

/** The clock says so much more from then on. */
function pass(ms: number): void {
  const before = performance.now
  performance.now = () => before.call(performance) + ms
  tick()
}

const issuer = (name: string): string => selfSigned([name], { nowMs: Date.now() }).cert
const textsOf = (ca: string) => ({ ca: [ca], cert: null, key: null })
const BYTES = Buffer.from('a session')

test('a session is resumed under the texts that it was agreed under, and no others', () => {
  const client = new ClientTls(undefined, textsOf(issuer('one')))
  const server = new ServerTls(client, 'a.example')
  expect(server.session).toBeNull()
  server.keep(BYTES, client.context, DAY_MS)
  expect(server.session).toBe(BYTES)
  client.replace(client.texts)
  expect(server.session).toBe(BYTES)
  client.replace(textsOf(issuer('two')))
  expect(server.session).toBeNull()
  // One that comes late, of a connection that was made before.
  const old = new ClientTls(undefined, textsOf(issuer('three'))).context
  server.keep(BYTES, old, DAY_MS)
  expect(server.session).toBeNull()
})

test('it is resumed for an hour, and no longer than the certificate is good that was looked at', () => {
  const client = new ClientTls()
  const server = new ServerTls(client, 'a.example')
  tick()
  server.keep(BYTES, client.context, DAY_MS)
  pass(3_599_000)
  expect(server.session).toBe(BYTES)
  pass(2000)
  expect(server.session).toBeNull()
  server.keep(BYTES, client.context, 1000)
  pass(1500)
  expect(server.session).toBeNull()
})

test('names are compared and asked for in lower case, without the last dot; addresses are not asked for', () => {
  const client = new ClientTls()
  expect(new ServerTls(client, 'A.Example.')).toMatchObject({ name: 'a.example', sni: 'a.example' })
  for (const address of ['192.0.2.1', '2001:db8::1'])
    expect(new ServerTls(client, address)).toMatchObject({ name: address, sni: undefined })
})
