import { expect, test } from 'bun:test'
import { flattened, settingsWith } from '../../../web/data/flattened.ts'

const EFFECTIVE = {
  backends: { api: { algorithm: 'random', servers: [{ url: 'http://a', weight: 1 }], hash: null } },
  'a.b': { tags: ['x', 'y'], none: {} },
}
const WRITTEN = { backends: { api: { servers: [{ url: 'http://a' }] } } }

test('each setting is a row with its path, and what was not written is a default', () => {
  expect(flattened(EFFECTIVE, WRITTEN)).toEqual([
    { path: 'backends.api.algorithm', value: 'random', isWritten: false },
    { path: 'backends.api.servers[0].url', value: 'http://a', isWritten: true },
    { path: 'backends.api.servers[0].weight', value: '1', isWritten: false },
    { path: 'backends.api.hash', value: 'none', isWritten: false },
    { path: '"a.b".tags', value: 'x, y', isWritten: false },
    { path: '"a.b".none', value: '{}', isWritten: false },
  ])
})

test('a filter takes all words, of paths and values', () => {
  const rows = flattened(EFFECTIVE, WRITTEN)
  expect(settingsWith(rows, 'API random').map(({ path }) => path)).toEqual(['backends.api.algorithm'])
  expect(settingsWith(rows, ' ')).toBe(rows)
})
