import { expect, test } from 'bun:test'
import { KnownConfigs } from '../../../server/admin/resources/known-config.ts'
import { asGiven, valueAt } from '../../../server/config/edit/values.ts'
import type { Served } from '../../../server/control/change/apply.ts'

const textOf = (weight: number): string => `backends:
  api:
    servers: [{ url: http://a, weight: ${weight} }]
`
const WEIGHT = ['backends', 'api', 'servers', 0, 'weight'] as const
const served = (revision: number, text: string): Served =>
  ({ revision, edition: { text, hash: `of ${text}`, config: {} } }) as unknown as Served

test('a text that was read ahead is that of what is served, and no other is', async () => {
  const configs = new KnownConfigs()
  configs.coming('sluice.yaml', textOf(2))
  const before = await configs.of('sluice.yaml', served(1, textOf(1)))
  const after = await configs.of('sluice.yaml', served(2, textOf(2)))
  const seen = [before, after].map(({ text, sheet, value }) => [text, sheet?.text, valueAt(value, WEIGHT)])
  expect(seen).toEqual([
    [textOf(1), textOf(1), 1],
    [textOf(2), textOf(2), 2],
  ])
  configs.noneComing()
  expect(await configs.of('sluice.yaml', served(2, textOf(2)))).toBe(after)
})

test('what is spelt by older keys is told by ours, with its place in the file', async () => {
  const text = `backends:
  api:
    servers: [{ url: http://a }]
    retry:
      max_retries: 3
      backoff_ms: "${'${BACKOFF}'}"
`
  const known = await new KnownConfigs().of('sluice.yaml', served(1, text))
  const retry = ['backends', 'api', 'retry']
  expect(asGiven(valueAt(known.value, retry))).toEqual({ attempts: 4, backoff_ms: '${BACKOFF}' })
  expect(known.writtenPath([...retry, 'attempts'])).toEqual([...retry, 'max_retries'])
  expect(known.place([...retry, 'attempts'])).toMatchObject({ line: 5, end_line: 5 })
})
