// What the palette finds: what can be done, the pages, and all that is configured.
import type { Names } from '../data/api-types.ts'
import type { Role } from '../data/session.ts'
import { segment } from '../data/urls.ts'
import type { IconName } from '../parts/icon-paths.ts'
import type { State } from '../parts/state.ts'
import { type Match, matchOf, type Range, type Searched, searched, wordsOf } from './match.ts'
import { PLACES } from './places.ts'

export interface Thing {
  /** The same for the same thing at any time. */
  readonly id: string
  readonly group: 'Actions' | 'Pages' | 'Backends' | 'Servers' | 'Rules' | 'Listeners' | 'Certificates'
  readonly label: string
  readonly icon: IconName
  /** In place of the icon: the state that it leads to. */
  readonly shape?: State | undefined
  /** At its right, in words. */
  readonly hint?: string | undefined
  /** At its right: keys that do the same, `g o`. */
  readonly keys?: string | undefined
  readonly state?: State | undefined
  readonly needs?: Role | undefined
  /** Below the dashboard. */
  readonly path?: string | undefined
  /** In place of a path. What comes of it is told where it was pressed; null: the palette closes. */
  readonly run?: (() => Promise<string | null> | string | null) | undefined
  readonly search: Searched
  /** Found by this too, without a mark: an address, another word for it. */
  readonly also?: Searched | undefined
}

type Made = Omit<Thing, 'search' | 'also'> & { readonly also?: string }

export const thing = ({ also, ...made }: Made): Thing => ({
  ...made,
  search: searched(made.label),
  ...(also !== undefined && { also: searched(`${made.label} ${also}`) }),
})

export const PAGES: readonly Thing[] = [
  ...PLACES.map(({ path, label, icon, key }) =>
    thing({ id: `page ${path}`, group: 'Pages', label, icon, path, keys: `g ${key}` }),
  ),
  ...(
    [
      ['/activity/requests', 'Live requests', 'activity', 'tail log tap'],
      ['/activity/audit', 'Audit', 'activity', 'who did what'],
      ['/config/history', 'History of the config', 'config', 'revisions rollback undo'],
      ['/config/effective', 'Effective config', 'config', 'defaults'],
      ['/settings/users', 'Users and roles', 'user', 'settings'],
      ['/settings/tokens', 'API tokens', 'key', 'settings'],
      ['/settings/sign-ins', 'Sign-ins', 'lock', 'settings sessions'],
      ['/settings/access', 'Admin access', 'lock', 'settings tls trusted'],
      ['/settings/appearance', 'Appearance', 'theme', 'settings theme dark light density'],
      ['/settings/diagnostics', 'Diagnostics', 'help', 'settings version bundle support'],
      ['/settings/api', 'API documents', 'file', 'settings openapi curl rest'],
    ] as const
  ).map(([path, label, icon, also]) =>
    thing({ id: `page ${path}`, group: 'Pages', label, icon, path, also }),
  ),
]

const STATES: Readonly<Record<string, readonly [State, string]>> = {
  up: ['up', 'up'],
  down: ['down', 'down'],
  unchecked: ['unk', 'unchecked'],
  draining: ['drain', 'draining'],
  maintenance: ['maint', 'maintenance'],
  starting: ['up', 'starting'],
}

/** Of all that is configured, in the order of the file. */
export function configuredThings(names: Names): readonly Thing[] {
  const { backends, rules, listeners, certificates } = names
  return [
    ...backends.map(backendThing),
    ...backends.flatMap(({ name: backend, servers }) => servers.map((one) => serverThing(backend, one))),
    ...rules.map((name) =>
      thing({
        ...{ id: `rule ${name}`, group: 'Rules', icon: 'rules', label: name, hint: 'rule' },
        path: `/rules?edit=${segment(name)}`,
      }),
    ),
    ...listeners.map((name) =>
      thing({
        ...{ id: `listener ${name}`, group: 'Listeners', icon: 'listeners', label: name, hint: 'listener' },
        path: `/listeners/${segment(name)}`,
      }),
    ),
    ...certificates.map((name) =>
      thing({
        ...{ id: `certificate ${name}`, group: 'Certificates', icon: 'certificates', label: name },
        hint: 'certificate',
        path: `/certificates/${segment(name)}`,
      }),
    ),
  ]
}

function backendThing({ name, servers }: Names['backends'][number]): Thing {
  const known = servers.filter(({ state }) => state !== null)
  const up = known.filter(
    ({ state }) => state === 'up' || state === 'unchecked' || state === 'starting',
  ).length
  const isSick = known.length > 0 && up < known.length
  return thing({
    ...{ id: `backend ${name}`, group: 'Backends', icon: 'backends', label: name },
    path: `/backends/${segment(name)}`,
    hint: !isSick ? 'backend' : up === 0 ? 'backend · down' : `backend · ${up} of ${known.length} up`,
    state: !isSick ? undefined : up === 0 ? 'down' : 'warn',
  })
}

