import { describe, expect, test } from 'bun:test'
import { Judge, type Verdict } from '../../../../server/control/health/judge.ts'

/** The verdicts after each result: + a pass, - a failure. */
function verdicts(results: string, start: Verdict = 'starting', thresholds = { rise: 2, fall: 3 }): string {
  const judge = new Judge(start)
  return [...results]
    .map((result) => {
      const before = judge.verdict
      const hasChanged = judge.take(result === '+', thresholds)
      expect(hasChanged).toBe(judge.verdict !== before)
      return judge.verdict === 'up' ? 'U' : 'd'
    })
    .join('')
}

describe('a judge', () => {
  test('goes by the first result at once', () => {
    expect(verdicts('+')).toBe('U')
    expect(verdicts('-')).toBe('d')
    expect(verdicts('-', 'up')).toBe('d')
  })

  test('needs fall failures in a row to take a server down', () => {
    expect(verdicts('+---')).toBe('UUUd')
    expect(verdicts('+--+--+---')).toBe('UUUUUUUUUd')
  })

  test('needs rise passes in a row to bring it up again', () => {
    expect(verdicts('-++')).toBe('ddU')
    expect(verdicts('-+-+-++')).toBe('ddddddU')
  })

  test('counts anew after each change', () => {
    expect(verdicts('+---++---', 'starting')).toBe('UUUddUUUd')
  })

  test('changes with each result when rise and fall are 1', () => {
    expect(verdicts('+-+-', 'starting', { rise: 1, fall: 1 })).toBe('UdUd')
  })
})
