// Rooms of the dashboard: values are imported from the left to the right only. Of the gateway it knows types.
import { type Breach, importsOf, type Source, sourcesIn } from './sources.ts'

const ORDER = [['data'], ['parts'], ['pages', 'shell'], ['routes.tsx'], ['main.tsx']]
/** What makes the bundle runs where it is built, and is no part of it. */
const BUILDERS = ['web/bundle.ts', 'web/pack.ts']

/** Every import against the rooms of web. */
export const checkWebImports = (): Breach[] =>
  sourcesIn('web', ['.ts', '.tsx'])
    .filter(
      ({ path }) => !path.startsWith('web/dist/') && !BUILDERS.includes(path) && !path.endsWith('.d.ts'),
    )
    .flatMap(webBreachesOf)

/** Those of one file. */
export function webBreachesOf(source: Source): Breach[] {
  return importsOf(source).flatMap(({ from }) => {
    const why = whyNot(source.path, from)
    return why === null ? [] : [`${source.path}: imports ${from}: ${why}`]
  })
}

function whyNot(importer: string, imported: string): string | null {
  if (/^(?:bun$|bun:|node:)/.test(imported)) return 'a browser has no such module'
  if (imported.startsWith('server/')) return 'the dashboard knows types of the gateway only: import type'
  if (!imported.startsWith('web/') || imported.endsWith('.css')) return null
  const [a, b] = [roomOf(importer), roomOf(imported)]
  const [from, to] = [placeOf(a), placeOf(b)]
  if (from < 0) return `web/${a} has no place in the order`
  if (to < 0) return `web/${b} has no place in the order`
  if (a === 'pages' && b === 'pages')
    return pageOf(importer) === pageOf(imported) ? null : 'pages never import each other: parts or data'
  if (a === 'data' && imported.endsWith('.tsx')) return 'data has no JSX'
  if (a === b) return null
  if (from > to) return null
  return from === to ? 'pages and shell never import each other' : `against the order: ${WORDS}`
}

const WORDS = ORDER.map((rooms) => rooms.join(' | ')).join(' ← ')
const roomOf = (path: string): string => path.split('/')[1] ?? ''
const pageOf = (path: string): string => path.split('/')[2] ?? ''
const placeOf = (room: string): number => ORDER.findIndex((rooms) => rooms.includes(room))
