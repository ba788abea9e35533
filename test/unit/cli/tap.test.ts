import { expect, test } from 'bun:test'
import { queryOf } from '../../../server/cli/tap.ts'

test('filters stand one by one or with commas, and a value may have commas of its own', () => {
  for (const [filters, query] of [
    [['status=5xx,method=GET'], 'status=5xx&method=GET'],
    [['status=5xx', ' method=GET'], 'status=5xx&method=GET'],
    [['path=/a\\,b,host=c'], 'path=%2Fa%2Cb&host=c'],
    [['path=/a\\b=c'], 'path=%2Fa%5Cb%3Dc'],
  ] as const)
    expect(String(queryOf(filters))).toBe(query)
  for (const filters of [['path=/a,b'], ['path=/a', 'path=/b'], ['=x'], ['']])
    expect(queryOf(filters)).toBeString()
  expect(queryOf(['path=/a,b'])).toContain('a comma within a value is written "\\,"')
})
