// A resource as a document: as it is written, as it takes effect with every default, where it stands in the
// file, and how it fares.
import type { Config } from '../../config/schema.ts'
import { shownAsWritten, shownConfig } from '../../config/shown.ts'
import { type Entry, listAt, mapAt, type MapTree, type Path, type Tree, treeAt } from '../../config/tree.ts'
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
  const part = withOnly(tree, path.slice(0, 2))
  return part === null ? undefined : withoutSecretTexts(at(shownAsWritten(part), onlyPath(path)))
}

function effectiveAt({ tree, config }: KnownConfig, path: Path): unknown {
  const [section, name] = path as [Section, string | number]
  const part = withOnly(tree, path.slice(0, 2))
  if (part === null) return undefined
  const only = { ...config, listeners: {}, certificates: {}, backends: {}, rules: [] } as Config
  const value = section === 'rules' ? [config.rules[Number(name)]] : { [name]: config[section][name] }
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
function withOnly(tree: MapTree, [section = '', name = '']: Path): MapTree | null {
  const entry = tree.entries.get(String(section))
  const holder = entry?.value
  const own = treeAt(tree, [section, name])
  if (entry === undefined || holder === undefined || own === null) return null
  const one = holder.is === 'map' ? holder.entries.get(String(name)) : undefined
  const value: Tree =
    one === undefined ? listAt(holder.at, [own]) : mapAt(holder.at, new Map([[String(name), one]]))
  const only: Entry = { ...entry, value }
  return mapAt(tree.at, new Map([[String(section), only]]))
}

/** The same path in a config of one resource. */
const onlyPath = ([section = '', name = '', ...rest]: Path): Path => [
  section,
  typeof name === 'number' ? 0 : name,
  ...rest,
]

function at(value: unknown, path: Path): unknown {
  let found = value
  for (const step of path) found = (found as Record<string | number, unknown> | undefined)?.[step]
  return found
}
