// What a handshake that failed is told as: by what TLS said of it, and by what came.
import { expect, test } from 'bun:test'
import { isUndone, whyRefusedLater, whyUndone } from '../../../server/tls/failed-handshake.ts'
import { asksForCertificate } from '../../../server/tls/handshake-messages.ts'

const boring = (reason: string) => ({
  code: 'EPROTO',
  message: `error:10000410:SSL routines:OPENSSL_internal:${reason}`,
})
const NONE = Buffer.alloc(0)
const BARE = { hasOwn: false, oldest: 'TLSv1.2' }
const message = (type: number, length: number): Buffer =>
  Buffer.from([type, 0, 0, length, ...Array(length).fill(0)])
const record = (...messages: Buffer[]): Buffer => {
  const body = Buffer.concat(messages)
  return Buffer.concat([Buffer.from([0x16, 3, 3, body.length >> 8, body.length & 0xff]), body])
}

test('what is found in a certificate is another thing than a handshake that was not done', () => {
  expect(isUndone({ code: 'EPROTO' })).toBe(true)
  expect(isUndone({ code: 'ECONNRESET' })).toBe(true)
  expect(isUndone({ code: 'CERT_HAS_EXPIRED' })).toBe(false)
  expect(isUndone(null)).toBe(false)
})

test.each([
  ['TLSV1_ALERT_PROTOCOL_VERSION', 'tls_too_old', 'it does not speak TLSv1.2 or newer'],
  ['UNSUPPORTED_PROTOCOL', 'tls_too_old', 'it does not speak TLSv1.2 or newer'],
  ['SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls_alert', 'alert: handshake failure'],
  ['TLSV1_ALERT_CERTIFICATE_REQUIRED', 'tls_client_certificate', 'alert: certificate required'],
  ['DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'tls_failed', 'decryption failed or bad record mac'],
])('%s', (reason, code, detail) => {
  expect(whyUndone(boring(reason), NONE, BARE)).toEqual({ code, detail } as never)
})

test('a refusal behind a request for our certificate is about that, in whatever records it came', () => {
  const failure = boring('SSLV3_ALERT_HANDSHAKE_FAILURE')
  const hello = [message(2, 70), message(11, 200), message(12, 9)]
  const asked = [...hello, message(13, 30), message(14, 0)]
  const whole = Buffer.concat(asked)
  const split = [record(whole.subarray(0, 60)), record(whole.subarray(60, 285)), record(whole.subarray(285))]
  for (const came of [
    record(...asked),
    Buffer.concat(asked.map((one) => record(one))),
    Buffer.concat(split),
  ]) {
    expect(asksForCertificate(came)).toBe(true)
    expect(whyUndone(failure, came, BARE).code).toBe('tls_client_certificate')
    expect(whyUndone(failure, came, { ...BARE, hasOwn: true })).toEqual({
      ...{ code: 'tls_alert', detail: 'alert: handshake failure' },
    })
  }
  expect(whyUndone(failure, record(...hello), BARE).code).toBe('tls_alert')
})

test('messages that lie about their length are looked at no further', () => {
  expect(asksForCertificate(record(Buffer.from([2, 255, 255, 255, 0])))).toBe(false)
  expect(asksForCertificate(Buffer.from([0x16, 3, 3]))).toBe(false)
})

test('an alert behind the handshake', () => {
  expect(whyRefusedLater(boring('TLSV1_ALERT_CERTIFICATE_REQUIRED'), false)?.code).toBe(
    'tls_client_certificate',
  )
  expect(whyRefusedLater(boring('TLSV1_ALERT_UNKNOWN_CA'), true)).toEqual({
    code: 'tls_alert',
    detail: 'our certificate is refused, alert: unknown ca',
  })
  expect(whyRefusedLater(boring('BAD_DECRYPT'), true)).toBeNull()
})
