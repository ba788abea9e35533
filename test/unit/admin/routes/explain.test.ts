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
  const ask = async (): Promise<number> =>
    (await route!.answer({ body: { url: 'http://a/' } } as unknown as Asked)).status
  const asked = [ask(), ask(), ask(), ask()]
  expect(await ask()).toBe(429)
  waiting.shift()?.()
  expect(await asked[0]!).toBe(422)
  asked.push(ask())
  for (const end of waiting) end()
  expect(await Promise.all(asked)).toEqual([422, 422, 422, 422, 422])
})
