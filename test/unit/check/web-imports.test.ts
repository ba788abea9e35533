import { expect, test } from 'bun:test'
import { webBreachesOf } from '../../check/web-imports.ts'

const breaches = (path: string, ...imports: readonly string[]): number =>
  webBreachesOf({ path, text: imports.join('\n') }).length

test('rooms of the dashboard import from the left of them only', () => {
  expect(breaches('web/parts/a.tsx', "import { b } from '../data/b.ts'", "import { c } from './c.tsx'")).toBe(
    0,
  )
  expect(breaches('web/pages/x/a.tsx', "import { b } from '../../parts/b.tsx'")).toBe(0)
  expect(breaches('web/main.tsx', "import { b } from './routes.tsx'", "import './styles/base.css'")).toBe(0)
  expect(breaches('web/data/a.ts', "import { b } from '../parts/b.tsx'")).toBe(1)
  expect(breaches('web/parts/a.tsx', "import { b } from '../pages/x/b.tsx'")).toBe(1)
  expect(breaches('web/shell/a.tsx', "import { b } from '../pages/x/b.tsx'")).toBe(1)
  expect(breaches('web/elsewhere/a.tsx', "import { b } from '../data/b.ts'")).toBe(1)
})

test('pages never import each other, lazily either', () => {
  expect(breaches('web/pages/x/a.tsx', "import { b } from './b.tsx'")).toBe(0)
  expect(breaches('web/pages/x/a.tsx', "import { b } from '../y/b.tsx'")).toBe(1)
  expect(breaches('web/pages/x/a.tsx', "const b = () => import('../y/b.tsx')")).toBe(1)
})

test('of the gateway only types are known', () => {
  expect(breaches('web/data/a.ts', "import type { B } from '../../server/b.ts'")).toBe(0)
  expect(breaches('web/data/a.ts', "import { b } from '../../server/b.ts'")).toBe(1)
  expect(breaches('web/data/a.ts', "import { join } from 'node:path'")).toBe(1)
})
