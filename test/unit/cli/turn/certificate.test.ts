import { expect, test } from 'bun:test'
import { certificateFacts } from '../../../../server/cli/turn/certificate.ts'

const SHOWN = {
  subject: { CN: 'turn.example.org' },
  issuer: { O: 'An Authority' },
  subjectaltname: 'DNS:turn.example.org, DNS:*.relay.example.org, IP Address:192.0.2.1',
  valid_from: 'Jan  1 00:00:00 2026 GMT',
  valid_to: 'Apr  1 00:00:00 2026 GMT',
}
const MARCH = Date.parse('2026-03-02T12:00:00Z')

function socketWith(shown: object, code: string | null): Bun.Socket {
  return {
    getPeerCertificate: () => shown,
    getAuthorizationError: () => (code === null ? null : { code }),
    getTLSVersion: () => 'TLSv1.3',
    getCipher: () => ({ name: 'TLS_AES_128_GCM_SHA256' }),
  } as unknown as Bun.Socket
}

const problemsOf = (code: string | null, name: string, nowMs = MARCH): readonly string[] =>
  certificateFacts(socketWith(SHOWN, code), name, nowMs)!.problems

test('a good certificate has its facts, and nothing stands against it', () => {
  expect(certificateFacts(socketWith(SHOWN, null), 'turn.example.org', MARCH)).toEqual({
    subject: 'turn.example.org',
    issuer: 'An Authority',
    names: ['turn.example.org', '*.relay.example.org', '192.0.2.1'],
    not_before: '2026-01-01T00:00:00.000Z',
    not_after: '2026-04-01T00:00:00.000Z',
    days_left: 29,
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    problems: [],
    code: null,
  })
})

test('names and addresses that it is for are right, others wrong', () => {
  for (const name of ['turn.example.org', 'a.relay.example.org', '192.0.2.1'])
    expect([name, problemsOf(null, name)]).toEqual([name, []])
  for (const name of ['example.org', 'a.b.relay.example.org', '192.0.2.2', '::1'])
    expect([name, problemsOf(null, name)]).toEqual([name, ['wrong_name']])
})

test('all that stands against it is told at once', () => {
  expect(problemsOf('DEPTH_ZERO_SELF_SIGNED_CERT', 'other', Date.parse('2026-05-01'))).toEqual([
    'self_signed',
    'expired',
    'wrong_name',
  ])
  expect(problemsOf('CERT_HAS_EXPIRED', 'turn.example.org', Date.parse('2026-05-01'))).toEqual(['expired'])
  expect(problemsOf('CERT_NOT_YET_VALID', 'turn.example.org', Date.parse('2025-05-01'))).toEqual([
    'not_yet_valid',
  ])
  expect(problemsOf('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'turn.example.org')).toEqual(['untrusted'])
})

test('without a certificate there was no handshake', () => {
  expect(certificateFacts(socketWith({}, null), 'turn.example.org', MARCH)).toBeNull()
})
