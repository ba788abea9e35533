// Each way in which a handshake may fail, as this Bun tells it.
import { afterAll, expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { Count } from '../../../server/accept/count.ts'
import { Gate } from '../../../server/accept/gate.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { TlsEntry } from '../../../server/accept/tls-entry.ts'
import { tick } from '../../../server/lib/clock.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { alpnList } from '../../../server/tls/accept-tls.ts'
import { ByName } from '../../../server/tls/by-name.ts'
import { settingsOf } from '../../../server/tls/tls-settings.ts'
import { rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'
import { helloOf } from '../../vectors/hellos.ts'
import { certificate } from '../turn/stream-scene.ts'

const told: string[] = []
const wheel = new Wheel(tick)
const arrivals = new Arrivals(wheel)
const count = new Count({ connections() {} }, { came() {}, left() {} })
const entry = new TlsEntry({
  listener: 'web',
  meter: {
    ended: (_, version, result) => void told.push(`${version ?? '-'} ${result}`),
    clientCertificate: () => {},
  },
  arrivals,
  tls: {
    certificates: new ByName(certificate()),
    settings: settingsOf({ profile: 'intermediate', ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] }),
    clients: null,
    handshakeMs: 10_000,
  },
  alpn: alpnList(['http/1.1']),
  next: {
    accept(socket, from) {
      from.gone()
      socket.terminate()
    },
  },
})
const gate = new Gate({
  listener: 'web',
  connections: 100,
  count,
  limitReached() {},
  next: entry,
  isTls: true,
})
const address = new OpenAddress({ hostname: '127.0.0.1', port: 0 }, gate)
afterAll(() => address.stop())

/** What is told next. */
async function next(act: () => unknown): Promise<string> {
  const { length } = told
  await act()
  return waitFor(() => told[length])
}

const shake = (options: object) => (): void => {
  const socket = connect({
    port: address.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...options,
  } as never)
  socket.on('error', () => {})
}

const say =
  (bytes: string, how: 'fin' | 'rst' | null = null) =>
  async () => {
    const client = await rawClient(address.port)
    if (bytes !== '') client.send(bytes)
    if (how === 'fin') client.fin()
    if (how === 'rst') client.rst()
  }

const HALF = '\x16\x03\x01\x02\x00'

test.each([
  ['of TLS 1.3', shake({}), 'TLSv1.3 full'],
  ['of TLS 1.2', shake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2 full'],
  ['with another protocol', shake({ ALPNProtocols: ['h2'] }), '- no_protocol'],
  ['of an old version', shake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }), '- no_version'],
  ['without a cipher', shake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA' }), '- no_cipher'],
  ['of HTTP', say('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), '- not_tls'],
  ['of SSH', say('SSH-2.0-x\r\n'), '- not_tls'],
  ['of nonsense', say('\x16\x03\x01\x00\x05hello'), '- malformed'],
  ['cut by an end', say(HALF, 'fin'), '- cut_off'],
  ['cut by a reset', say(HALF, 'rst'), '- cut_off'],
  ['of nothing', say('', 'fin'), '- cut_off'],
])('a handshake %s is counted once', async (_, act, result) => {
  expect(await next(act)).toBe(result)
  expect(told.splice(0)).toEqual([result])
})

test('who is refused gets the alert, and an end behind it that takes nothing of that away', async () => {
  const hello = helloOf('curl')
  // Another protocol of the same length, so that none is left that is spoken.
  hello.write('http/9.9', hello.indexOf('http/1.1'), 'latin1')
  const events: string[] = []
  const socket = connectTcp({ port: address.port, host: '127.0.0.1' })
  socket.on('data', (bytes: Buffer) => void events.push(bytes.toString('hex')))
  for (const name of ['end', 'error', 'close'] as const) socket.on(name, () => void events.push(name))
  expect(await next(() => void socket.write(hello))).toBe('- no_protocol')
  await waitFor(() => events.includes('close'))
  expect(events).toEqual(['15030300020278', 'end', 'close'])
  await waitFor(() => arrivals.size === 0)
  expect(count.open).toBe(0)
  expect(told.splice(0)).toEqual(['- no_protocol'])
})

test('one whose client does not trust us is counted as refused by it', async () => {
  const client = (): void => {
    const { port } = address
    const openssl = Bun.spawn(
      ['openssl', 's_client', '-verify_return_error', '-connect', `127.0.0.1:${port}`],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    )
    void openssl.exited
  }
  expect(await next(client)).toBe('- refused_by_client')
})
