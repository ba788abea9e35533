// Explanations that are asked for at the same time.
import { expect, test } from 'bun:test'
import { explainRoutes } from '../../../../server/admin/routes/explain.ts'
import { controlFacts } from '../../../support/control-facts.ts'
import type { Asked } from '../../../../server/admin/route.ts'

test('a few are made at a time, the rest are told to come again, and room is made by each that ends', async () => {
  const waiting: (() => void)[] = []
  const [route] = explainRoutes({
    ...controlFacts({}),
    traffic: {
      explain: () => new Promise((resolve) => waiting.push(() => resolve({ problem: 'it is over' }))),
    } as never,
  })
  const ask = async (name = 'anna'): Promise<number> => {
    const who = { kind: 'user', name, id: name, role: 'viewer', from: '::1' }
    return (await route!.answer({ body: { url: 'http://a/' }, who } as unknown as Asked)).status
  }
  const asked = [ask(), ask(), ask()]
  // One account leaves a place to others.
  expect(await ask()).toBe(429)
  asked.push(ask('bob'))
  expect(await ask('carl')).toBe(429)
  waiting.shift()?.()
  expect(await asked[0]!).toBe(422)
  asked.push(ask())
  for (const end of waiting) end()
  expect(await Promise.all(asked)).toEqual([422, 422, 422, 422, 422])
})
