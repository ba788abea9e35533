import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { Config } from '../../../../server/config/schema.ts'
import { readCertificates, whyUnfit } from '../../../../server/control/change/certificates.ts'
import { certificateName } from '../../../../server/tls/certificates.ts'
import { testCertificate } from '../../../support/certificate.ts'

const { cert, key } = testCertificate()

/** Only what is looked at. */
const config = (listeners: Record<string, unknown>): Config => ({ listeners }) as unknown as Config

test('listeners with TLS have theirs, as text, by the name of its files; others have none', async () => {
  const read = await readCertificates(
    config({
      web: { protocol: 'http', bind: '127.0.0.1:0' },
      plain: { protocol: 'turn', bind: '127.0.0.1:0' },
      turn: { protocol: 'turn', bind: '127.0.0.1:0', tls: { bind: '127.0.0.1:0', cert, key } },
    }),
  )
  const name = certificateName({ cert, key })
  expect(read).toEqual({ [name]: { cert: readFileSync(cert, 'latin1'), key: readFileSync(key, 'latin1') } })
})

test('a file that cannot be read is told by its place in the config', async () => {
  const words = (tls: object): Config => config({ 'a.b': { protocol: 'turn', tls } })
  const refused = readCertificates(words({ bind: '', cert, key: '/nowhere/key.pem' }))
  expect(refused).rejects.toMatchObject({
    path: 'listeners["a.b"].tls.key',
    message: 'cannot read /nowhere/key.pem: no file of this name',
  })
  expect(readCertificates(words({ bind: '', cert: '/', key }))).rejects.toMatchObject({
    path: 'listeners["a.b"].tls.cert',
    message: 'cannot read /: a folder',
  })
})

test.each([
  ['no certificate', { cert: '' }, 'a.pem holds no PEM certificate'],
  ['a key in its place', { cert: readFileSync(key, 'latin1') }, 'a.pem holds no PEM certificate'],
  [
    'one that is cut',
    { cert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
    'a.pem holds a certificate that cannot be read',
  ],
  ['no key', { key: '' }, 'a.key holds no PEM private key'],
  [
    'a locked key',
    { key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n' },
    'a.key holds a key that has a passphrase',
  ],
  ['a pair that fits', {}, null],
])('of %s it is said plainly what stands against it', (_, wrong, why) => {
  const pair = { cert: readFileSync(cert, 'latin1'), key: readFileSync(key, 'latin1') }
  expect(whyUnfit({ ...pair, ...wrong }, { cert: 'a.pem', key: 'a.key' })).toBe(why)
})
