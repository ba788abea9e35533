// A certificate that is replaced again and again while clients come: no handshake fails, and each gets one
// that was served while it lasted. Seeded; SLUICE_SWAPS=500 has more of it.
import { afterEach, expect, test } from 'bun:test'
import { connect } from 'node:tls'
import type { Config } from '../../server/config/schema.ts'
import type { CertificateText } from '../../server/tls/certificate.ts'
import { certificateText } from '../../server/tls/read-certificate.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { pause } from '../support/wait.ts'
import { config, machine, planOf, serve, stopMachines } from '../unit/worker/machines.ts'

afterEach(stopMachines)

const SWAPS = Number(process.env['SLUICE_SWAPS'] ?? 60)
const CLIENTS = 6

const made = (...names: string[]): CertificateText =>
  certificateText([selfSigned(names, { nowMs: Date.now() })])

const words = (): Config =>
  config({
    certificates: { first: { self_signed: true }, site: { self_signed: true } },
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['first', 'site'] } },
    rules: [{ name: 'all', respond: { status: 200 } }],
  })

test('handshakes go on while certificates are swapped, and sessions of before lead to whole ones', async () => {
  const random = seededRandom(seedOfRun())
  const gateway = machine()
  const texts = Array.from({ length: 8 }, (_, place) => made('a.example', `n${place}.example`))
  let served = 0
  const certificates = { first: made('first.example'), site: texts[0]! }
  await serve(gateway, planOf(1, words(), { certificates }))
  const port = gateway.plane.ports().get('web') ?? 0
  let isOver = false
  let shaken = 0
  const failures: string[] = []

  async function client(): Promise<void> {
    let session: Buffer | undefined
    while (!isOver) {
      const before = served
      const { promise, resolve } = Promise.withResolvers<string>()
      const options = { port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false, session }
      // Of a session that goes on, the certificate is that of its beginning.
      const socket = connect(options, () =>
        resolve(socket.isSessionReused() ? '' : (socket.getPeerCertificate().subjectaltname ?? '')),
      )
      socket.on('session', (bytes: Buffer) => (session = random.below(2) === 0 ? bytes : undefined))
      socket.on('error', (error) => resolve(error.message))
      const shown = await promise
      socket.destroy()
      shaken++
      const possible = texts
        .slice(0)
        .flatMap(({ names }, place) => (isPossible(place, before) ? [names] : []))
      const expected = ['', ...possible.map((names) => names.map((name) => `DNS:${name}`).join(', '))]
      if (!expected.includes(shown)) failures.push(`seed ${random.seed}: ${shown}, of ${served}`)
    }
  }
  /** Whether it may have been served since `before`: swaps go round. */
  const isPossible = (place: number, before: number): boolean => {
    for (let one = before; one <= served; one++) if (one % texts.length === place) return true
    return false
  }

  const clients = Array.from({ length: CLIENTS }, client)
  for (let swap = 1; swap <= SWAPS; swap++) {
    const begun = shaken
    served = swap
    gateway.plane.amend({ type: 'certificate', name: 'site', text: texts[swap % texts.length]! })
    // What handshakes begin with, and the keys of tickets with it.
    if (random.below(4) === 0)
      gateway.plane.amend({ type: 'certificate', name: 'first', text: made('first.example') })
    const wanted = random.below(6)
    while (shaken - begun < wanted) await pause(1)
  }
  isOver = true
  await Promise.all(clients)
  expect(failures).toEqual([])
  expect(shaken).toBeGreaterThan(SWAPS)
})
