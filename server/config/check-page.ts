// Files that rules name as what they answer: there, not empty, and with variables that are known.
import { isUtf8 } from 'node:buffer'
import { type BadLine, utf8Text } from '../lib/access-files.ts'
import { readText } from '../lib/template-text.ts'
import { checkParts, type TextGround } from './check-template.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import { whyUnread } from './why-unread.ts'
import type { Written } from './written.ts'

/** Checks that a file can be read; what stands in it is followed from here on. Null: it cannot be used. */
export function checkFile(written: Written, path: Path, file: string): string | null {
  if (isStandIn(file)) return null
  const wrong = (found: string, hint: string | null): null => {
    const allowed = 'a file of at most 1 MiB that can be read'
    written.report({ code: 'file', path, found: `${written.said(path, file)}, ${found}`, allowed, hint })
    return null
  }
  let text: string
  try {
    text = written.readText(file)
  } catch (error) {
    return wrong('which cannot be read', written.isSubstituted(path) ? null : whyUnread(error))
  }
  // What is being written may be empty for a while: then the one before goes on.
  return text.trim() === '' ? wrong('which is empty', null) : text
}

/** The same of text with variables in it. */
export function checkTemplateFile(written: Written, path: Path, file: string, ground: TextGround): void {
  const bytes = checkFile(written, path, file)
  if (bytes === null) return
  const said = written.said(path, file)
  const read = Buffer.from(bytes, 'latin1')
  if (!isUtf8(read))
    return written.report({
      code: 'file',
      path,
      found: `${said}, which is no UTF-8`,
      allowed: 'text in UTF-8',
      hint: 'write "file" for bytes that are sent as they stand',
    })
  const text = read.toString('utf8')
  checkParts(readText(text), ground, ({ at, found, allowed, hint }) => {
    const line = text.slice(0, text.indexOf(at)).split('\n').length
    written.report({
      code: 'wrong-value',
      path,
      found: `${said}, in its line ${line} ${found}`,
      allowed,
      hint,
    })
  })
}

/** A file of lines, such as one of users: what stands there is a secret, only where it is wrong is told. */
export function checkLines(written: Written, path: Path, file: string, read: (text: string) => object): void {
  const bytes = checkFile(written, path, file)
  if (bytes === null) return
  const isText = isUtf8(Buffer.from(bytes, 'latin1'))
  const bad = isText
    ? (read(utf8Text(bytes)) as Partial<BadLine>)
    : { line: 0, why: 'is no UTF-8', hint: null }
  if (bad.line === undefined) return
  written.report({
    code: 'wrong-value',
    path,
    found: `${written.said(path, file)}, ${bad.line === 0 ? 'which' : `whose line ${bad.line}`} ${bad.why}`,
    allowed: 'a file whose lines are all of that form; "#" begins a comment',
    hint: bad.hint ?? null,
  })
}
