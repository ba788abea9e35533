// Rules that ask for facts of TLS and of certificates of clients, by handshakes as they are.
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprintOf } from '../../server/tls/shown-certificate.ts'
import { X509Certificate } from 'node:crypto'
import { startGateway } from '../support/gateway.ts'
import { alice, ask, bob, dialTo, eve, folder, type Own, root, type Visit } from '../support/mtls-world.ts'

const rule = (status: number, client_certificate: unknown, more: object = {}): object => ({
  name: `r${status}`,
  match: { tls: { client_certificate, ...more } },
  respond: { status },
})

test('a rule takes clients by the version, and by what stands in a good certificate', async () => {
  writeFileSync(join(folder, 'ca.pem'), root.text)
  const bobs = fingerprintOf(new X509Certificate(bob.cert))
  await using gateway = await startGateway({
    folder,
    config: {
      certificates: { site: { self_signed: { names: ['a.example'] } } },
      listeners: {
        web: {
          ...{ bind: '127.0.0.1:0', protocol: 'https', certificates: ['site'] },
          client_certificate: { mode: 'request', ca: 'ca.pem' },
        },
      },
      rules: [
        { name: 'old', match: { tls: { version: 'TLSv1.2' } }, respond: { status: 210 } },
        rule(211, {
          subject: { contains: 'O=Acme' },
          issuer: { contains: 'CN=Clients' },
          san: 'DNS:alice.example',
        }),
        rule(212, { fingerprint: bobs }),
        rule(213, 'present'),
        rule(214, 'absent', { cipher: { prefix: 'TLS_' } }),
        { name: 'rest', respond: { status: 215 } },
      ],
    },
  })
  const visit = async (own: Own, more: Visit = {}): Promise<string> => {
    const socket = await dialTo(gateway.port('web'), own, more)
    try {
      return await ask(socket)
    } finally {
      socket.destroy()
    }
  }
  expect(await visit(alice, { version: 'TLSv1.2' })).toBe('210')
  expect(await visit(alice)).toBe('211')
  expect(await visit(bob)).toBe('212')
  expect(await visit(null)).toBe('214')
  // It says the same as that of alice, by an issuer that nobody trusts.
  expect(await visit(eve)).toBe('215')
})
