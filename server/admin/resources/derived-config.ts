// What a config means after an edit, where not all of it has to be read again: weights of servers, and in a
// large config rules and backends. It would be checked for a second, most of it as it was before.
import { ServerOptions } from '../../backends/server.options.ts'
import { partsOf } from '../../config/edit/edit.ts'
import { type Edit, isList, type Value, valueAt } from '../../config/edit/values.ts'
import { changedParts } from '../../config/changed-parts.ts'
import { partCheckSteps } from '../../config/part-check.ts'
import type { Config } from '../../config/schema.ts'
import type { Steps } from '../../lib/slices.ts'
import type { KnownConfig } from './known-config.ts'

const { minimum: LEAST = 0, maximum: MOST = 0 } = ServerOptions.properties.weight

/** What an edit makes of a config. */
export interface Derived {
  readonly config: Config
  /** What of it nobody has compiled yet; null: nothing could stand against it. */
  readonly added: Config | null
}

export interface DerivedFrom {
  readonly known: Pick<KnownConfig, 'file' | 'text' | 'config' | 'value'>
  readonly edits: readonly Edit[]
  /** What is to be written then. */
  readonly after: Value
  readonly nowMs: number
}

/** A smaller one is read and checked as quickly, and warnings of all of it are told. */
const LARGE_CHARS = 64 * 1024

/** Null: it is to be read and checked. In short turns. */
export function* derivedSteps({ known, edits, after, nowMs }: DerivedFrom): Steps<Derived | null> {
  const { config, value, text, file } = known
  const weighed = weighedConfig(config, value, edits)
  if (weighed !== null) return { config: weighed, added: null }
  if (text.length < LARGE_CHARS) return null
  const counts = { rules: config.rules.length, backends: Object.keys(config.backends).length }
  const parts = changedParts(value, after, counts)
  return parts && (yield* partCheckSteps({ config, parts, file, nowMs }))
}

/** Null: it is about more than weights. `before`: what is written, which `config` was made of. */
function weighedConfig(config: Config, before: Value, edits: readonly Edit[]): Config | null {
  const changed = new Map<string, Config['backends'][string]>()
  for (const part of edits.flatMap((edit) => partsOf(edit, () => before))) {
    const [section, name, list, index, key, ...more] = part.path
    const isWeight = section === 'backends' && list === 'servers' && key === 'weight' && more.length === 0
    if (part.do !== 'set' || !isWeight || !isWithin(part.to)) return null
    const id = String(name)
    const own = Object.hasOwn(config.backends, id) ? config.backends[id] : undefined
    const backend = changed.get(id) ?? own
    const server = typeof index === 'number' ? backend?.servers[index] : undefined
    const written = valueAt(before, ['backends', id, 'servers'])
    if (backend === undefined || server === undefined || !isList<Value>(written)) return null
    if (written.length !== backend.servers.length) return null
    const servers = backend.servers.with(Number(index), { ...server, weight: part.to })
    // Not a single one: that is a problem, with a place in the file.
    if (servers.every(({ weight }) => weight === 0)) return null
    changed.set(id, { ...backend, servers })
  }
  const backends = { ...config.backends, ...Object.fromEntries(changed) }
  return changed.size === 0 ? null : { ...config, backends }
}

const isWithin = (weight: unknown): weight is number =>
  Number.isInteger(weight) && (weight as number) >= LEAST && (weight as number) <= MOST
