// How long a handshake may take: where a certificate is asked for, longer only once the client has said all
// of its hello.
import { afterEach, expect, test } from 'bun:test'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { Count } from '../../../server/accept/count.ts'
import { Gate } from '../../../server/accept/gate.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { TlsEntry } from '../../../server/accept/tls-entry.ts'
import { tick } from '../../../server/lib/clock.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { alpnList } from '../../../server/tls/accept-tls.ts'
import type { ClientPolicies } from '../../../server/tls/client-policies.ts'
import { askingSettings, PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { type RawClient, rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'
import { helloOf } from '../../vectors/hellos.ts'
import { certificate, tlsOf } from '../turn/stream-scene.ts'

const policy = { settings: askingSettings(PLAIN_SETTINGS, []) }
const clients = { first: policy, of: () => policy } as unknown as ClientPolicies

const addresses: OpenAddress[] = []
afterEach(() => {
  for (const address of addresses.splice(0)) address.stop()
})

/** A listener with ten seconds for handshakes, unless `handshakeMs` says otherwise. */
function listen(asks: boolean, handshakeMs = 10_000) {
  const told: string[] = []
  const wheel = new Wheel(tick)
  const arrivals = new Arrivals(wheel)
  const entry = new TlsEntry({
    listener: 'web',
    meter: { ended: (_, __, result) => void told.push(result), clientCertificate: () => {} },
    arrivals,
    tls: { ...tlsOf(certificate()), ...(asks && { clients }), handshakeMs },
    alpn: alpnList([]),
    next: { accept: (_, from) => from.gone() },
  })
  const gate = new Gate({
    listener: 'web',
    connections: 100,
    count: new Count({ connections() {} }, { came() {}, left() {} }),
    limitReached() {},
    next: entry,
    isTls: true,
  })
  const address = new OpenAddress({ hostname: '127.0.0.1', port: 0 }, gate)
  addresses.push(address)
  /** What was told until so long from now. */
  const until = (ms: number): string[] => {
    const from = performance.now()
    for (let at = 0; at <= ms; at += 250) wheel.sweep(from + at)
    return told
  }
  return { arrivals, until, port: address.port }
}

/** A client that says a part of its hello, or all of it, and waits then. */
async function come({ port, arrivals }: ReturnType<typeof listen>, part: 'half' | 'all'): Promise<RawClient> {
  const hello = helloOf('openssl')
  const client = await rawClient(port)
  client.send(part === 'all' ? hello : hello.subarray(0, hello.length >> 1))
  await waitFor(() => arrivals.size === 1, { what: 'the handshake to begin' })
  // Its answer tells that it was read.
  if (part === 'all') await waitFor(() => client.reader.buffered > 0, { what: 'an answer to its hello' })
  return client
}

test('nobody has more than the time that the listener gives', async () => {
  for (const part of ['half', 'all'] as const) {
    const scene = listen(false, 3000)
    await using _ = await come(scene, part)
    expect([scene.until(2500).length, scene.until(3500)]).toEqual([0, ['timeout']])
  }
})

test('where a certificate is asked for, half a hello has no more either', async () => {
  const scene = listen(true)
  await using _ = await come(scene, 'half')
  expect([scene.until(9500).length, scene.until(10_500)]).toEqual([0, ['timeout']])
  expect(scene.arrivals.size).toBe(0)
})

test('and who has said all of it has a minute, to choose one', async () => {
  const scene = listen(true)
  await using _ = await come(scene, 'all')
  expect([scene.until(59_000).length, scene.until(61_000)]).toEqual([0, ['timeout']])
})

test('a drain waits for nobody who chooses', async () => {
  const scene = listen(true)
  await using _ = await come(scene, 'all')
  let isOver = false
  scene.arrivals.drain(60_000, () => (isOver = true))
  scene.until(1500)
  expect([isOver, scene.arrivals.size]).toEqual([true, 0])
})

test('more than a minute is given where the listener says so', async () => {
  const scene = listen(true, 90_000)
  await using _ = await come(scene, 'half')
  expect([scene.until(89_000).length, scene.until(91_000)]).toEqual([0, ['timeout']])
})
