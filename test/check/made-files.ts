// What is made from the schema and the tables says what they say now.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { madeFiles } from '../../server/config/write-schema.ts'
import { type Breach, lineOf, ROOT } from './sources.ts'

/** Every made file that is not current. */
export function checkMadeFiles(): Breach[] {
  return [...madeFiles()].flatMap(([path, made]) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    if (text === made) return []
    const at = [...made].findIndex((character, place) => text[place] !== character)
    return [`${path}:${lineOf(made, at)}: is not current: bun server/config/write-schema.ts writes it`]
  })
}
