// What a browser has to load of the dashboard, and what the executable carries: budgets in bytes.
import { beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from '../../build.ts'

const ROOT = join(import.meta.dir, '../..')
const KB = 1000
const FIRST_LOAD_MAX = 60 * KB
/** A third of it is the editor. It is not loaded: what is has the budget above. */
const EMBEDDED_MAX = 1250 * KB

/** Packages that come only once a page needs them, told by a word that stays in what is built of them. */
const LATE = {
  editor: { from: '@codemirror/view', mark: 'cm-scroller', max: 155 * KB },
  charts: { from: 'uplot', mark: 'cursor-pt', max: 28 * KB },
} as const

interface BuiltFile {
  readonly text: string
  readonly bytes: number
  readonly gzip: number
}

/** By path below the bundle, as `assets/main-1a2b.js`. */
const files = new Map<string, BuiltFile>()
let first: ReadonlySet<string> = new Set()

beforeAll(async () => {
  const { binary } = await build()
  const folder = join(binary, '../dashboard')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    files.set(path.slice(folder.length + 1), {
      ...{ text: bytes.toString(), bytes: bytes.length },
      gzip: gzipSync(bytes, { level: 9 }).length,
    })
  }
  first = firstLoad()
})

/** The page, what it names, and what scripts among that import before they run. */
function firstLoad(): ReadonlySet<string> {
  const found = new Set(['index.html'])
  for (const path of found) {
    const text = files.get(path)?.text ?? ''
    const named = path.endsWith('.html')
      ? [...text.matchAll(/\s(?:src|href)="\.\/([^"]+)"/g)]
      : importsOf(text)
    for (const [, address = ''] of named) found.add(new URL(address, `http://x/${path}`).pathname.slice(1))
  }
  return found
}

/** `import … from "./x.js"` and `import "./x.js"`, as a bundler writes them; not `import("./x.js")`. */
const importsOf = (text: string): RegExpMatchArray[] => [
  ...text.matchAll(/(?:\bfrom|\bimport)\s*["']([^"']+\.js)["']/g),
]

const sizes = (paths: Iterable<string>): string =>
  [...paths]
    .map((path) => [files.get(path)?.gzip ?? 0, path] as const)
    .toSorted(([a], [b]) => b - a)
    .map(([gzip, path]) => `${String(gzip).padStart(8)}  ${path}`)
    .join('\n')

function expectWithin(what: string, total: number, max: number, paths: Iterable<string>): void {
  if (total > max) throw new Error(`${what}: ${total} bytes, allowed are ${max}\n${sizes(paths)}`)
}

const gzipOf = (paths: Iterable<string>): number =>
  [...paths].reduce((sum, path) => sum + (files.get(path)?.gzip ?? 0), 0)

test('the first load is within 60 KB (gzip)', () => {
  expect([...first].filter((path) => !files.has(path))).toEqual([])
  for (const ending of ['.html', '.js', '.css'])
    expect([...first].some((path) => path.endsWith(ending))).toBe(true)
  expectWithin('the first load', gzipOf(first), FIRST_LOAD_MAX, first)
})

describe.each(Object.entries(LATE))('%s', (what, { from, mark, max }) => {
  const marked = (): string[] => [...files].flatMap(([path, { text }]) => (text.includes(mark) ? [path] : []))

  test('is a piece of its own, loaded once a page needs it', () => {
    // Were its word to go, its size would be watched no more.
    expect(readFileSync(Bun.resolveSync(from, ROOT), 'utf8')).toContain(mark)
    expect(marked().filter((path) => first.has(path))).toEqual([])
  })

  test(`is within ${max / KB} KB (gzip)`, () => expectWithin(what, gzipOf(marked()), max, marked()))
})

test('what the executable carries is within 1.25 MB, not compressed', () => {
  const total = [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  expectWithin('all of it', total, EMBEDDED_MAX, files.keys())
})

test('what only sources serve it with is not in the executable', async () => {
  const { binary } = await build()
  expect(readFileSync(binary).includes('@elysiajs/static')).toBe(false)
})
