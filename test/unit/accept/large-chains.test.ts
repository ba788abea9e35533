// Certificates of clients that are too large: TLS takes 100 KB, and by 1.3 cannot answer who has shown more
// than 32. Whoever comes with more is told apart from clients that went.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { Count } from '../../../server/accept/count.ts'
import { Gate } from '../../../server/accept/gate.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { TlsEntry } from '../../../server/accept/tls-entry.ts'
import { tick } from '../../../server/lib/clock.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { alpnList } from '../../../server/tls/accept-tls.ts'
import type { ClientCertificateConfig } from '../../../server/tls/client-certificate.options.ts'
import { ClientPolicies } from '../../../server/tls/client-policies.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { within } from '../../support/wait.ts'
import { certificate, tlsOf } from '../turn/stream-scene.ts'

const words: ClientCertificateConfig = {
  mode: 'any',
  ca: [],
  crl: [],
  expired_crl: 'refuse',
  headers: 'none',
  names: {},
}
const told: string[] = []
const count = new Count({ connections() {} }, { came() {}, left() {} })
let address: OpenAddress
beforeAll(() => {
  const entry = new TlsEntry({
    listener: 'web',
    meter: {
      ended: (_, version, result) => void told.push(`${version ?? '-'} ${result}`),
      clientCertificate() {},
    },
    arrivals: new Arrivals(new Wheel(tick)),
    tls: { ...tlsOf(certificate()), clients: new ClientPolicies(PLAIN_SETTINGS, words, {}, []) },
    alpn: alpnList([]),
    next: {
      accept(socket, from) {
        const answer = Buffer.from('an answer')
        socket.write(answer, 0, answer.length)
        from.gone()
      },
    },
  })
  const about = { listener: 'web', connections: 100, count, limitReached() {} }
  address = new OpenAddress(
    { hostname: '127.0.0.1', port: 0 },
    new Gate({ ...about, next: entry, isTls: true }),
  )
})
afterAll(() => address.stop())

/** A certificate of about so many bytes, by names of sixty. */
function pairOf(bytes: number): { readonly cert: string; readonly key: string } {
  const names = Array.from({ length: Math.round(bytes / 62) }, (_, i) => `n${i}`.padEnd(52, 'x') + '.example')
  return selfSigned(names, { nowMs: Date.now() })
}

/** What a client with it hears, or how it ends. */
function visit(bytes: number, version: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const only = { minVersion: version, maxVersion: version, rejectUnauthorized: false } as object
  const socket = connect({ port: address.port, host: '127.0.0.1', ...only, ...pairOf(bytes) })
  socket.on('data', (piece: Buffer) => resolve(piece.toString()))
  socket.on('error', () => {})
  socket.on('close', () => resolve('closed'))
  return within(promise, 'an answer or the end').finally(() => void socket.destroy())
}

describe.each(['TLSv1.2', 'TLSv1.3'])('by %s', (version) => {
  const large = version === 'TLSv1.3' ? ['closed', '- chain_too_large'] : ['an answer', `${version} full`]
  test.each([
    [20_000, ['an answer', `${version} full`]],
    [31_000, ['an answer', `${version} full`]],
    [33_500, large],
    [45_000, large],
    [80_000, large],
    [120_000, ['closed', '- chain_too_large']],
  ])('one of %d bytes', async (bytes, expected) => {
    const said = await visit(bytes, version)
    expect([said, ...told.splice(0)]).toEqual(expected)
  })
})

test('nobody is left of them', () => expect(count.open).toBe(0))
