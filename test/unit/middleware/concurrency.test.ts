// How many requests of a key, or of a rule, are under way: what the steps take, and give back.
import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { ConcurrencyConfig } from '../../../server/middleware/concurrency.options.ts'
import { ruleLimit } from '../../../server/middleware/concurrency.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import { stepsOf, testGround } from '../../support/step-world.ts'
import { exchange, type ExchangeParts, requestOf } from './exchanges.ts'

const DEFAULTS: ConcurrencyConfig = {
  mode: 'enforce',
  max: 1,
  key: ['client_ip'],
  missing: 'client_ip',
  ipv4_prefix: 32,
  ipv6_prefix: 64,
}

const ground = testGround()
const step = (options: Partial<ConcurrencyConfig> = {}): Middleware<unknown> =>
  stepsOf([{ concurrency: { ...DEFAULTS, ...options } }], { ground: testGround() })[0]!.step

/** A request at a step, until its end. */
function ask(of: Middleware<unknown>, parts: ExchangeParts = {}) {
  const x = exchange(parts)
  const note = of.note?.()
  const answer = of.request?.(x, note) as Answer | undefined
  return { x, answer, passes: answer === undefined, end: () => of.end?.(x, note) }
}

const by = (user: string) => ({ request: requestOf(`X-User: ${user}`) })

describe('requests of a key', () => {
  test('have so many places, which come back with their end, once', () => {
    const own = step({ max: 2 })
    const [first, second] = [ask(own), ask(own)]
    expect([first.passes, second.passes]).toEqual([true, true])
    const { answer, x, end } = ask(own)
    expect(answer).toMatchObject({ status: 429, fault: 'concurrency_limited', body: '2 at once' })
    expect(x.detail).toBe('rules.test.concurrency: 2 at once, by client_ip')
    end()
    expect(ask(own, { address: '192.0.2.2' }).passes).toBe(true)
    first.end()
    first.end()
    expect([ask(own).passes, ask(own).passes]).toEqual([true, false])
  })

  test('are those of the client where the request shows no key', () => {
    const own = step({ key: ['header X-User'] })
    expect([ask(own, by('a')).passes, ask(own, by('b')).passes, ask(own, by('a')).passes]).toEqual([
      true,
      true,
      false,
    ])
    expect([ask(own).passes, ask(own).passes, ask(own, { address: '192.0.2.2' }).passes]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('are not counted by another limit of the rule, whose key is the same or not', () => {
    const items = [{}, { max: 2 }, { key: ['host' as const] }].map((one) => ({
      concurrency: { ...DEFAULTS, ...one },
    }))
    const [one, twin, other] = stepsOf(items, { ground }).map((made) => made.step)
    expect([ask(one!).passes, ask(one!).passes]).toEqual([true, false])
    expect([ask(twin!).passes, ask(twin!).passes, ask(twin!).passes]).toEqual([true, true, false])
    expect([ask(other!).passes, ask(other!).passes]).toEqual([true, false])
  })

  test('beyond the limit pass in shadow mode, take no place, and say so', () => {
    const own = step({ mode: 'shadow' })
    const first = ask(own)
    const second = ask(own)
    expect([second.passes, second.x.shadow]).toEqual([true, 'concurrency'])
    first.end()
    const third = ask(own)
    second.end()
    expect([third.x.shadow, ask(own).x.shadow]).toEqual([null, 'concurrency'])
  })
})

test('requests of a rule with max_connections have so many places together, whoever asks', () => {
  const told: string[] = []
  const parts = {
    leases: ground.board.leases,
    now: () => 1,
    limitReached: (path: string) => void told.push(path),
  }
  const own = ruleLimit({ rule: 'r', max: 2, ...parts }) as Middleware<unknown>
  const [first, second] = [ask(own), ask(own, { address: '192.0.2.2' })]
  const third = ask(own)
  expect([first.passes, second.passes, third.answer?.status, third.answer?.fault]).toEqual([
    true,
    true,
    503,
    'rule_full',
  ])
  expect([told, third.x.detail]).toEqual([
    ['rules.r.max_connections'],
    'rules.r.max_connections: 2 under way',
  ])
  third.end()
  first.end()
  const other = ruleLimit({ rule: 'other', max: 1, ...parts }) as Middleware<unknown>
  expect([ask(own).passes, ask(own).passes, ask(other).passes]).toEqual([true, false, true])
})
