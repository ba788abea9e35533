// The files of the project, and what they import.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const ROOT = join(import.meta.dir, '../..')

/** A file below the project's folder, with its path from there. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** A breach of a rule: where, and what. */
export type Breach = string

/** All files below `folder` whose name ends in one of these. */
export function sourcesIn(folder: string, endings: readonly string[] = ['.ts']): Source[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/node_modules/'))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

export interface Import {
  /** A file's path from the project's folder, or a package's name. */
  readonly from: string
  readonly lazy: boolean
}

const STATIC = /^(?:import|export)\s+(?!type\b)(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const LAZY = /\bimport\(\s*'([^']+)'\s*\)/g

/** What a file imports as values. `import { type A } from` counts: it loads the file all the same. */
export function importsOf({ path, text }: Source): Import[] {
  const found = (pattern: RegExp, lazy: boolean): Import[] =>
    [...text.matchAll(pattern)].map(([, name = '']) => ({
      from: name.startsWith('.') ? join(dirname(path), name) : name,
      lazy,
    }))
  // typeof import('…') is a type.
  return [...found(STATIC, false), ...found(new RegExp(`(?<!typeof )${LAZY.source}`, 'g'), true)]
}

const NAMED = /^(?:import|export)\s+(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm

/** What a file names of others, as values or as types only. */
export const namedBy = ({ path, text }: Source): string[] =>
  [...text.matchAll(NAMED)].map(([, first, second]) => join(dirname(path), first ?? second ?? ''))

/** Line of a place in a text, from 1. */
export const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length