type Server = Names['backends'][number]['servers'][number]

const serverPath = (backend: string, { name }: Server): string =>
  `/backends/${segment(backend)}/servers/${segment(name)}`

function serverThing(backend: string, server: Server): Thing {
  const [state, word] = STATES[server.state ?? ''] ?? [undefined, undefined]
  const isWell = state === undefined || state === 'up'
  return thing({
    ...{ id: `server ${backend} ${server.name}`, group: 'Servers', icon: 'backends', label: server.name },
    also: `${backend} ${server.url}`,
    hint: isWell ? `server of ${backend}` : `server of ${backend} · ${word}`,
    state: isWell ? undefined : state,
    path: serverPath(backend, server),
  })
}

/** What is ordered of a server: the word, others for it, and the label. */
const ORDERS = [
  { order: 'drain', words: ['drain'], shape: 'drain', label: (name: string) => `Drain ${name}…` },
  {
    ...{ order: 'maintenance', words: ['maintenance', 'maint'], shape: 'maint' },
    label: (name: string) => `Take ${name} into maintenance…`,
  },
  {
    ...{ order: 'ready', words: ['ready', 'undrain', 'enable'], shape: 'up' },
    label: (name: string) => `Make ${name} ready…`,
  },
  { order: 'check', words: ['check'], shape: null, label: (name: string) => `Check ${name} now` },
] as const satisfies readonly {
  readonly order: string
  readonly words: readonly string[]
  readonly shape: State | null
  readonly label: (name: string) => string
}[]
export type OrderWord = (typeof ORDERS)[number]['order']

/** Told by what was typed: only who types (the beginning of) an order's word wants its servers. */
const LEAST_LETTERS = 2

/**
 * Orders to servers that the words name: an order by its beginning, and servers by the other words; `check`
 * is run at once, the others are asked about where the server is.
 */
export function orderThings(
  names: Names,
  query: string,
  check: (backend: string, server: string) => Thing['run'],
): readonly Thing[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return ORDERS.flatMap((row) => {
    const at = words.findIndex(
      (word) => word.length >= LEAST_LETTERS && row.words.some((known) => known.startsWith(word)),
    )
    if (at < 0) return []
    return names.backends.flatMap(({ name: backend, servers }) =>
      servers
        .filter((server) => isOpenTo(row.order, server))
        .map((server) =>
          thing({
            ...{ id: `${row.order} ${backend} ${server.name}`, group: 'Actions', icon: 'refresh' },
            ...(row.shape !== null && { shape: row.shape }),
            ...{ label: row.label(server.name), needs: 'operator', hint: `of ${backend}` },
            also: `${row.words.join(' ')} ${backend} ${server.url}`,
            ...(row.order === 'check'
              ? { run: check(backend, server.name) }
              : { path: `${serverPath(backend, server)}?order=${row.order}` }),
          }),
        ),
    )
  })
}

/** Whether it would change something. */
function isOpenTo(order: OrderWord, { state }: Server): boolean {
  if (order === 'ready') return state === 'draining' || state === 'maintenance'
  if (order === 'drain') return state !== 'draining' && state !== 'maintenance'
  return order !== 'maintenance' || state !== 'maintenance'
}

export interface Found {
  readonly thing: Thing
  readonly marks: readonly Range[]
}

/** Those that the query names, what can be done first; the best of each before the others. */
export function foundIn(things: readonly Thing[], query: string): readonly Found[] {
  const words = wordsOf(query)
  const found: { thing: Thing; match: Match; at: number }[] = []
  for (const [at, one] of things.entries()) {
    const match = matchOf(words, one.search) ?? matchedBeside(words, one)
    if (match !== null) found.push({ thing: one, match, at })
  }
  const rank = ({ group }: Thing): number => (group === 'Actions' ? 0 : 1)
  found.sort((a, b) => rank(a.thing) - rank(b.thing) || worth(b) - worth(a) || a.at - b.at)
  return found.map(({ thing: one, match }) => ({ thing: one, marks: match.marks }))
}

/** Of places the shorter name wins where two match alike; what can be done stays in its order. */
const worth = ({ thing: { group, label }, match }: { thing: Thing; match: Match }): number =>
  group === 'Actions' ? match.score : match.score - label.length / 100

function matchedBeside(words: readonly Searched[], { also, label }: Thing): Match | null {
  const match = also === undefined ? null : matchOf(words, also, true)
  if (match === null) return null
  // What is found outside the label is worth less, and only what is in it can be marked.
  const marks = match.marks.filter(([, to]) => to <= label.length)
  return { score: match.score / 2, marks }
}
