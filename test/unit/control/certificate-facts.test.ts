import { expect, test } from 'bun:test'
import { certificateFacts } from '../../../server/control/certificate-facts.ts'
import type { Served } from '../../../server/control/change/apply.ts'
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
