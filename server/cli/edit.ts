// sluice edit: the text of a config file with one setting changed, and all else as it stands.
import { isCollection, isScalar, parseDocument } from 'yaml'
import { editConfig } from '../config/edit/config-edit.ts'
import { type Edited, editText, type EditOptions } from '../config/edit/edit.ts'
import { olderEdits } from '../config/edit/older-edits.ts'
import { toLongText } from '../config/edit/to-long-text.ts'
import { treeIn } from '../config/edit/tree-in.ts'
import type { Edit } from '../config/edit/values.ts'
import { parseConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { isShort } from '../config/short.ts'
import type { Plain } from '../config/spell.ts'
import { readPath, writePath } from '../config/tree.ts'
import { whyUnread } from '../config/why-unread.ts'
import { readBounded } from '../lib/read-bounded.ts'
import { readArgs } from './args.ts'
import { findConfigFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'
import { tested } from './load-file.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints a config file with one setting changed and all else, comments included, as it stands. The file itself is not touched.

Usage: sluice edit [-c FILE] PATH VALUE
       sluice edit [-c FILE] --insert PATH VALUE
       sluice edit [-c FILE] --remove PATH
       sluice edit [-c FILE] --move PATH PLACE
       sluice edit [-c FILE] --rename PATH NAME
       sluice edit [-c FILE] --long

  -c, --config FILE  the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --insert       put a new item into a list at this place; those from there on go one further
      --remove       take the setting, or the item of a list, out
      --move         put an item of a list at another place of it, counted from 0: rules are in order
      --rename       give a key another name; what names it elsewhere stays as it is
      --long         write a config of the short form in the long one
      --reformat     write the whole file anew where it cannot be changed alone: comments stay, its form may not
  -h, --help         this text

PATH is written as problems write it: backends.api.servers[0].weight. The place behind the last item of a list adds one.
What would hold the setting and is not there yet comes with it.
VALUE is YAML: 5, text, [a, b], { url: "http://10.0.0.1:80" }. What could not be changed alone, or would be no valid config, is refused.
Exit code: 0 printed; 1 refused, or the file cannot be read; 2 wrong usage.
`

const FILE_BYTES_MAX = 16 * 1024 * 1024

/** Prints the changed text. */
export async function edit(args: readonly string[], io: Io): Promise<number> {
  const flags = Object.fromEntries(
    [...ACTS, 'long', 'reformat'].map((name) => [name, { takes: 'flag' }] as const),
  )
  const read = readArgs(args, {
    options: { config: { short: 'c', takes: 'value' }, ...flags },
    words: { min: args.includes('--long') ? 0 : 1, max: 2, wanted: 'the path of a setting' },
  })
  if ('problem' in read) return usageLine('edit', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const acts = [...ACTS, 'long' as const].filter((name) => read.flag(name))
  if (acts.length > 1) return usageLine('edit', `--${acts[0]} and --${acts[1]} exclude each other`, io)
  const wanted = acts[0] === 'long' ? longWanted(read.words) : wantedOf(read.words, acts[0] ?? 'set')
  if (typeof wanted === 'string') return usageLine('edit', wanted, io)
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found || found.file === null)
    return refuse('problem' in found ? found.problem : NO_FILE, io)
  return change(found.file, wanted, { mayReformat: read.flag('reformat') }, io)
}

const ACTS = ['insert', 'remove', 'move', 'rename'] as const

/** Null: the long form is wanted. A text: why it is not understood. */
const longWanted = (words: readonly string[]): null | string =>
  words.length > 0 ? 'a path beside --long' : null

/** What is wanted of a path and the word behind it; a text: why it is not understood. */
function wantedOf([given = '', word]: readonly string[], act: Edit['do']): Edit | string {
  const path = readPath(given)
  if (act === 'remove') return word === undefined ? { do: act, path } : 'a value beside --remove'
  if (word === undefined)
    return act === 'move'
      ? 'the place is missing'
      : act === 'rename'
        ? 'the new name is missing'
        : 'the value is missing'
  if (act === 'rename') return { do: act, path, to: word }
  if (act === 'move')
    return /^[0-9]{1,6}$/.test(word)
      ? { do: act, path, to: Number(word) }
      : `"${word}" is no place: write 0 for the first`
  const to = plainOf(word)
  return to === undefined ? `"${word}" is no value in YAML` : { do: act, path, to }
}

const NOT_VALID_BEFORE =
  'the config is not valid without this change either: lines are those of the changed text, "sluice check" tells those of the file'

function change(file: string, wanted: Edit | null, options: EditOptions, io: Io): number {
  let text: string
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    text = decoder.decode(readBounded(file, FILE_BYTES_MAX))
  } catch (error) {
    return refuse(`${file} cannot be read: ${whyUnread(error)}`, io)
  }
  const edited = wanted === null ? toLongText(file, text) : editAsked(file, text, wanted, options)
  if ('refused' in edited) return refuse(edited.refused, io)
  const loaded = tested(parseConfig(file, Buffer.from(edited.text), io.env))
  if (loaded.ok) {
    io.stdout(edited.text)
    if (edited.isReformatted) io.stderr('sluice edit: the whole file was written anew\n')
    return 0
  }
  for (const problem of loaded.problems) io.stderr(`${formatProblem(problem)}\n`)
  const wasValid = tested(parseConfig(file, Buffer.from(text), io.env)).ok
  return refuse(wasValid ? 'with this change the config would not be valid' : NOT_VALID_BEFORE, io)
}

/** What a file spells by an older key is edited by ours as well. */
function ownEdits(file: string, text: string, wanted: Edit): readonly Edit[] {
  const clean = text.replace(/^\uFEFF/, '')
  const tree = treeIn(file, clean)
  return tree === null || isShort(tree) ? [wanted] : olderEdits(tree, wanted)
}

/** Of the short form also by the names that things have in the long one. */
function editAsked(file: string, text: string, wanted: Edit, options: EditOptions): Edited {
  const edited = editText(file, text, ownEdits(file, text, wanted), options)
  const inBrackets = wanted.path.map((step) => (/^[0-9]{1,6}$/.test(String(step)) ? Number(step) : step))
  if ('refused' in edited && inBrackets.some((step, at) => step !== wanted.path[at]))
    return {
      ...edited,
      refused: `${edited.refused}; a place of a list stands in brackets: ${writePath(inBrackets)}`,
    }
  if (!('refused' in edited) || !['listeners', 'backends', 'rules'].includes(String(wanted.path[0])))
    return edited
  const long = editConfig(file, text, [wanted], options)
  if (!('refused' in long)) return long
  return long.needsLong === true
    ? { ...long, refused: `${long.refused}; "sluice edit --long" writes it` }
    : edited
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
