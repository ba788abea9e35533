// Files and sockets of the machine that a config names: all that the schema says is a path, or may be that of
// a Unix socket. Whoever is not the gateway's own user names those only that are for it: what is wrong with
// another one would tell whether it is there, and a key of another program would serve as its own.
import type { Problems } from './problem.ts'
import type { SchemaNode } from './schema-node.ts'
import { describe } from './spoken.ts'
import { isStandIn } from './stand-in.ts'
import { type MapTree, type Path, treeAt } from './tree.ts'

/** What may be named. */
export interface PathRule {
  /** Whatever is in them. */
  readonly folders: readonly string[]
  /** Beside that, as `namedPaths` gives them. */
  readonly paths: ReadonlySet<string>
  /** Of what else is named: of somebody who never may, or not without a fresh password. */
  readonly code: 'not-yours' | 'step_up_needed'
}

/** All paths that a config names, which is of this schema. */
export function namedPaths(schema: SchemaNode, config: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  gather(schema, config, [], (path) => found.add(path))
  return found
}

/** Adds a problem for each place that names another path; whether there is none. */
export function namesOnly(
  { folders, paths, code }: PathRule,
  { schema, config, tree }: { readonly schema: SchemaNode; readonly config: unknown; readonly tree: MapTree },
  problems: Problems,
): boolean {
  const told = new Set<string>()
  gather(schema, config, [], (named, path, isCode) => {
    const key = JSON.stringify(path)
    const isWithin =
      !isCode && folders.some((folder) => named === folder || named.startsWith(withSlash(folder)))
    if (isWithin || paths.has(named) || isStandIn(named) || told.has(key)) return
    told.add(key)
    const written = treeAt(tree, path) ?? tree
    // As it is written: what was filled in may be a secret.
    problems.add({ ...ELSEWHERE, code, found: describe(written), at: written.at, end: written.end, path })
  })
  return told.size === 0
}

const withSlash = (folder: string): string => (folder.endsWith('/') ? folder : `${folder}/`)

const ELSEWHERE = {
  allowed:
    'a path in the folder of the config file, in "data" or in one of "admin.files", or one that the config which is served names',
  hint: 'other files and sockets of the machine are for admins to name, with a fresh password',
} as const

type Visit = (named: string, path: Path, isCode: boolean) => void

function gather(schema: SchemaNode, value: unknown, path: Path, visit: Visit): void {
  const named = pathIn(schema, value)
  if (named !== null) visit(named, path, schema.isCode === true)
  // Of several that a value may be of, each is looked at: another one has no path of its name.
  for (const one of schema.anyOf ?? []) gather(one, value, path, visit)
  if (Array.isArray(value)) {
    const { items } = schema
    if (items !== undefined) value.forEach((item, index) => gather(items, item, [...path, index], visit))
  } else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const of = schema.properties?.[key] ?? (schema.additionalProperties || undefined)
      if (of !== undefined) gather(of, item, [...path, key], visit)
    }
}

/** `unix:/path` of a bind, `http://unix:/path` of a server. */
const UNIX = /^(?:[a-z]+:\/\/)?unix:(\/.+)$/

/** The path that a decoded value names; null: it is none. */
function pathIn({ format, takesUnix }: SchemaNode, value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (format === 'path') return value
  return format === 'server-url' || takesUnix === true ? (UNIX.exec(value)?.[1] ?? null) : null
}
