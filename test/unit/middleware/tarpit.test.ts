import { describe, expect, test } from 'bun:test'
import { type Answer, faultAnswer } from '../../../server/head/answer.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { TarpitConfig } from '../../../server/middleware/tarpit.options.ts'
import { stepOf, testGround } from '../../support/step-world.ts'
import { problemsOf, withRules } from '../config/parse.ts'
import { answerOf, exchange } from './exchanges.ts'

const DEFAULTS: TarpitConfig = { mode: 'enforce', delay: 20, when: 'refused', statuses: ['400-499'], max: 2 }

function makePit(options: Partial<TarpitConfig> = {}) {
  const scratch = testGround()
  const counted: string[] = []
  const ground = testGround({
    board: scratch.board,
    counter: (name, labels) => {
      const counter = scratch.counter(name, labels)
      return Object.assign(Object.create(counter), { add: () => void counted.push(`${name} ${labels[0]}`) })
    },
  })
  const step = stepOf({ tarpit: { ...DEFAULTS, ...options } }, ground)
  const make = (attempts: number) => {
    const x: Exchange = Object.assign(exchange(), { attempts })
    return { x, note: step.note?.() }
  }
  return {
    counted,
    answer: (status: number, attempts = 0) => {
      const { x, note } = make(attempts)
      const waits = step.response?.(x, answerOf(`HTTP/1.1 ${status} X`), note)
      return { x, waits, goes: () => step.cancelled?.(x, note), ends: () => step.end?.(x, note) }
    },
    ask: () => {
      const { x, note } = make(0)
      const given = step.request?.(x, note)
      return { x, given, ends: () => step.end?.(x, note) }
    },
  }
}

describe('refusals', () => {
  test('wait, no more of them than may be', async () => {
    const { answer, counted } = makePit()
    const [one, other] = [answer(403), answer(429)]
    expect([one.waits, other.waits]).toEqual([expect.any(Promise), expect.any(Promise)])
    expect(answer(403).waits).toBeUndefined()
    await Promise.all([one.waits, other.waits])
    expect(answer(403).waits).toBeInstanceOf(Promise)
    expect(counted).toEqual(['held', 'held', 'full', 'held'].map((word) => `tarpit_requests_total ${word}`))
  })

  test('of other statuses, and answers of servers, do not', () => {
    const { answer, counted } = makePit({ statuses: ['403'] })
    expect([answer(200).waits, answer(401).waits, answer(403, 1).waits]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(counted).toEqual([])
  })

  test('of who has gone make room at once', () => {
    const { answer } = makePit({ delay: 600_000, max: 1 })
    const gone = answer(403)
    expect(answer(403).waits).toBeUndefined()
    gone.goes()
    gone.ends()
    const held = answer(403)
    expect(held.waits).toBeInstanceOf(Promise)
    expect(answer(403).waits).toBeUndefined()
    held.ends()
  })

  test('are only counted in shadow', () => {
    const { answer, counted } = makePit({ mode: 'shadow' })
    const { x, waits } = answer(403)
    expect([waits, x.shadow]).toEqual([undefined, 'tarpit'])
    expect(counted).toEqual(['shadow_refusals_total test', 'tarpit_requests_total shadow'])
  })
})

test('always: requests wait before they go on, and beyond what may be are refused', async () => {
  const { ask } = makePit({ when: 'always', max: 1 })
  const held = ask()
  expect(held.given).toBeInstanceOf(Promise)
  const refused = ask()
  expect(refused.given as Answer).toEqual(faultAnswer('tarpit_full'))
  expect(refused.x.detail).toBe('rules.test.tarpit.max: 1')
  expect(await held.given).toBeUndefined()
})

test('bad input is told with what is allowed', () => {
  const said = (words: string): string[] =>
    problemsOf(withRules(`  - { name: r, backend: app, middleware: [${words}] }`)).map(
      ({ path, message, hint }) => `${path}: ${message}; ${hint}`,
    )
  const at = 'rules[0].middleware[0].tarpit'
  expect(said('{ tarpit: { delay: 20m } }')[0]).toStartWith(`${at}.delay: found "20m", allowed a duration`)
  expect(said('{ tarpit: { max: 0 } }')[0]).toStartWith(
    `${at}.max: found 0, allowed a whole number from 1 to 100000`,
  )
  expect(said('{ tarpit: { when: denied } }')[0]).toEndWith('write refused')
  expect(said('{ tarpit: { statuses: [abc] } }')[0]).toStartWith(`${at}.statuses[0]: found "abc"`)
  expect(said('{ tarpit: { duration: 5s } }')[0]).toEndWith('it is called "delay"')
  const behind = 'nothing behind it refuses'
  expect(said('{ tarpit: {} }')[0]).toContain(behind)
  expect(said('{ ip: { deny: [10.0.0.0/8] } }, { tarpit: {} }')[0]).toContain(behind)
  expect(said('{ tarpit: {} }, { ip: { deny: [10.0.0.0/8] } }')).toEqual([])
  expect(said('{ tarpit: { when: always } }')).toEqual([])
})
