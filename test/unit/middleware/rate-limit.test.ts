import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { RateLimitConfig } from '../../../server/middleware/rate-limit.options.ts'
import { Buckets } from '../../../server/scoreboard/buckets.ts'
import { stepOf, stepsOf, testGround } from '../../support/step-world.ts'
import { exchange, type ExchangeParts, headOf, requestOf, responseOf } from './exchanges.ts'

const DEFAULTS: RateLimitConfig = {
  mode: 'enforce',
  requests: 2,
  per: 1000,
  key: ['client_ip'],
  ipv6_prefix: 64,
  headers: 'refused',
}

/** A step with a clock, and what it counts. */
function makeStep(options: Partial<RateLimitConfig> = {}) {
  let nowMs = 1_000_000
  const counted: string[] = []
  const limits: string[] = []
  const scratch = testGround()
  const ground = testGround({
    board: scratch.board,
    now: () => nowMs,
    limitReached: (limit) => void limits.push(limit),
    counter: (name, labels) => {
      const counter = scratch.counter(name, labels)
      const key = `${name} ${labels.join(' ')}`
      return Object.assign(Object.create(counter), { add: () => void counted.push(key) })
    },
  })
  const step = stepOf({ rate_limit: { ...DEFAULTS, ...options } }, ground)
  return {
    step,
    ground,
    counted,
    limits,
    wait: (ms: number) => void (nowMs += ms),
    ask: (parts: ExchangeParts = {}) => {
      const x = exchange(parts)
      const note = step.note?.()
      const answer = step.request?.(x, note) as Answer | undefined
      return { x, note, answer, passes: answer === undefined }
    },
  }
}

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

describe('the key', () => {
  const isShared = (key: string[], one: ExchangeParts, other: ExchangeParts, more = {}): boolean => {
    const { ask } = makeStep({ requests: 1, key, ...more })
    expect(ask(one).passes).toBe(true)
    expect(ask(one).passes).toBe(false)
    return !ask(other).passes
  }

  test.each<[string, string[], [ExchangeParts, ExchangeParts], boolean]>([
    ['addresses', ['client_ip'], [{ address: '192.0.2.1' }, { address: '192.0.2.2' }], false],
    ['IPv6 networks', ['client_ip'], [{ address: '2001:db8::1' }, { address: '2001:db8::ffff:1' }], true],
    ['other networks', ['client_ip'], [{ address: '2001:db8::1' }, { address: '2001:db8:0:1::1' }], false],
    ['unknown ones, by their proxy', ['client_ip'], [{ address: null }, { address: null }], true],
    ['the rule', ['rule'], [{ address: '192.0.2.1' }, { address: '192.0.2.2' }], true],
    ['hosts', ['host'], [{}, { request: headOf('GET / HTTP/1.1', 'Host: example.net') }], false],
    ['paths', ['path'], [{}, { request: headOf('GET /x HTTP/1.1', 'Host: example.org') }], false],
    [
      'header values',
      ['header X-Api-Key'],
      [{ request: requestOf('x-api-key: a') }, { request: requestOf('x-api-key: b') }],
      false,
    ],
    [
      'one header value of two clients',
      ['header X-Api-Key'],
      [{ request: requestOf('x-api-key: a') }, { request: requestOf('X-Api-Key: a'), address: '192.0.2.2' }],
      true,
    ],
    [
      'cookies',
      ['cookie id'],
      [{ request: requestOf('Cookie: a=b; id=1; c=d') }, { request: requestOf('Cookie: id=1') }],
      true,
    ],
    [
      'spellings of one path',
      ['path'],
      [
        { request: headOf('GET /a/b?c HTTP/1.1', HOST) },
        { request: headOf('GET //%61/x/../b;v=1?d HTTP/1.1', HOST) },
      ],
      true,
    ],
    [
      'one header value that stands behind another, by their address',
      ['header X-Api-Key'],
      [
        { request: requestOf('X-Api-Key: 1', 'X-Api-Key: a') },
        { request: requestOf('X-Api-Key: 2', 'X-Api-Key: a') },
      ],
      true,
    ],
    [
      'one header value, said twice',
      ['header X-Api-Key'],
      [
        { request: requestOf('X-Api-Key: a') },
        { request: requestOf('X-Api-Key: a', 'X-Api-Key: a'), address: '192.0.2.2' },
      ],
      true,
    ],
    [
      'one cookie that stands behind another, by their address',
      ['cookie id'],
      [{ request: requestOf('Cookie: id=1; id=a') }, { request: requestOf('Cookie: id=2', 'Cookie: id=a') }],
      true,
    ],
    ['none, by their address', ['header X-Api-Key'], [{}, { address: '192.0.2.2' }], false],
    [
      'none, and one that says the address',
      ['header X-Api-Key'],
      [{}, { request: requestOf('x-api-key: 192.0.2.1') }],
      false,
    ],
    [
      'combinations',
      ['client_ip', 'host'],
      [{}, { request: headOf('GET / HTTP/1.1', 'Host: example.net') }],
      false,
    ],
    ['the same combination', ['client_ip', 'host'], [{}, {}], true],
  ])('%s', (_, key, [one, other], shared) => {
    expect(isShared(key, one, other)).toBe(shared)
  })

  test('ipv6_prefix widens or narrows a network', () => {
    const at = (address: string) => ({ address })
    const shared = (a: string, b: string, ipv6_prefix: number) =>
      isShared(['client_ip'], at(a), at(b), { ipv6_prefix })
    expect(shared('2001:db8::1', '2001:db8::2', 128)).toBe(false)
    expect(shared('2001:db8:1::1', '2001:db8:2::2', 32)).toBe(true)
    expect(shared('2001:db8:10::1', '2001:db8:1f::2', 44)).toBe(true)
    expect(shared('2001:db8:10::1', '2001:db8:20::2', 44)).toBe(false)
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
