// Comments end at column 110, as code does; the formatter leaves them alone. Layouts of bytes and tables
// may be wider.
import { type Breach, type Source, sourcesIn } from './sources.ts'

const COLUMNS = 110
const COMMENT = /^\s*(?:\/\/|\/\*|\*)/
/** Columns of a table, lines that are drawn, what continues a cell, and words for a tool. */
const LAYOUT = /^\s*(?:\/\/|\*)\s*\S.* {2,}\S|[│─]| · |^\s*\/\/ +\||^\s*\/\/ {6,}|oxlint-disable/

/** Every comment line that is too long. */
export function checkColumns(): Breach[] {
  const sources = ['server', 'bench', 'test', 'web'].flatMap((folder) => sourcesIn(folder, ['.ts', '.tsx']))
  return sources.filter(({ path }) => !/^(?:test\/vectors|web\/dist)\//.test(path)).flatMap(tooLong)
}

function tooLong({ path, text }: Source): Breach[] {
  return text.split('\n').flatMap((line, at) => {
    const isTooLong = line.length > COLUMNS && COMMENT.test(line) && !LAYOUT.test(line)
    return isTooLong ? [`${path}:${at + 1}: a comment of ${line.length} columns; they end at ${COLUMNS}`] : []
  })
}
