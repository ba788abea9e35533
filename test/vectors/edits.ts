// Files as people write them, each with edits and the exact diff that comes of each: test/vectors/edits/*.txt.
// ">>> ENDING FLAGS", ">>> about …", ">>> text" and the text; then ">>> EDIT" with its diff, or "! " and why
// it is refused. Flags: crlf, bom, open (the last line has no end). "long …": by paths of the long form.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Edit } from '../../server/config/edit/values.ts'
import { readPath } from '../../server/config/tree.ts'

export interface EditVector {
  /** As it is written in the file. */
  readonly said: string
  readonly edit: Edit
  readonly isLong: boolean
  readonly wanted: string
}

export interface EditStyle {
  readonly name: string
  readonly about: string
  /** Its ending tells the format. */
  readonly file: string
  readonly text: string
  readonly edits: readonly EditVector[]
}

const FOLDER = resolve(import.meta.dir, 'edits')

export const editStyles = (): EditStyle[] =>
  readdirSync(FOLDER)
    .toSorted()
    .map((name) => styleOf(name.replace('.txt', ''), readFileSync(join(FOLDER, name), 'utf8')))

function styleOf(name: string, written: string): EditStyle {
  const [head = '', about = '', text = '', ...edits] = written.split(/^>>> /m).slice(1)
  const [ending = '', ...flags] = head.trim().split(' ')
  const body = text.slice(text.indexOf('\n') + 1)
  const lines = flags.includes('crlf') ? body.replaceAll('\n', '\r\n') : body
  const open = flags.includes('open') ? lines.replace(/\r?\n$/, '') : lines
  return {
    name,
    about: about.replace('about ', '').trim(),
    file: `sluice.${ending}`,
    text: (flags.includes('bom') ? '\uFEFF' : '') + open,
    edits: edits.map((edit) => vectorOf(edit)),
  }
}

function vectorOf(written: string): EditVector {
  const end = written.indexOf('\n')
  const said = written.slice(0, end)
  const isLong = said.startsWith('long ')
  const [act = '', path = '', ...rest] = said.replace('long ', '').split(' ')
  return { said, edit: editOf(act, path, rest.join(' ')), isLong, wanted: written.slice(end + 1) }
}

function editOf(act: string, path: string, value: string): Edit {
  const steps = readPath(path)
  if (act === 'remove') return { do: act, path: steps }
  if (act === 'move') return { do: act, path: steps, to: Number(value) }
  if (act === 'rename') return { do: act, path: steps, to: value }
  if (act !== 'set' && act !== 'insert') throw new Error(`"${act}" is no edit`)
  return { do: act, path: steps, to: JSON.parse(value) }
}
