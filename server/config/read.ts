// Text → tree. The name of the file tells its format.
import { extname } from 'node:path'
import type { Problems } from './problem.ts'
import { spell } from './spell.ts'
import { readToml } from './read-toml.ts'
import { readYaml } from './read-yaml.ts'
import { wholeSlip } from './yaml-slip.ts'
import type { Lines, MapTree } from './tree.ts'

/** Reads a file by its ending (.toml, or else YAML, of which JSON is a part); null after problems. */
export function readTree(text: string, lines: Lines, problems: Problems): MapTree | null {
  const ending = extname(lines.file).toLowerCase()
  const tree =
    ending === '.toml' ? readToml(text, lines, problems) : readYaml(text, problems, ending === '.json')
  if (tree === null) return null
  const isEmpty = tree.is === 'scalar' ? tree.value === null : tree.is === 'map' && tree.entries.size === 0
  if (!isEmpty && tree.is === 'map') return withoutEditorsKey(tree)
  const slip = tree.is === 'scalar' && ending !== '.toml' && ending !== '.json' ? wholeSlip(text) : null
  if (slip !== null) {
    problems.add({ code: 'syntax', path: [], ...slip })
    return null
  }
  problems.add({
    code: 'file',
    at: isEmpty ? 0 : tree.at,
    path: [],
    found: isEmpty ? 'nothing in the file' : tree.is === 'list' ? 'a list' : 'a single value',
    allowed: 'a map with listeners, rules and backends',
    hint: `the least is ${spell(LEAST, problems.syntax)}`,
  })
  return null
}

const LEAST = { listen: '0.0.0.0:8080', backends: [{ url: 'http://HOST:PORT' }] }

/** JSON files tell editors their schema by a key. */
function withoutEditorsKey(tree: MapTree): MapTree {
  const entries = new Map(tree.entries)
  entries.delete('$schema')
  return { ...tree, entries }
}
