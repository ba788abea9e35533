import { afterEach, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SelfSignedCertificates } from '../../../../server/control/certificates/self-signed-certificates.ts'
import type { WantedCertificate } from '../../../../server/control/source/wanted-certificates.ts'
import type { PemPair } from '../../../../server/tls/certificate.ts'
import { waitFor } from '../../../support/wait.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const data = mkdtempSync(join(tmpdir(), 'self-signed-'))
afterEach(() => rmSync(data, { recursive: true, force: true }))

const wanted = (...names: string[]): WantedCertificate => ({
  name: 'dev',
  path: 'certificates.dev',
  words: { self_signed: names.length === 0 ? true : { names } },
})

/** As one run of a gateway has them, so many days later. */
function run(days = 0, folder = data) {
  const replaced: PemPair[] = []
  const state = { nowMs: START_MS + days * DAY_MS }
  const source = new SelfSignedCertificates({
    data: folder,
    nowMs: () => state.nowMs,
    hands: {
      replace: (_, [pair]) => {
        if (pair) replaced.push(pair)
        return Promise.resolve(true)
      },
      refused: () => undefined,
      learn: () => Promise.resolve(),
      refuse: () => Promise.resolve(),
      challenge: () => Promise.resolve(),
      httpChallenges: () => Promise.resolve(),
    },
  })
  const serve = async (one: WantedCertificate): Promise<PemPair> => {
    const [pair] = await source.textOf(one)
    source.follow([one])
    return pair!
  }
  return { source, replaced, serve, state }
}

const read = ({ cert }: PemPair): X509Certificate => new X509Certificate(cert)
const keyOf = (pair: PemPair): string =>
  read(pair).publicKey.export({ type: 'spki', format: 'pem' }) as string

test('it is for the names that are asked for; for true, for this machine', async () => {
  const own = read(
    await run().serve(wanted('dev.example', '*.Dev.example', 'münchen.example', '10.0.0.5', '2001:db8::1')),
  )
  expect(own.subjectAltName).toBe(
    'DNS:dev.example, DNS:*.dev.example, DNS:xn--mnchen-3ya.example, IP Address:10.0.0.5, IP Address:2001:DB8:0:0:0:0:0:1',
  )
  expect(own.verify(own.publicKey)).toBe(true)
  const usual = read(await run().serve(wanted()))
  for (const name of ['localhost', hostname()]) expect(usual.checkHost(name)).toBe(name)
  for (const address of ['127.0.0.1', '::1']) expect(usual.checkIP(address)).toBe(address)
})

test('a restart keeps it: it stands in the data folder, for its user alone', async () => {
  const first = await run().serve(wanted('a.example'))
  const [file = ''] = readdirSync(join(data, 'certificates'))
  const path = join(data, 'certificates', file)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await run(1).serve(wanted('a.example'))).toEqual(first)
  writeFileSync(path, readFileSync(path).subarray(0, 300))
  expect(await run(1).serve(wanted('a.example'))).not.toEqual(first)
})

test('nothing is written for a plan that is only tried', async () => {
  await run().source.textOf(wanted('a.example'))
  expect(() => readdirSync(join(data, 'certificates'))).toThrow()
})

test('other names make another one', async () => {
  const first = await run().serve(wanted('a.example'))
  const second = await run().serve(wanted('b.example'))
  expect(read(second).subjectAltName).toBe('DNS:b.example')
  expect(await run().serve(wanted('b.example'))).toEqual(second)
  expect(first).not.toEqual(second)
})

test('one that has a third of its time left is made anew with the same key, served, and kept', async () => {
  const { source, serve, replaced, state } = run()
  const first = await serve(wanted('a.example'))
  source.look()
  state.nowMs += 260 * DAY_MS
  source.look()
  expect(replaced).toEqual([])
  state.nowMs += 10 * DAY_MS
  source.look()
  const [second] = await waitFor(() => replaced.length > 0 && replaced)
  expect(keyOf(second!)).toBe(keyOf(first))
  expect(read(second!).validTo).not.toBe(read(first).validTo)
  await waitFor(async () => (await run(270).serve(wanted('a.example'))).cert === second!.cert)
})

test('one that was made while the clock was ahead is made anew once that is set right, in a run and at a start', async () => {
  const { source, serve, replaced, state } = run(400)
  const first = await serve(wanted('a.example'))
  source.look()
  state.nowMs = START_MS
  source.look()
  const [second] = await waitFor(() => replaced.length > 0 && replaced)
  expect(keyOf(second!)).toBe(keyOf(first))
  expect(Date.parse(read(second!).validFrom)).toBeLessThan(START_MS)
  await run(800).serve(wanted('a.example'))
  expect(Date.parse(read(await run(0).serve(wanted('a.example'))).validFrom)).toBeLessThan(START_MS)
})

test('where it cannot be kept it is served all the same', async () => {
  const pair = await run(0, '/proc/nowhere').serve(wanted('a.example'))
  expect(read(pair).subjectAltName).toBe('DNS:a.example')
})
