// Certificates in words: their state by the share of their lifetime, and what is done about it.
import { expect, test } from 'bun:test'
import type { CertificateList, CertificateLive, Renewal } from '../../../web/data/certificates.ts'
import { leftWords, rowsOf, sentenceOf } from '../../../web/pages/certificates/certificate-rows.ts'

const NOW = Date.parse('2026-11-30T12:00:00Z')
const DAY = 86_400_000
const at = (days: number): string => new Date(NOW + days * DAY).toISOString()

const LIVE: CertificateLive = {
  ...{
    certificate: 'shop',
    subject: 'shop.example',
    issuer: 'R11',
    serial: '01',
    fingerprint: '9C:41:00:00:E2',
  },
  ...{ key: 'ECDSA P-256', signature: null, not_before: at(-30), not_after: at(60) },
  ...{ names: ['shop.example', 'www.shop.example'], state: 'valid', used: 0.333, days_left: 60 },
  ...{ chain: [], findings: [], others: [], source: 'acme', files: [], used_by: ['listeners/web'] },
  ...{ renews_by_itself: true, renew_at: at(30), renewal: null },
}
const RENEWAL: Renewal = {
  ...{
    certificate: 'shop',
    names: ['shop.example'],
    challenge: 'http-01',
    state: 'good',
    issuer: 'Let’s Encrypt',
  },
  ...{ until: at(60), renew_at: at(30), renew_why: null, next_try: null, last_failure: null },
}

const told = (...lives: readonly Partial<CertificateLive>[]): CertificateList => ({
  items: lives.map((live, n) => ({
    ...{ id: `c${n}`, etag: '"1"', configured: {}, place: { file: 'sluice.yaml', line: n + 1 } },
    live: { ...LIVE, ...live },
  })),
  ...{ acme: [], others: [], total: lives.length, next_cursor: null },
})

const one = (live: Partial<CertificateLive>) => rowsOf(told(live), [], NOW)[0]!

test('a healthy one is quiet, has its names, its renewal on the bar and who signed it', () => {
  expect(one({ renewal: RENEWAL })).toMatchObject({
    ...{ title: 'shop.example', more: '+\u00A0www.shop.example', state: 'up', word: 'Valid', reason: '' },
    ...{ left: '60 d left', source: 'ACME · Let’s Encrypt', action: null },
  })
  expect(one({}).renewAt).toBeCloseTo(2 / 3)
})

test('one that lives six days is not old at 41 %, and says how long it lives', () => {
  const short = one({ not_before: at(-2.5), not_after: at(3.54), used: 0.41, renew_at: at(1.5) })
  expect([short.state, short.reason, short.left]).toEqual(['up', 'lives 6 days', '3 d 12 h left'])
})

test('a renewal that failed says how often, and can be tried', () => {
  const failure = { time: at(-0.1), in_a_row: 2, why: 'it answered 404', hint: null }
  const row = one({ renewal: { ...RENEWAL, state: 'waiting', last_failure: failure, next_try: at(0.1) } })
  expect([row.state, row.word, row.action]).toEqual(['warn', 'Renewal failed', 'renew'])
  expect(row.reason).toMatch(/^renewal failed twice, next try /)
})

test('a stand-in is no certificate: neither its life nor its end is shown', () => {
  const failure = { time: at(-0.1), in_a_row: 1, why: 'unreachable', hint: null }
  const renewal = {
    ...RENEWAL,
    state: 'waiting',
    last_failure: failure,
    next_try: at(0.1),
    until: null,
  } as const
  const row = one({ state: 'stand_in', renewal })
  expect([row.state, row.word, row.used, row.endsAt, row.action]).toEqual([
    'down',
    'Not obtained',
    null,
    null,
    'renew',
  ])
  expect(row.reason).toMatch(/^failed, next try /)
})

test('what nothing renews says so, and what is over is down', () => {
  const file = {
    source: 'files',
    files: ['/etc/tls/shop.pem'],
    renews_by_itself: false,
    renew_at: null,
  } as const
  const row = one({ ...file, state: 'expiring', used: 0.9 })
  expect([row.word, row.action, row.source]).toEqual(['Expiring', 'replace', 'File · shop.pem'])
  expect(one({ ...file, state: 'expired', not_after: at(-2) })).toMatchObject({
    state: 'down',
    left: 'ended 2 d 0 h ago',
  })
  expect(leftWords(NOW + 16 * DAY, NOW)).toBe('16 d left')
})

test('the missing intermediate is named', () => {
  const findings = [
    {
      code: 'chain_incomplete',
      level: 'warning',
      message: 'The certificate of R11 is missing.',
      cause: null,
      remedy: null,
    },
  ]
  expect(one({ state: 'chain_incomplete', findings }).reason).toBe(
    'intermediate “R11” is missing; some clients refuse it',
  )
})

test('those that want attention come first, and the sentence names the one', () => {
  const list = told({}, { names: ['old.example'], state: 'expired', not_after: at(-2) })
  const rows = rowsOf(list, [], NOW)
  expect(rows.map(({ title }) => title)).toEqual(['old.example', 'shop.example'])
  expect(sentenceOf(rows, list, NOW)).toBe(
    '2 certificates. old.example: expired, clients refuse it. The next renewal is in 30 d.',
  )
  expect(sentenceOf(rowsOf(told({}), [], NOW), told({}), NOW)).toBe(
    '1 certificate. It is good. The next renewal is in 30 d.',
  )
})

test('what the draft adds and removes stands in the list', () => {
  const rows = rowsOf(
    told({}),
    [
      {
        op: 'create',
        resource: 'certificates/new',
        value: { name: 'new', acme: { domains: ['new.example'] } },
      },
      { op: 'delete', resource: 'certificates/c0', etag: '"1"', base: {} },
    ],
    NOW,
  )
  expect(rows.map(({ title, draft, state }) => [title, draft, state])).toEqual([
    ['new.example', 'new', 'draft'],
    ['shop.example', 'removed', 'up'],
  ])
})
