import { expect, test } from 'bun:test'
import { redacted, redactedText } from '../../../../server/control/store/redacted.ts'

test('of queries and URLs what is called a secret is hidden, wherever it stands', () => {
  for (const [text, shown] of [
    ['/a?x=1&access_token=abc&y', '/a?x=1&access_token=(a secret, hidden)&y'],
    ['/a?x=1?api-key=abc def', '/a?x=1?api-key=(a secret, hidden) def'],
    ['to redis://me:hush@host/1', 'to redis://me:(a secret, hidden)@host/1'],
    ['/a?monkey=1&tokens', '/a?monkey=1&tokens'],
    ['/a?%74oken=abc&p%61ssword="x"', '/a?%74oken=(a secret, hidden)&p%61ssword="x"'],
    ['/a?token=a?token=b&c=1', '/a?token=(a secret, hidden)&c=1'],
  ] as const)
    expect(redactedText(text)).toBe(shown)
})

test('a long text that was made to be looked at for long takes no longer than others', () => {
  const texts = [
    ...['?token'.repeat(20_000), 'a.'.repeat(60_000)],
    // A megabyte each, for each of the patterns.
    ...[
      'eyJaaaaa-',
      'eyJaaaaa.',
      '-eyJ',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY',
      '?%74oken',
      'Bearer ',
      'a://',
    ].map((piece) => piece.repeat(1_000_000 / piece.length)),
    ...[
      `Bearer ${' '.repeat(1_000_000)}`,
      `?token=${' '.repeat(1_000_000)}`,
      `a://b:${'c:'.repeat(500_000)}`,
    ],
    ...['slt_aaaaaaaaaaaa', '$argon2id', 'otpauth:/', '-----BEGIN PRIVATE KEY ----', 'x=&', 'a:'].map(
      (piece) => piece.repeat(1_000_000 / piece.length),
    ),
  ]
  const before = process.cpuUsage().user
  for (const text of texts) expect(redactedText(text).length).toBeGreaterThan(0)
  // Tried again from each place, each of them takes several seconds of the processor, and far more.
  expect(process.cpuUsage().user - before).toBeLessThan(2_000_000)
})

test('a signed token is hidden wherever it stands, and what only begins like one is not', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  const hidden = '(a secret, hidden)'
  for (const [text, shown] of [
    [jwt, hidden],
    [`x ${jwt}, ${jwt}.`, `x ${hidden}, ${hidden}.`],
    [`id-${jwt}`, `id-${hidden}`],
    [`a.b.${jwt}.c`, `a.b.${hidden}.c`],
    [`https://h/${jwt}/x`, `https://h/${hidden}/x`],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', hidden],
    ['eyJhbGciOiJIUzI1NiJ9', 'eyJhbGciOiJIUzI1NiJ9'],
    ['keyJournals.example.org', 'keyJournals.example.org'],
  ] as const)
    expect(redactedText(text)).toBe(shown)
})

test('the key of an issuer of tokens is hidden, and what requests are told apart by is not', () => {
  expect(redacted({ auth: { jwt: { corp: { issuer: 'a', key: 'shared by both' } } } })).toEqual({
    auth: { jwt: { corp: { issuer: 'a', key: '(a secret, hidden)' } } },
  })
  expect(redacted({ rate_limit: { key: 'client_ip' } })).toEqual({ rate_limit: { key: 'client_ip' } })
})
