import { expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { acceptTls, alpnList } from '../../../server/tls/accept-tls.ts'
import { Certificate, type PemPair } from '../../../server/tls/certificate.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { within } from '../../support/wait.ts'
import { otherPemPair } from '../turn/stream-certificates.ts'
import { certificateText, pemPair, tlsOf } from '../turn/stream-scene.ts'

test('a chain and its key fit together, or no context is made of it', () => {
  const [one, other] = [pemPair(), otherPemPair()]
  const use = (pair: PemPair) => () =>
    new Certificate({ pairs: [pair], names: [], endsMs: 0 }).contextFor(PLAIN_SETTINGS)
  expect(use(one)).not.toThrow()
  expect(use({ cert: one.cert, key: other.key })).toThrow()
  expect(use({ cert: 'no PEM', key: one.key })).toThrow()
  expect(use({ cert: one.cert, key: 'no PEM' })).toThrow()
})

test('it knows whether it is of the same texts', () => {
  const [one, other] = [pemPair(), otherPemPair()]
  const of = (...pairs: PemPair[]) => ({ pairs, names: [], endsMs: 0 })
  const certificate = new Certificate(of(one))
  expect(certificate.isOf(of({ ...one }))).toBe(true)
  expect(certificate.isOf(of({ ...one, cert: other.cert }))).toBe(false)
  expect(certificate.isOf(of({ ...one, key: other.key }))).toBe(false)
  expect(certificate.isOf(of(one, other))).toBe(false)
})

test('protocols are listed with their lengths', () => {
  expect(Buffer.from(alpnList(['stun.turn', 'h2'])).toString('latin1')).toBe('\x09stun.turn\x02h2')
})

test('versions of TLS before 1.2 are refused, 1.2 and 1.3 are spoken', async () => {
  const tls = tlsOf(new Certificate(certificateText()))
  const listener = bunSockets.listenTls({ hostname: '127.0.0.1', port: 0 }, (socket) => {
    acceptTls(socket, { alpn: alpnList(['a']), owner: { ...NOBODY, tls, shakenBy: null, onHandshake() {} } })
  })
  const spoken = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> => {
    const { promise, resolve } = Promise.withResolvers<string | null>()
    const socket = connect({
      port: listener.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: version === 'TLSv1.1' ? 'TLSv1' : version,
      maxVersion: version,
    })
    socket.on('secureConnect', () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
    socket.on('error', () => resolve(null))
    return within(promise, 'a handshake')
  }
  expect(await spoken('TLSv1.1')).toBeNull()
  expect(await spoken('TLSv1.2')).toBe('TLSv1.2')
  expect(await spoken('TLSv1.3')).toBe('TLSv1.3')
  listener.stop()
})
