// Files of many styles: what an edit changes is its own lines, exactly these. SLUICE_WRITE_VECTORS=1 writes
// what comes of them into the vectors, to be looked at.
import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { editConfig } from '../../../server/config/edit/config-edit.ts'
import { editText } from '../../../server/config/edit/edit.ts'
import { unifiedDiff } from '../../../server/lib/unified-diff.ts'
import { type EditStyle, editStyles, type EditVector } from '../../vectors/edits.ts'

const styles = editStyles()

function became({ file, text }: EditStyle, { edit, isLong }: EditVector): string {
  const edited = (isLong ? editConfig : editText)(file, text, [edit])
  if ('refused' in edited) return `! ${edited.refused}\n`
  const diff = unifiedDiff(text, edited.text, { context: 0 })
  // The head names no files here, and carriage returns are made visible.
  return diff.split('\n').slice(2).join('\n').replaceAll('\r', '␍').replaceAll('\uFEFF', '␦')
}

test('there are forty styles and more, with several edits each', () => {
  expect(styles.length).toBeGreaterThanOrEqual(40)
  for (const { name, edits } of styles) expect([name, edits.length > 1]).toEqual([name, true])
})

describe.each(styles.map((style) => [`${style.name}: ${style.about}`, style] as const))('%s', (_, style) => {
  test.each(style.edits.map((vector) => [vector.said, vector] as const))('%s', (__, vector) => {
    expect(became(style, vector)).toBe(vector.wanted)
  })
})

if (process.env['SLUICE_WRITE_VECTORS'] === '1')
  for (const style of styles) {
    const file = resolve(import.meta.dir, `../../vectors/edits/${style.name}.txt`)
    const written = readFileSync(file, 'utf8')
    const head = written.split(/^>>> /m).slice(0, 4).join('>>> ')
    const edits = style.edits.map((vector) => `>>> ${vector.said}\n${became(style, vector)}`)
    writeFileSync(file, head + edits.join(''))
  }
