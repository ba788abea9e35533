// Servers of tcp listeners that are spoken to by TLS: bytes go there and come back, and who is not who it
// should be gets none.
import { expect, test } from 'bun:test'
import { Authority } from '../support/authority.ts'
import { freePort } from '../support/kernel.ts'
import { echoServer, RawServer } from '../support/raw-server.ts'
import { relayTo } from '../support/tcp-relay.ts'
import { TlsFront } from '../support/tls-front.ts'

const authority = new Authority()
const local = authority.issue({ names: 'DNS:localhost' })

test('bytes go to a tls server and come back, in volume and to the end', async () => {
  using server = echoServer()
  await using front = await TlsFront.start(server.port, local)
  await using gateway = relayTo([`tls://localhost:${front.port}`], { tls: { ca: authority.file } })
  const client = await gateway.client()
  const sent = Buffer.alloc(1 << 20, 'through tls ')
  client.send(sent).fin()
  expect((await client.readToEnd()) === sent.toString('latin1')).toBe(true)
  expect(await gateway.connectionLogged()).toMatchObject({
    fault: null,
    bytesIn: sent.length,
    bytesOut: sent.length,
  })
  await gateway.settled()
})

test('a server that is another one is asked once where there is no other', async () => {
  using server = new RawServer()
  await using wrong = await TlsFront.start(server.port, authority.issue({ names: 'DNS:a.example' }))
  await using gateway = relayTo([`tls://localhost:${wrong.port}`], {
    tls: { ca: authority.file },
    retry: { attempts: 3, backoff: '1ms' },
  })
  const client = await gateway.client()
  expect(await client.closed()).toBe('rst')
  const { fault, attempts } = await gateway.connectionLogged()
  expect([fault, attempts]).toEqual(['tls_name_mismatch', 1])
})

test('a server that is another one gets nothing, and another is asked', async () => {
  using server = new RawServer()
  const other = authority.issue({ names: 'DNS:a.example' })
  await using wrong = await TlsFront.start(server.port, other)
  const url = `tls://localhost:${wrong.port}`
  await using gateway = relayTo([url, `tls://localhost:${await freePort()}`], {
    algorithm: 'first_available',
    tls: { ca: authority.file },
    retry: { attempts: 2 },
  })
  const client = await gateway.client()
  client.send('secret')
  expect(await client.closed()).toBe('rst')
  const { fault, tries } = await gateway.connectionLogged()
  expect(fault).toBe('connect_refused')
  expect(tries?.[0]).toMatchObject({ server: url, phase: 'tls', fault: 'tls_name_mismatch' })
  expect(server.all.every(({ reader }) => reader.total === 0)).toBe(true)
})
