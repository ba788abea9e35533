// What may stand at the end of a path of the admin API: the next segment of each path that there is, and
// names of what there is where a path takes one. Pure but for what it asks the gateway.

/** A document of the gateway; null: it has none there, or did not say. */
export type AskPath = (path: string) => Promise<unknown>

const ROOT = '/api/v1'
/** Lists of what a parameter names, where that does not stand one segment above. */
const LISTS: Readonly<Record<string, string>> = { '{other}': `${ROOT}/config/revisions` }

/**
 * Whole words for the last one of a line, with the part that is there; those that go on end with a slash.
 * `last` is as it was typed: behind /api/v1/, or from a slash on.
 */
export async function pathsFor(last: string, ask: AskPath): Promise<readonly string[]> {
  const typed = last.startsWith('/') ? last : `${ROOT}/${last}`
  const before = typed.split('/').slice(0, -1)
  const routes = pathsIn(await ask(ROOT))
  const found = new Set<string>()
  for (const route of fitting(routes, before)) {
    const segment = route[before.length] ?? ''
    const ending = route.length === before.length + 1 ? '' : '/'
    const names = isParameter(segment) ? await namesOf(segment, before, { routes, ask }) : [segment]
    for (const name of names) found.add(`${[...before, name].join('/')}${ending}`)
  }
  const cut = last.startsWith('/') ? 0 : ROOT.length + 1
  return [...found].map((path) => path.slice(cut)).filter((path) => path !== '')
}

type Segments = readonly string[]

const pathsIn = (document: unknown): readonly Segments[] => {
  const { paths = [] } = (document ?? {}) as { readonly paths?: readonly { readonly path: string }[] }
  return [...new Set(paths.map(({ path }) => path))].map((path) => path.split('/'))
}

/** Those that begin so and go on: as routes are found, a word of a path goes before a parameter. */
function fitting(routes: readonly Segments[], before: Segments): readonly Segments[] {
  return before
    .reduce((left, word, at) => {
      const named = left.filter((route) => route[at] === word)
      return named.length > 0 ? named : left.filter((route) => word !== '' && isParameter(route[at] ?? ''))
    }, routes)
    .filter((route) => route.length > before.length)
}

interface World {
  readonly routes: readonly Segments[]
  readonly ask: AskPath
}

/** As they stand in a path. */
async function namesOf(
  segment: string,
  before: Segments,
  { routes, ask }: World,
): Promise<readonly string[]> {
  const isList = fitting(routes, before.slice(0, -1)).some(
    (route) => route.length === before.length && route.at(-1) === before.at(-1),
  )
  // Of balancers there is no list: they are what health tells of.
  const list = LISTS[segment] ?? (isList ? before.join('/') : '/_health')
  return itemsOf(await ask(list)).map(encodeURIComponent)
}

/** The first list in a document, or all that health has names of. */
function itemsOf(document: unknown): readonly string[] {
  const lists = Object.values((document ?? {}) as object).filter((value) => Array.isArray(value))
  const isHealth = lists.length > 0 && Object.hasOwn(document as object, 'healthy')
  const items = (isHealth ? lists.flat() : (lists[0] ?? [])) as readonly Item[]
  return items
    .flatMap((item) => item.id ?? item.name ?? item.revision ?? item.backend ?? item.listener ?? [])
    .map(String)
}

interface Item {
  readonly id?: string | number
  readonly name?: string
  readonly revision?: number
  /** Of health: a server's, and a listener. */
  readonly backend?: string
  readonly listener?: string
}

const isParameter = (segment: string): boolean => segment.startsWith('{')
