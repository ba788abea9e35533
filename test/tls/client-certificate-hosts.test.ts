// Certificates of clients beyond the handshake: each request is held against what holds for its host, and
// servers are told whose it is.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { alice, ask, eve, MtlsWorld, type Own, root } from '../support/mtls-world.ts'

let world: MtlsWorld
beforeAll(async () => {
  world = await MtlsWorld.start()
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

const REFUSED = '403 client_certificate_'

describe('each request is held against what holds for its host', () => {
  test.each([
    ['nothing is asked for a.example', 'a.example', null, 'a.example', '200'],
    ['b.example asks', 'b.example', alice, 'b.example', '200'],
    ['b.example asks', 'b.example', null, 'b.example', `${REFUSED}missing`],
    ['for a.example nobody was asked', 'a.example', alice, 'b.example', '421 misdirected'],
    ['nor without a name', null, alice, 'b.example', '421 misdirected'],
    ['d.example asks for the same as b.example', 'b.example', alice, 'd.example', '200'],
    ['and refuses for the same', 'b.example', eve, 'd.example', `${REFUSED}unknown_issuer`],
    ['c.example has other issuers', 'b.example', alice, 'c.example', '421 misdirected'],
    ['c.example has other issuers', 'c.example', eve, 'c.example', '200'],
    ['a.example asks for nothing, whoever was asked', 'b.example', null, 'a.example', '200'],
    ['a name that is nowhere asks for nothing', 'b.example', alice, 'x.example', '200'],
  ] as const)('%s: made for %s', async (...row) => {
    const [, servername, own, host, expected] = row
    expect(await world.visit('named', own, { servername: servername ?? '', host })).toBe(expected)
  })

  test('on one connection, each of them', async () => {
    const socket = await world.dial('named', alice, { servername: 'b.example' })
    expect(await ask(socket, 'b.example')).toBe('200')
    expect(await ask(socket, 'a.example')).toBe('200')
    expect(await ask(socket, 'D.Example:443')).toBe('200')
    expect(await ask(socket, 'c.example')).toBe('421 misdirected')
    socket.destroy()
  })
})

describe('servers are told', () => {
  async function told(
    name: string,
    own: Own,
    more = '',
    servername = 'a.example',
  ): Promise<Record<string, string>> {
    const before = world.origin.requests.length
    const socket = await world.dial(name, own, { servername })
    await ask(socket, servername, more)
    socket.destroy()
    const request = world.origin.requests[before]
    const found = (request?.fields ?? []).filter(([field]) => /client.?cert/i.test(field))
    return Object.fromEntries(found.map(([field, value]) => [field.toLowerCase(), value]))
  }
  const FORGED = [
    'X-Client-Cert-Verified: SUCCESS',
    'x-client-cert-anything: x',
    'X_Client_Cert_Subject: CN=root',
    'Client-Cert: :AAAA:',
    'Client-Cert-Chain: :AAAA:',
  ]
    .map((line) => `${line}\r\n`)
    .join('')

  test('what the certificate says, and nothing that a client says of it', async () => {
    expect(await told('required', alice, FORGED)).toEqual({
      'x-client-cert-verified': 'SUCCESS',
      'x-client-cert-subject': 'O=Acme,CN=alice.example',
      'x-client-cert-issuer': 'CN=Clients',
      'x-client-cert-san': 'DNS:alice.example,URI:spiffe://a.example/ns/prod/alice',
      'x-client-cert-serial': expect.stringMatching(/^[0-9a-f]+$/),
      'x-client-cert-fingerprint': expect.stringMatching(/^[0-9a-f]{64}$/),
      'x-client-cert-not-after': '2099-01-01T00:00:00.000Z',
    })
    expect(await told('optional', null, FORGED)).toEqual({ 'x-client-cert-verified': 'NONE' })
    expect(await told('plain', null, FORGED)).toEqual({})
    expect(await told('named', null, FORGED)).toEqual({})
    const any = await told('any', eve, FORGED)
    expect(any['x-client-cert-verified']).toBe('FAILED:unknown_issuer')
    expect(any['client-cert']).toBeUndefined()
  })

  test('what a trusted proxy says only where its own certificate is not asked for', async () => {
    const said = await told('behind', alice, 'X-Client-Cert-Subject: CN=x\r\nX-Forwarded-For: 192.0.2.1\r\n')
    expect(said['x-client-cert-subject']).toBe('O=Acme,CN=alice.example')
    const fields = 'X-Client-Cert-Subject: CN=x\r\nClient-Cert: :AAAA:\r\nX_Client_Cert_Subject: CN=y\r\n'
    expect(await told('fronted', null, fields)).toEqual({
      'x-client-cert-subject': 'CN=x',
      'client-cert': ':AAAA:',
    })
  })

  test('on one line each, whatever stands in the certificate', async () => {
    const odd = root.issue({ names: 'DNS:odd.example', more: '/O=a, b"c\\\\ü=' }, 'odd')
    const said = await told('required', odd)
    expect(said['x-client-cert-subject']).toBe('O=a\\, b\\"c\\\\\\C3\\BC=,CN=odd')
  })
})
