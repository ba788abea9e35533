// Finds the route of a request: by segments, a literal one before a parameter, and that before all that
// follows.
import { isBranch, type Route } from './route.ts'

export interface FoundPath {
  /** By method. */
  readonly routes: ReadonlyMap<string, Route>
  /** Decoded but for what a branch has, in the order of the path. */
  readonly params: readonly string[]
}

class Node {
  readonly literal = new Map<string, Node>()
  parameter: Node | null = null
  /** For whatever follows. */
  branch: Node | null = null
  readonly routes = new Map<string, Route>()
}

export class RouteTable {
  readonly routes: readonly Route[]
  readonly #root = new Node()

  /** Throws when two routes are the same. */
  constructor(routes: readonly Route[]) {
    this.routes = routes
    for (const route of routes) this.#add(route)
  }

  /** What there is at a path; null: nothing. */
  at(pathname: string): FoundPath | null {
    return find(this.#root, pathname.slice(1).split('/'), 0, [])
  }

  #add(route: Route): void {
    let node = this.#root
    const segments = route.path.slice(1).split('/')
    for (const segment of isBranch(route) ? segments.slice(0, -1) : segments) {
      const next = isParameter(segment)
        ? (node.parameter ??= new Node())
        : (node.literal.get(segment) ?? new Node())
      if (!isParameter(segment)) node.literal.set(segment, next)
      node = next
    }
    if (isBranch(route)) node = node.branch ??= new Node()
    if (node.routes.has(route.method)) throw new Error(`two routes: ${route.method} ${route.path}`)
    node.routes.set(route.method, route)
  }
}

function find(
  node: Node,
  segments: readonly string[],
  at: number,
  params: readonly string[],
): FoundPath | null {
  const segment = segments[at]
  if (segment === undefined) return node.routes.size === 0 ? null : { routes: node.routes, params }
  const literal = node.literal.get(segment)
  const found =
    (literal === undefined ? null : find(literal, segments, at + 1, params)) ??
    findByName(node, segments, at, params)
  if (found !== null || node.branch === null) return found
  return { routes: node.branch.routes, params: [...params, segments.slice(at).join('/')] }
}

function findByName(
  { parameter }: Node,
  segments: readonly string[],
  at: number,
  params: readonly string[],
): FoundPath | null {
  const name = parameter === null ? null : decode(segments[at] ?? '')
  if (parameter === null || name === null || name === '') return null
  return find(parameter, segments, at + 1, [...params, name])
}

/** The parameters of a route by name, from those that were found in order. */
export function paramsOf({ path }: Route, values: readonly string[]): Record<string, string> {
  const names = path.split('/').filter(isParameter)
  return Object.fromEntries(
    names.map((name, index) => [name.slice(1, -1).replace('...', ''), values[index] ?? '']),
  )
}

const isParameter = (segment: string): boolean => segment.startsWith('{')

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
