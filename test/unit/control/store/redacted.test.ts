import { expect, test } from 'bun:test'
import { redactedText } from '../../../../server/control/store/redacted.ts'

test('of queries and URLs what is called a secret is hidden, wherever it stands', () => {
  for (const [text, shown] of [
    ['/a?x=1&access_token=abc&y', '/a?x=1&access_token=(a secret, hidden)&y'],
    ['/a?x=1?api-key=abc def', '/a?x=1?api-key=(a secret, hidden) def'],
    ['to redis://me:hush@host/1', 'to redis://me:(a secret, hidden)@host/1'],
    ['/a?monkey=1&tokens', '/a?monkey=1&tokens'],
  ] as const)
    expect(redactedText(text)).toBe(shown)
})

test('a long text that was made to be looked at for long takes no longer than others', () => {
  const texts = ['?token'.repeat(20_000), 'a.'.repeat(60_000)]
  const before = process.cpuUsage().user
  for (const text of texts) expect(redactedText(text)).toBe(text)
  // Tried again from each place, each of them takes several seconds of the processor, and far more.
  expect(process.cpuUsage().user - before).toBeLessThan(1_000_000)
})
