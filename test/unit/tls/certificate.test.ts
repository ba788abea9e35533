import { expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { acceptTls, alpnList } from '../../../server/tls/accept-tls.ts'
import { Certificate } from '../../../server/tls/certificate.ts'
import { within } from '../../support/wait.ts'
import { otherCertificateText } from '../turn/stream-certificates.ts'
import { certificateText } from '../turn/stream-scene.ts'

test('a chain and its key fit together, or it is refused', () => {
  const [one, other] = [certificateText(), otherCertificateText()]
  expect(() => new Certificate(one)).not.toThrow()
  expect(() => new Certificate({ cert: one.cert, key: other.key })).toThrow()
  expect(() => new Certificate({ cert: 'no PEM', key: one.key })).toThrow()
  expect(() => new Certificate({ cert: one.cert, key: 'no PEM' })).toThrow()
})

test('it knows whether it is of the same texts', () => {
  const [one, other] = [certificateText(), otherCertificateText()]
  const certificate = new Certificate(one)
  expect(certificate.isOf({ ...one })).toBe(true)
  expect(certificate.isOf({ ...one, cert: other.cert })).toBe(false)
  expect(certificate.isOf({ ...one, key: other.key })).toBe(false)
})

test('protocols are listed with their lengths', () => {
  expect(Buffer.from(alpnList(['stun.turn', 'h2'])).toString('latin1')).toBe('\x09stun.turn\x02h2')
})

test('versions of TLS before 1.2 are refused, 1.2 and 1.3 are spoken', async () => {
  const certificate = new Certificate(certificateText())
  const listener = bunSockets.listenTls({ hostname: '127.0.0.1', port: 0 }, (socket) => {
    acceptTls(socket, { certificate, alpn: alpnList(['a']), owner: { ...NOBODY, onHandshake() {} } })
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
