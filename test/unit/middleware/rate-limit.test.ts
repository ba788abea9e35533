import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { RateLimitConfig } from '../../../server/middleware/rate-limit.options.ts'
import { Buckets } from '../../../server/scoreboard/buckets.ts'
import { configOf, withRules } from '../config/parse.ts'
import { stepsOf, testGround } from '../../support/step-world.ts'
import { answerOf, exchange, headOf, responseOf } from './exchanges.ts'
import { DEFAULTS, makeStep } from './rate-limit-step.ts'

const fieldsOf = ({ headers }: Answer): Record<string, string> => Object.fromEntries(headers)

describe('who asks too often', () => {
  test('gets 429 with what the limit is, what is left, and when to come again', () => {
    const { ask, wait } = makeStep({ requests: 2, per: 60_000 })
    expect([ask().passes, ask().passes]).toEqual([true, true])
    const { answer, x } = ask()
    expect(answer).toMatchObject({ status: 429, fault: 'rate_limited', body: '2 per 1m' })
    expect(fieldsOf(answer!)).toEqual({
      'Retry-After': '30',
      'RateLimit-Policy': '"test:2/1m";q=2;w=60',
      RateLimit: '"test:2/1m";r=0;t=30',
    })
    expect(x.detail).toBe('rules.test.rate_limit: 2 per 1m, burst 2, by client_ip')
    wait(29_000)
    expect(fieldsOf(ask().answer!)['Retry-After']).toBe('1')
    wait(1000)
    expect(ask().passes).toBe(true)
  })

  test('is not told what is left where headers are never sent', () => {
    const { ask } = makeStep({ requests: 1, headers: 'never' })
    ask()
    expect(Object.keys(fieldsOf(ask().answer!))).toEqual(['Retry-After'])
  })

  test('is counted by what was decided', () => {
    const { ask, counted } = makeStep({ requests: 1 })
    ask()
    ask()
    expect(counted).toEqual([
      'rate_limit_requests_total allowed test',
      'rate_limit_requests_total refused test',
    ])
  })

  test('passes in shadow, counted and named', () => {
    const { ask, counted } = makeStep({ requests: 1, mode: 'shadow', headers: 'always' })
    ask()
    const { x, passes } = ask()
    expect([passes, x.shadow, x.detail]).toEqual([true, 'rate_limit', null])
    expect(counted).toContain('shadow_refusals_total test rate_limit')
    expect(counted).toContain('rate_limit_requests_total shadow test')
  })
})

test('headers: always says what is left in answers that pass, and in refusals once', () => {
  const { step, ask } = makeStep({ requests: 4, per: 8000, burst: 3, headers: 'always' })
  const { x, note } = ask()
  const head = responseOf()
  step.response?.(x, head, note)
  expect(head.get('ratelimit-policy')).toBe('"test:4/8s";q=3;w=6')
  expect(head.get('ratelimit')).toBe('"test:4/8s";r=2;t=2')
  ask()
  ask()
  const refused = ask()
  const refusal = responseOf()
  step.response?.(refused.x, refusal, refused.note)
  expect(fieldsOf(refused.answer!)['RateLimit']).toBe('"test:4/8s";r=0;t=2')
  expect(refusal.edits).toBeNull()
})

const HOST = 'Host: example.org'

