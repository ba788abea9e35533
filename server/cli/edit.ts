// sluice edit: the text of a config file with one setting changed, and all else as it stands.
import { isCollection, isScalar, parseDocument } from 'yaml'
import { edit as editText } from '../config/edit.ts'
import { parseConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Plain } from '../config/spell.ts'
import { readPath } from '../config/tree.ts'
import { whyUnread } from '../config/why-unread.ts'
import { readBounded } from '../lib/read-bounded.ts'
import { readArgs } from './args.ts'
import { findConfigFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints a config file with one setting changed and all else, comments included, as it stands. The file itself is not touched.

Usage: sluice edit [-c FILE] PATH VALUE
       sluice edit [-c FILE] --remove PATH

  -c, --config FILE  the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --remove       take the setting, or the item of a list, out
  -h, --help         this text

PATH is written as problems write it: backends.api.servers[0].weight. The place behind the last item of a list adds one.
What would hold the setting and is not there yet comes with it.
VALUE is YAML: 5, text, [a, b], { url: "http://10.0.0.1:80" }. What could not be changed alone, or would be no valid config, is refused.
Exit code: 0 printed; 1 refused, or the file cannot be read; 2 wrong usage.
`

const FILE_BYTES_MAX = 16 * 1024 * 1024

/** Prints the changed text. */
export async function edit(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, {
    options: { config: { short: 'c', takes: 'value' }, remove: { takes: 'flag' } },
    words: { min: 1, max: 2, wanted: 'the path of a setting' },
  })
  if ('problem' in read) return usageLine('edit', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const [path = '', value] = read.words
  const isRemoving = read.flag('remove')
  if (isRemoving !== (value === undefined))
    return usageLine('edit', isRemoving ? 'a value beside --remove' : 'the value is missing', io)
  const to = value === undefined ? null : plainOf(value)
  if (to === undefined) return usageLine('edit', `"${value}" is no value in YAML`, io)
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found || found.file === null)
    return refuse('problem' in found ? found.problem : NO_FILE, io)
  return change(found.file, { path: readPath(path), to }, io)
}

function change(
  file: string,
  wanted: { path: readonly (string | number)[]; to: Plain | null },
  io: Io,
): number {
  let whole: string
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    whole = decoder.decode(readBounded(file, FILE_BYTES_MAX))
  } catch (error) {
    return refuse(`${file} cannot be read: ${whyUnread(error)}`, io)
  }
  const mark = whole.startsWith('\uFEFF') ? '\uFEFF' : ''
  const edited = editText(file, whole.slice(mark.length), wanted)
  if ('refused' in edited) return refuse(edited.refused, io)
  const loaded = parseConfig(file, Buffer.from(edited.text), io.env)
  if (loaded.ok) {
    io.stdout(mark + edited.text)
    return 0
  }
  for (const problem of loaded.problems) io.stderr(`${formatProblem(problem)}\n`)
  return refuse('with this change the config would not be valid', io)
}

function refuse(why: string, io: Io): number {
  io.stderr(`sluice edit: ${why}\n`)
  return 1
}

/** What a text means as YAML; undefined: nothing that may stand in a config. */
function plainOf(text: string): Plain | undefined {
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors.length > 0 || !(isScalar(document.contents) || isCollection(document.contents)))
    return undefined
  const value: unknown = document.toJS()
  return isPlain(value) ? value : undefined
}

function isPlain(value: unknown): value is Plain {
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isPlain)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
