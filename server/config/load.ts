// A file → checked words, or every problem with it. Called for the start, each reload, `check`, and each
// edit.
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { readBounded } from '../lib/read-bounded.ts'
import { countItems } from './count-items.ts'
import { checkConfig } from './check.ts'
import { hasOnly } from './filled-in.ts'
import { asSpelt, inOwnKeys } from './older-keys.ts'
import { namesOnly, type PathRule } from './named-paths.ts'
import { type Finding, type Problem, Problems } from './problem.ts'
import { readTree } from './read.ts'
import { type Config, ConfigOptions } from './schema.ts'
import type { SchemaNode } from './schema-node.ts'
import { isShort, shortPath, toLong } from './short.ts'
import { type Env, type ReadFile, type Sources, substitute } from './substitute.ts'
import { Lines, locate, type MapTree } from './tree.ts'
import { walk } from './walk.ts'
import { whyUnread } from './why-unread.ts'
import type { Machine, World } from './world.ts'

export interface LoadedConfig {
  readonly ok: true
  readonly config: Config
  /** The same as it is written, in the long form and by our keys. */
  readonly tree: MapTree
  readonly warnings: readonly Problem[]
  /** The file as it is. */
  readonly text: string
  /** SHA-256 of the file's bytes, in hexadecimal. */
  readonly hash: string
  /** Absolute paths of files that ${file:…} names, and of certificates and their keys. */
  readonly files: readonly string[]
  /** What was found later, with its places in the file, and in its order. */
  readonly problemsAt: (found: readonly Omit<Finding, 'at' | 'end'>[]) => readonly Problem[]
}

export interface RefusedConfig {
  readonly ok: false
  /** Errors only, in the order of the file. */
  readonly problems: readonly Problem[]
}

/** What a config is read in: our own machine unless said otherwise. */
interface Around {
  readonly readFile?: ReadFile
  readonly nowMs?: number
  /** Asked whether it has what the config needs; null: it is not asked. */
  readonly machine?: Machine | null
  readonly goodPairs?: World['goodPairs']
  /** As `${…}` has them: all that may be filled in; null: whatever is named. */
  readonly fillsOnly?: ReadonlySet<string> | null
  /** Files and sockets that may be named; null: whatever is. */
  readonly namesOnly?: PathRule | null
}

// oxlint-disable-next-line no-restricted-properties -- only where no time was given: certificates are held against it
const wallMs = (): number => Date.now()

const FILE_BYTES_MAX = 16 * 1024 * 1024

/**
 * Reads and checks a config file; never throws. Of a machine it is asked whether it has what the config
 * needs.
 */
export function loadConfig(file: string, env: Env, around: Around = {}): LoadedConfig | RefusedConfig {
  const { readFile = readBounded } = around
  let bytes: Uint8Array
  try {
    bytes = readFile(file, FILE_BYTES_MAX)
  } catch (error) {
    return refuse(file, { found: whyUnread(error), allowed: 'a file that can be read' })
  }
  return parseConfig(file, bytes, env, around)
}

/** Checks the bytes of a config file, as if they stood in `file`; never throws. */
export function parseConfig(
  file: string,
  bytes: Uint8Array,
  env: Env,
  {
    readFile = readBounded,
    nowMs = wallMs(),
    machine = null,
    goodPairs = null,
    fillsOnly = null,
    namesOnly: paths = null,
  }: Around = {},
): LoadedConfig | RefusedConfig {
  if (bytes.length > FILE_BYTES_MAX)
    return refuse(file, { found: `${bytes.length} bytes`, allowed: `at most ${FILE_BYTES_MAX} bytes` })
  const text = decode(bytes)
  if (text === null) {
    const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const hint = isWide ? 'it is UTF-16: save it as UTF-8' : null
    const found = { found: 'bytes that are no UTF-8', allowed: 'text in UTF-8', hint }
    return isWide ? refuse(file, found) : refuse(file, found, firstUnread(bytes))
  }
  const lines = new Lines(file, text)
  const problems = new Problems(lines)
  const folder = dirname(resolve(file))
  const world = { folder, env, readFile, nowMs, machine, goodPairs, fillsOnly, paths }
  const checked = checkText(text, lines, world, problems)
  if (checked === null || problems.hasErrors) return { ok: false, problems: problems.sorted() }
  const { config, tree, files } = checked
  const hash = createHash('sha256').update(bytes).digest('hex')
  const problemsAt: LoadedConfig['problemsAt'] = (found) => {
    const later = new Problems(lines)
    later.writtenPath = problems.writtenPath
    for (const one of found) later.add({ ...one, ...locate(tree, one.path) })
    return later.sorted()
  }
  return { ok: true, config, tree, warnings: problems.sorted(), text, hash, files, problemsAt }
}

