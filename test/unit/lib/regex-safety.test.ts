// Patterns that a text can make slow, and those that none can. What is let through is tried by a matcher that
// goes back as RegExp does, and counts its steps.
import { describe, expect, test } from 'bun:test'
import { judgeRegex } from '../../../server/lib/regex-safety.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { stepsOf } from './regex-steps.ts'

describe('patterns that are refused, with the part that causes it', () => {
  test.each([
    ['(a+)+$', '(a+)+'],
    ['^(a|a)*$', '(a|a)*'],
    ['^(a|aa)+$', '(a|aa)+'],
    ['(a*)*b', '(a*)*'],
    ['^/x/(a*b*)*c', '(a*b*)*'],
    ['^(x(a?|b?))*y', '(x(a?|b?))*'],
    ['(\\w+\\s*)+:', '(\\w+\\s*)+'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', '(([a-z])+.)+'],
    ['^(.*?,){11}P', '(.*?,){11}'],
    ['^(?:[a-z]|[^b])*z', '(?:[a-z]|[^b])*'],
    ['^(?i:(?:a|A)*)b', '(?:a|A)*'],
    ['(a?){30}a{30}', '(a?){30}'],
    ['(a)\\1', '\\1'],
    ['(?<x>a)\\k<x>', '\\k<x>'],
    ['(?<=a*)b', '(?<=a*)'],
    ['Mobile.*Safari.*Version', '.* … .*'],
    ['^\\s*\\s*\\s*x', '\\s* … \\s* … \\s*'],
    ['^(?=(a+)+b)', '(a+)+'],
    ['^[a-z]{0,64}[a-z]{0,64}[a-z]{0,64}[a-z]{0,64}[a-z]{0,64}X', '[a-z]{0,64} … [a-z]{0,64}'],
    [`^${'a?'.repeat(40)}${'a'.repeat(40)}`, ''],
    [`^${'(?:a|a)'.repeat(40)}b`, ''],
    ['a'.repeat(1001), ''],
    [`${'[ab]'.repeat(200)}${'(?:a|b)'.repeat(40)}`.repeat(1), ''],
  ])('%s', (pattern, part) => {
    const judged = judgeRegex(pattern)
    if (!('part' in judged)) throw new Error(`it passed: ${JSON.stringify(judged)}`)
    expect(judged.part).toStartWith(part)
    expect(judged.why).not.toBe('')
    expect(judged.hint).not.toBe('')
  })
})

describe('patterns that pass, and the power of the length that they may take', () => {
  test.each([
    ['', 1],
    ['^/v[0-9]+/', 1],
    ['\\.php$', 1],
    ['^.*foo', 1],
    ['(?i:curl|wget|python)', 1],
    ['^[a-z0-9]+(?:-[a-z0-9]+)*$', 1],
    ['^([a-zA-Z0-9_.+-]+)@([a-zA-Z0-9-]+\\.)+[a-zA-Z]{2,}$', 1],
    ['^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$', 1],
    ['^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$', 1],
    ['^(?:en|de|fr)(?:-[A-Z]{2})?/', 1],
    ['^/(?:[^/]+/)*edit$', 1],
    ['[\\]\\-a-z\\d]{3}', 1],
    ['^a{2}{', 1],
    ['\\x41\\u0042\\cJ\\0\\/', 1],
    ['a.*b', 2],
    ['.*foo.*', 2],
    ['^\\s+|\\s+$', 2],
  ])('%s: %d', (pattern, power) => {
    const judged = judgeRegex(pattern)
    expect('power' in judged && Math.round(judged.power)).toBe(power)
  })
})

describe('against a matcher that counts its steps', () => {
  test('nothing that passes takes more than it was judged to', () => {
    const random = seededRandom(seedOfRun())
    const letters = ['a', 'b', '[ab]', '.']
    const make = (depth: number): string => {
      const kind = random.below(depth > 3 ? 1 : 6)
      if (kind <= 1) return random.pick(letters)
      if (kind === 2) return `${make(depth + 1)}${make(depth + 1)}`
      if (kind === 3) return `(?:${make(depth + 1)}|${random.below(4) === 0 ? '' : make(depth + 1)})`
      return `(?:${make(depth + 1)})${random.pick(['*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'])}`
    }
    const texts = ['a', 'b', 'ab', 'aab', 'abb'].map((pump) => pump.repeat(60).slice(0, 60))
    let passed = 0
    let refused = 0
    for (let i = 0; i < 1500; i++) {
      const pattern = `${random.pick(['^', ''])}${make(0)}${random.pick(['c', '$', 'bc'])}`
      const judged = judgeRegex(pattern)
      if ('part' in judged) {
        refused++
        continue
      }
      passed++
      const most = 60 * pattern.length * 60 ** judged.power * 2 ** judged.ways
      for (const text of texts) {
        const steps = stepsOf(pattern, text, most)
        if (steps > most) throw new Error(`seed ${random.seed}: ${pattern} took ${steps} steps of ${text}`)
      }
    }
    expect(passed).toBeGreaterThan(300)
    expect(refused).toBeGreaterThan(50)
  })

  test('it does count: what is refused for doubling takes more than a million', () => {
    for (const pattern of ['^(?:a|a)*$', '^(?:a+)+$', '^(?:a|aa)+$'])
      expect(stepsOf(pattern, `${'a'.repeat(40)}b`, 1_000_000)).toBeGreaterThan(1_000_000)
  })
})
