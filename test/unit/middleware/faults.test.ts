import { afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import { parseConfig } from '../../../server/config/load.ts'
import type { Answer } from '../../../server/head/answer.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import type { MiddlewareConfig } from '../../../server/middleware/middleware.options.ts'
import { stepsOf, testGround } from '../../support/step-world.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { exchange, requestOf } from './exchanges.ts'

afterEach(() => void setSystemTime())

const UNTIL = '2099-01-01T00:00:00Z'

function problemsOf(words: object): string {
  const loaded = load(words)
  return loaded.ok ? '' : loaded.problems.map(({ message, hint }) => `${message} ${hint ?? ''}`).join('\n')
}

function load(words: object) {
  const rules = [{ name: 'r', respond: {}, middleware: [{ faults: words }] }]
  return parseConfig('t.yaml', Buffer.from(JSON.stringify({ listeners: { w: { bind: ':80' } }, rules })), {})
}

/** The step, and what it has counted. */
function made(words: object, chance: () => number = () => 0) {
  const loaded = load({ until: UNTIL, ...words })
  if (!loaded.ok) throw new Error(problemsOf({ until: UNTIL, ...words }))
  const counts: Record<string, number> = {}
  const counter = (name: string, labels: readonly string[]) => ({
    add: (by: number) =>
      void (counts[`${name} ${labels.join(' ')}`] = (counts[`${name} ${labels.join(' ')}`] ?? 0) + by),
  })
  const ground = testGround({ chance, counter: counter as never })
  const [step] = stepsOf(loaded.config.rules[0]?.middleware as MiddlewareConfig[], { ground })
  return { step: step?.step as Middleware<unknown>, counts }
}

const ask = (step: Middleware<unknown>, x: Exchange = exchange()) => step.request?.(x, step.note?.())

describe('faults', () => {
  test('answer or reset a share of requests, and say so', () => {
    const x = exchange()
    const { step, counts } = made({ abort: { status: 599 } })
    expect(ask(step, x)).toMatchObject({ status: 599, fault: 'fault_injected' })
    expect(x.detail).toBe('rules.test.faults.abort')
    expect(counts).toEqual({ 'faults_injected_total test abort': 1 })
    expect(ask(made({ reset: {} }).step)).toMatchObject({ isReset: true, fault: 'fault_injected' })
  })

  test('of each kind as many as are wanted', () => {
    const random = seededRandom(seedOfRun())
    const { step, counts } = made(
      { abort: { percent: 10 }, reset: { percent: 5 } },
      () => random.below(1e6) / 1e6,
    )
    const count = 20_000
    for (let n = 0; n < count; n++) ask(step)
    const share = (kind: string): number => (counts[`faults_injected_total test ${kind}`] ?? 0) / count
    // Five standard deviations of a share p of so many: 5·√(p(1-p)/n).
    expect(Math.abs(share('reset') - 0.05)).toBeLessThan(0.0078)
    expect(Math.abs(share('abort') - 0.95 * 0.1)).toBeLessThan(0.0104)
  })

  test('a wait is over after its time, and then it is drawn what else becomes of the request', async () => {
    const { step } = made({ delay: { time: '1ms' }, abort: {} })
    const note = step.note?.()
    const x = exchange()
    const waited = step.request?.(x, note)
    expect(waited).toBeInstanceOf(Promise)
    expect(await waited).toMatchObject({ status: 503 })
    x.detail = null
    step.end?.(x, note)
    expect(x.detail as string | null).toBe('rules.test.faults.delay: 1 ms')
  })

  test('who goes while it waits has no timer left', () => {
    const { step } = made({ delay: { time: '20s' } })
    const note = step.note?.() as { timer: Timer | null }
    void step.request?.(exchange(), note)
    expect(note.timer).not.toBeNull()
    step.cancelled?.(exchange(), note)
    expect(note.timer).toBeNull()
  })

  test('do nothing once they are over', () => {
    const { step } = made({ abort: {}, until: '2030-01-31T18:00:00+01:00' })
    setSystemTime(new Date('2030-01-31T16:59:59.999Z'))
    expect(ask(step)).toBeDefined()
    setSystemTime(new Date('2030-01-31T17:00:00Z'))
    expect(ask(step)).toBeUndefined()
  })

  test('are of requests with the fields that are named', () => {
    const { step } = made({ abort: {}, header: { 'X-Chaos': '1', 'X-User': { prefix: 'test-' } } })
    const asked = (...fields: string[]): Answer | undefined =>
      ask(step, exchange({ request: requestOf(...fields) })) as Answer | undefined
    expect(asked('X-Chaos: 1', 'X-User: test-7')).toBeDefined()
    for (const fields of [
      [],
      ['X-Chaos: 1'],
      ['X-Chaos: 2', 'X-User: test-7'],
      ['X-Chaos: 1', 'X-Chaos: 2', 'X-User: test-7'],
    ])
      expect(asked(...fields)).toBeUndefined()
  })

  test('in shadow nobody fails or waits', () => {
    const x = exchange()
    const { step, counts } = made({ mode: 'shadow', delay: { time: '1s' }, abort: {} })
    expect(ask(step, x)).toBeUndefined()
    expect(x.shadow).toBe('faults')
    expect(counts).toEqual({ 'shadow_refusals_total test faults': 1 })
  })

  test.each([
    [{ abort: {} }, 'until'],
    [{ until: UNTIL }, 'found none of delay, abort and reset'],
    [{ until: '1h', abort: {} }, 'a duration would begin anew with each reload'],
    [{ until: '2030-01-31 18:00', abort: {} }, 'an instant with its zone'],
    [{ until: '2030-02-31T25:00:00Z', abort: {} }, 'an instant with its zone'],
    [{ until: UNTIL, delay: { time: '1h' } }, 'between 1ms and 25s'],
    [{ until: UNTIL, abort: { status: 200 } }, '400'],
    [{ until: UNTIL, reset: { percent: 101 } }, '100'],
    [{ until: UNTIL, abort: {}, header: { 'X-A': { regex: '(a+)+$' } } }, 'no text makes slow'],
  ])('%j is told with what is allowed', (words, wanted) => {
    expect(problemsOf(words)).toContain(wanted)
  })
})
