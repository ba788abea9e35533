// The files that plugins are made of: a change of one is a change of the config. What they import by a
// relative path is followed; packages are taken as they were when the plugin was read.
import { dirname, extname } from 'node:path'
import { readBounded } from '../../lib/read-bounded.ts'

const FILE_BYTES_MAX = 1_048_576
/** Of all plugins together; what is behind that is not followed. */
const FILES_MAX = 1000

const LOADERS: Readonly<Record<string, 'ts' | 'tsx' | 'jsx'>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.jsx': 'jsx',
}

/** Their texts by path; null: it cannot be read. */
export function pluginInputs(files: Iterable<string>): Map<string, string | null> {
  const found = new Map<string, string | null>()
  const open = [...files]
  for (let file = open.pop(); file !== undefined && found.size < FILES_MAX; file = open.pop()) {
    if (found.has(file)) continue
    const text = textOf(file)
    found.set(file, text)
    if (text !== null) open.push(...importedBy(file, text))
  }
  return found
}

function textOf(file: string): string | null {
  try {
    return new TextDecoder().decode(readBounded(file, FILE_BYTES_MAX))
  } catch {
    return null
  }
}

function importedBy(file: string, text: string): string[] {
  try {
    const loader = LOADERS[extname(file)] ?? 'js'
    const imports = new Bun.Transpiler({ loader }).scanImports(text)
    return imports.flatMap(({ path }) => (/^\.{1,2}\//.test(path) ? resolved(path, dirname(file)) : []))
  } catch {
    return [] // what is wrong with it is told by who bundles it
  }
}

function resolved(path: string, folder: string): string[] {
  try {
    return [Bun.resolveSync(path, folder)]
  } catch {
    return []
  }
}