describe('what a request counts for', () => {
  const costs = (list: object[], more: Partial<RateLimitConfig> = {}) => {
    const step = JSON.stringify({ rate_limit: { requests: 10, per: '1h', costs: list, ...more } })
    const { rules } = configOf(withRules(`  - { name: r, backend: app, middleware: [${step}] }`))
    return makeStep(rules[0]?.middleware[0]?.rate_limit)
  }

  test('is its cost, exactly', () => {
    const { ask, wait } = makeStep({ requests: 10, per: 10_000, cost: 4 })
    expect([ask().passes, ask().passes, ask().passes]).toEqual([true, true, false])
    expect(fieldsOf(ask().answer!)['Retry-After']).toBe('2')
    wait(2000)
    expect(ask().passes).toBe(true)
  })

  test('is that of the first condition that holds', () => {
    const { ask } = costs([
      { match: { method: 'OPTIONS' }, cost: 0 },
      { match: { path: '/search/*', header: { 'X-Deep': 'true' } }, cost: 9 },
    ])
    const options = { request: headOf('OPTIONS / HTTP/1.1', HOST) }
    const search = { request: headOf('GET /search/a HTTP/1.1', HOST, 'X-Deep: true') }
    for (let i = 0; i < 20; i++) expect(ask(options).passes).toBe(true)
    expect([ask(search).passes, ask(search).passes, ask().passes, ask().passes]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  test('is the dearer where its readers could differ', () => {
    const { ask } = costs([{ match: { path: '/search/*' }, cost: 9 }])
    expect(ask({ request: headOf('GET //search/a HTTP/1.1', HOST) }).passes).toBe(true)
    expect([ask().passes, ask().passes]).toEqual([true, false])
    const free = costs([{ match: { query: { fast: '1' } }, cost: 0 }])
    const twice = { request: headOf('GET /?fast=1&fast=2 HTTP/1.1', HOST) }
    expect(Array.from({ length: 11 }, () => free.ask(twice).passes).filter(Boolean)).toHaveLength(10)
  })
})

describe('statuses: only answers of these count', () => {
  test.each(['token_bucket', 'sliding_window'] as const)('by %s, when they come', (algorithm) => {
    const { step, ask, wait } = makeStep({ algorithm, requests: 2, per: 7000, statuses: ['401', '403'] })
    const answered = (status: number): boolean => {
      const { x, note, passes } = ask()
      if (passes) step.response?.(x, answerOf(`HTTP/1.1 ${status} X`), note)
      return passes
    }
    for (let i = 0; i < 5; i++) expect(answered(200)).toBe(true)
    expect([answered(401), answered(403), answered(200)]).toEqual([true, true, false])
    const { answer, x, note } = ask()
    // A refusal of its own does not count.
    step.response?.(x, answerOf('HTTP/1.1 403 X'), note)
    expect(fieldsOf(answer!)['Retry-After']).toBe(algorithm === 'token_bucket' ? '4' : '8')
    wait(algorithm === 'token_bucket' ? 3500 : 8000)
    expect([answered(200), answered(401), answered(200)]).toEqual([
      true,
      true,
      algorithm === 'sliding_window',
    ])
  })

  test('in shadow as well, and what is left is told behind them', () => {
    const shadow = makeStep({ requests: 1, statuses: ['4xx'], mode: 'shadow' })
    const first = shadow.ask()
    shadow.step.response?.(first.x, answerOf('HTTP/1.1 404 X'), first.note)
    expect(shadow.ask().x.shadow).toBe('rate_limit')
    const { step, ask } = makeStep({ requests: 3, per: 9000, statuses: ['401'], headers: 'always' })
    const told = (status: number): string | null => {
      const { x, note } = ask()
      const head = answerOf(`HTTP/1.1 ${status} X`)
      step.response?.(x, head, note)
      return head.get('ratelimit')
    }
    expect([told(200), told(401)]).toEqual(['"test:3/9s";r=3;t=0', '"test:3/9s";r=2;t=3'])
  })
})

test('who is exempt passes uncounted', () => {
  const { ask, counted } = makeStep({ requests: 1, exempt: ['192.0.2.0/25'] })
  for (let i = 0; i < 5; i++) expect(ask().passes).toBe(true)
  expect(counted).toEqual([])
  // Whom a proxy does not name is nobody's friend.
  expect([ask({ address: null }).passes, ask({ address: null }).passes]).toEqual([true, false])
})

test('refusals have the status that is wanted', () => {
  const { ask } = makeStep({ requests: 1, status: 503 })
  ask()
  expect(ask().answer).toMatchObject({ status: 503, fault: 'rate_limited' })
})

describe('a sliding window', () => {
  const WINDOW = { algorithm: 'sliding_window', requests: 3, per: 7000, headers: 'always' } as const

  test('says what is left, and when there is room again', () => {
    const { step, ask, wait } = makeStep(WINDOW)
    const { x, note } = ask()
    const head = responseOf()
    step.response?.(x, head, note)
    expect(head.get('ratelimit-policy')).toBe('"test:3/7s";q=3;w=7')
    expect(head.get('ratelimit')).toBe('"test:3/7s";r=2;t=8')
    ask()
    ask()
    const { answer, x: refused } = ask()
    expect(fieldsOf(answer!)).toMatchObject({ 'Retry-After': '8', RateLimit: '"test:3/7s";r=0;t=8' })
    expect(refused.detail).toBe('rules.test.rate_limit: 3 per 7s, in any such time, by client_ip')
    wait(8000)
    expect([ask().passes, ask().passes, ask().passes, ask().passes]).toEqual([true, true, true, false])
  })
})

describe('a reload with another rate', () => {
  const rates: Partial<RateLimitConfig>[] = [
    { requests: 10, per: 10_000 },
    { requests: 20, per: 60_000 },
    { algorithm: 'sliding_window', requests: 10, per: 10_000 },
    { algorithm: 'sliding_window', requests: 20, per: 60_000 },
    { algorithm: 'sliding_window', requests: 15, per: 60_000 },
  ]
  test.each(
    rates.flatMap((one) => rates.filter((other) => other !== one).map((other) => [one, other] as const)),
  )('goes on with what each key has used: %j, then %j', (one, other) => {
    let nowMs = 1_000_000
    const ground = testGround({ now: () => nowMs })
    const passes = (made: ReturnType<typeof stepsOf>, address: string): boolean =>
      made[0]!.step.request?.(exchange({ address }), undefined) === undefined
    const first = stepsOf([{ rate_limit: { ...DEFAULTS, ...one } }], { ground })
    for (let i = 0; i < 8; i++) expect(passes(first, '192.0.2.1')).toBe(true)
    const second = stepsOf([{ rate_limit: { ...DEFAULTS, ...other } }], { ground, before: first })
    const left = (address: string): number => {
      let passed = 0
      while (passes(second, address)) passed++
      return passed
    }
    expect(left('192.0.2.1')).toBe(other.requests! - 8)
    expect(left('192.0.2.2')).toBe(other.requests!)
    nowMs += 200_000
    expect(left('192.0.2.1')).toBe(other.requests!)
  })

  test('but with another key begins anew', () => {
    const ground = testGround({ now: () => 1_000_000 })
    const made = (more: Partial<RateLimitConfig>, before: ReturnType<typeof stepsOf> = []) =>
      stepsOf([{ rate_limit: { ...DEFAULTS, requests: 1, ...more } }], { ground, before })
    const first = made({})
    const passes = (steps: typeof first): boolean =>
      steps[0]!.step.request?.(exchange(), undefined) === undefined
    expect([passes(first), passes(first)]).toEqual([true, false])
    expect(passes(made({ requests: 2, key: ['host'] }, first))).toBe(true)
  })
})

test('a full memory is told, and passes newcomers', () => {
  const { ask, ground, limits } = makeStep({ requests: 1, per: 3_600_000 })
  for (let i = 0; i < 20_000; i++) expect(ask({ address: `10.0.${i >> 8}.${i & 255}` }).passes).toBe(true)
  expect(limits.length).toBeGreaterThan(0)
  expect(new Set(limits)).toEqual(new Set(['limits.rate_limits']))
  expect(ground.board.buckets.bytes).toBeLessThanOrEqual(65_536)
})

test('what was counted outlives a reload, also one that changes the step', () => {
  const ground = testGround({ now: () => 1_000_000 })
  ground.board.buckets = Buckets.private(65_536)
  const asked = (made: ReturnType<typeof stepsOf>) => made[0]!.step.request?.(exchange(), undefined)
  const step = (more: Partial<RateLimitConfig>) => [{ rate_limit: { ...DEFAULTS, requests: 1, ...more } }]
  const first = stepsOf(step({}), { ground })
  expect(asked(first)).toBeUndefined()
  const second = stepsOf(step({ headers: 'never' }), { ground, before: first })
  expect(second[0]!.step).not.toBe(first[0]!.step)
  expect(asked(second)).toMatchObject({ status: 429 })
  expect(asked(stepsOf(step({ burst: 2 }), { ground, before: second }))).toBeUndefined()
})

describe('two limits of a rule at the same rate and key', () => {
  const two = (first: Partial<RateLimitConfig>, second: Partial<RateLimitConfig>) =>
    [first, second].map((more) => ({ rate_limit: { ...DEFAULTS, requests: 4, ...more } }))
  const passing = (made: ReturnType<typeof stepsOf>): boolean =>
    made.every(({ step }) => step.request?.(exchange(), undefined) === undefined)

  test.each<[string, Partial<RateLimitConfig>]>([
    ['one that tries a smaller burst in shadow', { burst: 2, mode: 'shadow' }],
    ['one of other networks', { ipv6_prefix: 48 }],
    ['the same once more', {}],
  ])('%s takes no tokens of the other', (_, second) => {
    const made = stepsOf(two({}, second), { ground: testGround({ now: () => 1_000_000 }) })
    expect(Array.from({ length: 5 }, () => passing(made))).toEqual([true, true, true, true, false])
  })

  test('find the buckets that a worker which starts later has, whichever of them a reload changes', () => {
    const ground = testGround({ now: () => 1_000_000 })
    const before = stepsOf(two({}, { burst: 2, mode: 'shadow' }), { ground })
    const words = two({ requests: 9 }, { burst: 2, mode: 'shadow' })
    const kept = stepsOf(words, { ground, before })
    const fresh = stepsOf(words, { ground })
    const shadows = [kept, fresh, kept].map((made) => {
      const x = exchange()
      made[1]!.step.request?.(x, undefined)
      return x.shadow
    })
    expect(shadows).toEqual([null, null, 'rate_limit'])
  })
})
