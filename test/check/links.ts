// What the documents point at is there: a file that moves takes its mentions along.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Breach, lineOf, ROOT } from './sources.ts'

/** Links to places of the project; those with a scheme lead elsewhere. */
const LINK = /\]\((?![a-z]+:)([^)#\s]+)/g

/** Every link of README, CHANGELOG and docs that leads nowhere. */
export function checkLinks(): Breach[] {
  const documents = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', 'CHANGELOG.md', ...documents.map((name) => join('docs', name))].flatMap(brokenIn)
}

function brokenIn(path: string): Breach[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(LINK)]
    .filter(([, to = '']) => !existsSync(join(ROOT, dirname(path), to)))
    .map(({ index, 1: to }) => `${path}:${lineOf(text, index)}: ${to} is not there`)
}
