// Lists that are too long, told before what is in them is looked at: that would take long, and tell nothing
// that helps.
import { BackendOptions } from '../backends/backend.options.ts'
import type { Problems } from './problem.ts'
import { ConfigOptions } from './schema.ts'
import type { MapTree, Path, Tree } from './tree.ts'

/** Reports long lists of a config in the long form; false when there was one. */
export function countItems(tree: MapTree, problems: Problems): boolean {
  const backends = tree.entries.get('backends')?.value
  const servers = backends?.is === 'map' ? [...backends.entries] : []
  const lists: (readonly [Path, Tree | undefined, number | undefined])[] = [
    [['rules'], tree.entries.get('rules')?.value, ConfigOptions.properties.rules.maxItems],
    ...servers.map(
      ([name, { value }]) =>
        [
          ['backends', name, 'servers'],
          value.is === 'map' ? value.entries.get('servers')?.value : undefined,
          BackendOptions.properties.servers.maxItems,
        ] as const,
    ),
  ]
  let isGood = true
  for (const [path, list, most = Number.POSITIVE_INFINITY] of lists) {
    if (list?.is !== 'list' || list.items.length <= most) continue
    const found = `${list.items.length} items`
    problems.add({ code: 'wrong-value', at: list.at, path, found, allowed: `at most ${most}` })
    isGood = false
  }
  return isGood
}
