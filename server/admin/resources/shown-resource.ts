// A resource as a document: as it is written, as it takes effect with every default, where it stands in the
// file, and how it fares.
import type { Config } from '../../config/schema.ts'
import { shownAsWritten, shownConfig } from '../../config/shown.ts'
import { listAt, mapAt, type MapTree, type Path, type Tree, treeAt } from '../../config/tree.ts'
import { redactedText } from '../../control/store/redacted.ts'
import { type KnownConfig, tagAt } from './known-config.ts'
import type { Collection } from './resource.ts'

type Section = 'listeners' | 'certificates' | 'backends' | 'rules'

/** The whole document of what stands at a path. */
export function resourceDocument(
  known: KnownConfig,
  { kind, path: list }: Collection,
  { id, path, live }: { readonly id: string; readonly path: Path; readonly live: object | null },
): object {
  const { file: _, ...place } = known.place(path)
  return {
    id,
    ...(kind === 'servers' ? { backend: list[1] } : { name: id }),
    ...(typeof path.at(-1) === 'number' && { index: path.at(-1) }),
    etag: tagAt(known, path),
    configured: shownAt(known, path),
    effective: effectiveAt(known, path),
    ...(live !== null && { live }),
    place: { file: known.file, ...place },
  }
}

/** As it is written, without secrets. */
export function shownAt({ tree }: Pick<KnownConfig, 'tree'>, path: Path): unknown {
  const part = withOnly(tree, path)
  return part === null ? undefined : withoutSecretTexts(at(shownAsWritten(part), onlyPath(path)))
}

function effectiveAt({ tree, config }: KnownConfig, path: Path): unknown {
  const [section, name, , server] = path as [Section, string | number, string?, number?]
  const part = withOnly(tree, path)
  if (part === null) return undefined
  const only = { ...config, listeners: {}, certificates: {}, backends: {}, rules: [] } as Config
  const whole = section === 'rules' ? config.rules[Number(name)] : config[section][name]
  const own =
    server === undefined || whole === undefined || !('servers' in whole)
      ? whole
      : { ...whole, servers: [whole.servers[server]] }
  const value = section === 'rules' ? [own] : { [name]: own }
  return withoutSecretTexts(at(shownConfig({ ...only, [section]: value } as Config, part), onlyPath(path)))
}

/** Passwords in URLs, and keys: for whoever reads it. */
function withoutSecretTexts(value: unknown): unknown {
  if (typeof value === 'string') return redactedText(value)
  if (Array.isArray(value)) return value.map(withoutSecretTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecretTexts(item)]))
}

/** A config of one resource: what is asked for one is not made for ten thousand. */
function withOnly(tree: MapTree, path: Path): MapTree | null {
  if (treeAt(tree, path) === null) return null
  const only = (part: Tree, [step, ...rest]: Path): Tree => {
    if (step === undefined) return part
    if (part.is === 'list')
      return listAt(
        part.at,
        part.items.slice(Number(step), Number(step) + 1).map((item) => only(item, rest)),
      )
    const entry = part.is === 'map' ? part.entries.get(String(step)) : undefined
    if (entry === undefined) return part
    return mapAt(part.at, new Map([[String(step), { ...entry, value: only(entry.value, rest) }]]))
  }
  return only(tree, path) as MapTree
}

/** The same path in a config of one resource. */
const onlyPath = (path: Path): Path => path.map((step) => (typeof step === 'number' ? 0 : step))

function at(value: unknown, path: Path): unknown {
  let found = value
  for (const step of path) found = (found as Record<string | number, unknown> | undefined)?.[step]
  return found
}
