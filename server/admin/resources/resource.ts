// What a resource of the config is: a listener, a certificate, a backend, one of its servers, a rule. Each is
// named in paths as `backends/api` or `backends/api/servers/api-3`.
import type { Config } from '../../config/schema.ts'
import { isList, isMap, type Value, valueAt } from '../../config/edit/values.ts'
import type { Path } from '../../config/tree.ts'
import { isCalledByUrl } from '../../lib/server-url.ts'

/** Lists of resources: maps by name, or lists whose items are known by their name or URL. */
export type Kind = 'listeners' | 'certificates' | 'backends' | 'rules' | 'servers'

export const NOUNS: Readonly<Record<Kind, string>> = {
  listeners: 'listener',
  certificates: 'certificate',
  backends: 'backend',
  rules: 'rule',
  servers: 'server',
}

/** A list of resources. */
export interface Collection {
  readonly kind: Kind
  /** Of the list or map itself, in the long form. */
  readonly path: Path
  /** `backends/api/servers`. */
  readonly name: string
}

export interface Resource extends Collection {
  readonly id: string
}

export const collectionOf = (kind: Exclude<Kind, 'servers'>): Collection => ({
  kind,
  path: [kind],
  name: kind,
})

export const serversOf = (backend: string): Collection => ({
  kind: 'servers',
  path: ['backends', backend, 'servers'],
  name: `backends/${encodeURIComponent(backend)}/servers`,
})

export const isListed = ({ kind }: Pick<Collection, 'kind'>): boolean =>
  kind === 'rules' || kind === 'servers'

/** `backends/api/servers/a%3A80`, or the list alone; null: there is no such. */
export function readResource(name: string): (Collection & { readonly id: string | null }) | null {
  const steps = name
    .replace(/^\/+|\/+$/g, '')
    .split('/')
    .map(decoded)
  if (steps.includes(null)) return null
  const [kind = '', id, below, server, ...more] = steps as string[]
  if (more.length > 0 || (below !== undefined && (kind !== 'backends' || below !== 'servers'))) return null
  if (kind !== 'listeners' && kind !== 'certificates' && kind !== 'backends' && kind !== 'rules') return null
  if (below === undefined) return { ...collectionOf(kind), id: id ?? null }
  return { ...serversOf(id ?? ''), id: server ?? null }
}

function decoded(step: string): string | null {
  try {
    return decodeURIComponent(step)
  } catch {
    return null
  }
}

/** The ids of a list, in its order. */
export function idsOf(value: Value, { path }: Pick<Collection, 'path'>): string[] {
  const list = valueAt(value, path)
  if (isMap(list)) return [...list.keys()].filter((key) => !key.startsWith('x-'))
  return isList<Value>(list) ? list.map(idOf) : []
}

/** An item by its name, a server without one by its URL. */
function idOf(item: Value): string {
  const name = valueAt(item, ['name']) ?? valueAt(item, ['url'])
  return typeof name === 'string' ? name : ''
}

/** Of a server also its address alone. */
const isCalled = (item: Value, id: string): boolean => {
  const url = valueAt(item, ['url'])
  return idOf(item) === id || (typeof url === 'string' && isCalledByUrl(url, id))
}

/** Where a resource stands; null: there is none of that name. `config`: for URLs that come from variables. */
export function pathOf(
  value: Value,
  { kind, path, id }: Resource,
  config: Config | null = null,
): Path | null {
  const list = valueAt(value, path)
  if (isMap(list)) return list.has(id) && !id.startsWith('x-') ? [...path, id] : null
  if (!isList<Value>(list)) return null
  const named = list.findIndex((item) => idOf(item) === id)
  const index = named >= 0 || kind === 'rules' ? named : list.findIndex((item) => isCalled(item, id))
  if (index >= 0) return [...path, index]
  const filledIn = kind === 'servers' && config !== null ? effectiveIndex(config, String(path[1]), id) : -1
  return filledIn >= 0 && filledIn < list.length ? [...path, filledIn] : null
}

function effectiveIndex({ backends }: Config, backend: string, id: string): number {
  const servers = Object.hasOwn(backends, backend) ? backends[backend]?.servers : undefined
  return servers?.findIndex(({ name, url }) => (name ?? url) === id || isCalledByUrl(url, id)) ?? -1
}

/** What names a resource, so that it cannot go: `rules/all`. */
export function usersOf(value: Value, { kind, id }: Pick<Resource, 'kind' | 'id'>): readonly Use[] {
  return kind === 'rules' || kind === 'servers'
    ? []
    : [...ofRules(value, kind, id), ...ofListeners(value, kind, id)]
}

/** A place that names a resource. */
export interface Use {
  /** `rules/all`. */
  readonly by: string
  readonly path: Path
}

function* ofRules(value: Value, kind: Kind, id: string): Generator<Use> {
  const rules = valueAt(value, ['rules'])
  for (const [index, rule] of (isList<Value>(rules) ? rules : []).entries()) {
    const by = `rules/${encodeURIComponent(idOf(rule))}`
    const names: Path[] =
      kind === 'backends' ? [['backend']] : kind === 'listeners' ? [['listener'], ['match', 'listener']] : []
    for (const path of names) yield* usesIn(rule, path, id, { by, path: ['rules', index] })
    if (kind === 'backends') yield* ofSteps(rule, id, { by, path: ['rules', index] })
  }
}

/** Steps that ask a backend themselves. */
function* ofSteps(rule: Value, id: string, at: Use): Generator<Use> {
  const steps = valueAt(rule, ['middleware'])
  for (const [place, step] of (isList<Value>(steps) ? steps : []).entries()) {
    yield* usesIn(rule, ['middleware', place, 'forward_auth', 'backend'], id, at)
    const pages = valueAt(step, ['error_pages', 'pages'])
    for (const page of (isList<Value>(pages) ? pages : []).keys())
      yield* usesIn(rule, ['middleware', place, 'error_pages', 'pages', page, 'backend'], id, at)
  }
}

function* ofListeners(value: Value, kind: Kind, id: string): Generator<Use> {
  const listeners = valueAt(value, ['listeners'])
  const names: Path[] =
    kind === 'backends' ? [['backend']] : kind === 'certificates' ? [['certificates']] : [['turn']]
  if (isMap(listeners))
    for (const [name, listener] of listeners)
      for (const path of names)
        yield* usesIn(listener, path, id, {
          by: `listeners/${encodeURIComponent(name)}`,
          path: ['listeners', name],
        })
}

/** One name or a list of them. */
function* usesIn(holder: Value, path: Path, id: string, at: Use): Generator<Use> {
  const named = valueAt(holder, path)
  if (named === id) yield { ...at, path: [...at.path, ...path] }
  if (isList<Value>(named))
    for (const [index, one] of named.entries())
      if (one === id) yield { ...at, path: [...at.path, ...path, index] }
}
