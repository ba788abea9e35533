// What a config means after edits that are so small that nobody has to read it again: weights of servers. A
// large one would be checked for a second, where the answer is known.
import { ServerOptions } from '../../backends/server.options.ts'
import { partsOf } from '../../config/edit/edit.ts'
import { type Edit, isList, type Value, valueAt } from '../../config/edit/values.ts'
import type { Config } from '../../config/schema.ts'

const { minimum: LEAST = 0, maximum: MOST = 0 } = ServerOptions.properties.weight

/** Null: it is to be read and checked. `before`: what is written, which `config` was made of. */
export function derivedConfig(config: Config, before: Value, edits: readonly Edit[]): Config | null {
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
