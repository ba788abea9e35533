import { expect, test } from 'bun:test'
import { circlesIn } from '../../check/circles.ts'

const source = (path: string, ...imports: readonly string[]): { path: string; text: string } => ({
  path: `server/${path}.ts`,
  text: imports.join('\n'),
})

test('files that reach each other are a circle, whether by values, types, or lazily', () => {
  const sources = [
    source('a', "import type { B } from './b.ts'"),
    source('b', "export const x = 1\nexport type { C } from './c.ts'"),
    source('c', "const later = () => import('./a.ts')", "import { type D,\n  d } from './d.ts'"),
    source('d', "import './e.ts'", "const name = './a.ts'", "export const path = join(dir, './c.ts')"),
    source('e', "import { d } from './d.ts'", "import { nothing } from 'elsewhere'"),
    source('f', "import './a.ts'"),
  ]
  expect(circlesIn(sources)).toEqual([
    ['server/a.ts', 'server/b.ts', 'server/c.ts'],
    ['server/d.ts', 'server/e.ts'],
  ])
})

test('two circles that share a file are one', () => {
  const sources = [
    source('a', "import './b.ts'", "import './c.ts'"),
    source('b', "import './a.ts'"),
    source('c', "import './a.ts'"),
    source('d', "import './c.ts'", "import './d.ts'"),
  ]
  expect(circlesIn(sources)).toEqual([['server/a.ts', 'server/b.ts', 'server/c.ts']])
})