interface CheckedText {
  readonly config: Config
  readonly tree: MapTree
  readonly files: readonly string[]
}

function checkText(
  text: string,
  lines: Lines,
  sources: Sources & World & { readonly paths: PathRule | null },
  problems: Problems,
): CheckedText | null {
  const written = readTree(text, lines, problems)
  if (written === null) return null
  const { fillsOnly = null } = sources
  // Nothing is read of what may not be named: a message of what is wrong with it would tell what it is.
  if (fillsOnly !== null && !hasOnly(fillsOnly, text, problems)) return null
  // The short form becomes the long one before anything is put in place: it only moves what was written.
  const long = longForm(written, problems)
  if (long === null || !countItems(long, problems)) return null
  // Without a "${" there is nothing to put in place; an escape may stand for one of its characters.
  const files = /\$\{|\\/.test(text) ? substituteIn(written, sources, problems) : []
  const { tree, respelt } = inOwnKeys(ConfigOptions as SchemaNode, long, problems)
  problems.writtenPath = asSpelt(respelt, problems.writtenPath)
  // The walk gives the schema's type, also where it found problems.
  const config = walk(ConfigOptions as SchemaNode, tree, sources.folder, problems) as Config
  // Nothing is read or asked of the machine before.
  const whole = { schema: ConfigOptions as SchemaNode, config, tree }
  if (sources.paths !== null && !namesOnly(sources.paths, whole, problems)) return null
  const named = checkConfig(config, tree, problems, sources)
  return { config, tree, files: [...new Set([...files, ...named])] }
}

/** Its problems have paths as written already. */
function substituteIn(written: MapTree, sources: Sources, problems: Problems): readonly string[] {
  const { writtenPath } = problems
  problems.writtenPath = (path) => path
  const files = substitute(written, sources, problems)
  problems.writtenPath = writtenPath
  return files
}

function longForm(written: MapTree, problems: Problems): MapTree | null {
  if (!isShort(written)) return written
  const tree = toLong(written, problems)
  problems.writtenPath = shortPath(written)
  return tree
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

interface Place {
  readonly text: string
  readonly at: number
}

/** Where the first byte stands that is no UTF-8, in the text as far as it can be read. */
function firstUnread(bytes: Uint8Array): Place {
  const text = new TextDecoder('utf-8').decode(bytes)
  const signs = Buffer.from(bytes)
  let offset = signs.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? 3 : 0
  for (let from = 0, at = text.indexOf('\ufffd'); at >= 0; from = at, at = text.indexOf('\ufffd', at + 1)) {
    offset += Buffer.byteLength(text.slice(from, at))
    // The sign for what cannot be read may stand in the file itself.
    if (signs.toString('latin1', offset, offset + 3) !== '\xef\xbf\xbd') return { text, at }
  }
  return { text, at: 0 }
}

function refuse(
  file: string,
  said: Pick<Finding, 'found' | 'allowed' | 'hint'>,
  { text, at }: Place = { text: '', at: 0 },
): RefusedConfig {
  const problems = new Problems(new Lines(file, text))
  problems.add({ code: 'file', at, path: [], ...said })
  return { ok: false, problems: problems.sorted() }
}
