import { expect, test } from 'bun:test'
import { certificateFacts, gatherCertificates } from '../../../server/control/certificate-facts.ts'
import type { Served } from '../../../server/control/change/apply.ts'
import { Totals } from '../../../server/telemetry/registry.ts'
import { certificateText } from '../../../server/tls/read-certificate.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'

test('a certificate is shown with the place that it comes from, whatever else is said to be none', () => {
  const words = {
    own: { self_signed: true },
    auto: { self_signed: false, acme: { domains: ['a.example'] } },
    files: { self_signed: false, cert: ['a.pem'], key: ['a.key'] },
  }
  const text = certificateText([selfSigned(['a.example'], { nowMs: Date.now() })])
  const certificates = { own: text, auto: text, files: text }
  const running = { plan: { config: { certificates: words, listeners: {} }, certificates } }
  const shown = certificateFacts(running as unknown as Served, Date.now(), (name) => name === 'auto')
  expect(shown?.map(({ certificate, source, stand_in = false }) => [certificate, source, stand_in])).toEqual([
    ['own', 'self_signed', false],
    ['auto', 'acme', true],
    ['files', 'files', false],
  ])
})

test('of names that clients asked for the metric has those that end first, and all of the config', () => {
  const text = certificateText([selfSigned(['a.example'], { nowMs: Date.now() })])
  const learned = Array.from({ length: 300 }, (_, place) => [
    `customers@n${place}.example`,
    { ...text, endsMs: (place % 2 === 0 ? 1 : 2) * 1e9 + place * 1000 },
  ])
  const own = Array.from({ length: 150 }, (_, place) => [`own${place}`, { ...text, endsMs: 9e12 }])
  const words = Object.fromEntries(own.map(([name]) => [name, { cert: ['a.pem'], key: ['a.key'] }]))
  const certificates = Object.fromEntries([...learned, ...own])
  const running = { plan: { config: { certificates: words, listeners: {} }, certificates } }
  const totals = new Totals()
  gatherCertificates(totals, running as unknown as Served, () => false)
  const shown = totals.gaugesOf('certificate_expiry_timestamp_seconds')
  const ofClients = shown.filter(({ labels }) => labels[0]?.includes('@'))
  expect([shown.length, ofClients.length]).toEqual([250, 100])
  expect(ofClients.every(({ labels, value }) => labels[1] === 'acme' && value < 1.5e6)).toBe(true)
})
