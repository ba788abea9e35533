import { expect, test } from 'bun:test'
import { triedOf } from '../../../../web/data/tried-change.ts'
import { errorsBelow, ofOneIn, wrongWords } from '../../../../web/pages/backend/tried-words.ts'

test('what the gateway says to a backend stands at its field, and above them all which fields it is about', () => {
  const errors = [
    {
      pointer: '/ops/1/value/health_check/interval',
      message: 'found "zwei", allowed a duration',
      hint: 'write "2s"',
    },
    { pointer: '/ops/1/value/retry/attempts', message: 'found 99', hint: null },
    { pointer: '/ops/0/value/weight', message: 'of another change' },
  ]
  const tried = triedOf({ errors, detail: 'no' }, '/ops/1/value')
  expect(errorsBelow(tried.errors, ['health_check'])).toEqual({
    '/interval': 'Found "zwei", allowed a duration: write "2s".',
  })
  expect(errorsBelow(tried.errors, [])).toEqual({
    '/health_check/interval': 'Found "zwei", allowed a duration: write "2s".',
    '/retry/attempts': 'Found 99.',
  })
  expect(wrongWords(tried)).toBe('The gateway would refuse health_check.interval and retry.attempts.')
  expect(wrongWords({ errors: {}, general: 'it has no servers' })).toBe(
    'The gateway would refuse it: It has no servers.',
  )
  expect(wrongWords({ errors: {}, general: null })).toBeNull()
})

test('of several checks each has what is said to it', () => {
  const errors = { '/health_check/1/interval': 'found "zwei"', '/health_check/10/path': 'found ""' }
  const of = (index: number) => ofOneIn({ errors, general: null }, 'health_check', index).errors
  expect([of(0), of(1), of(10)]).toEqual([
    {},
    { '/health_check/interval': 'found "zwei"' },
    { '/health_check/path': 'found ""' },
  ])
})
