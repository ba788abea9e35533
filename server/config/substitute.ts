// ${NAME}, ${NAME:-default} and ${file:PATH} in texts; $${ stands for ${ itself.
import { resolve } from 'node:path'
import { nameOf, NOT_YOURS } from './filled-in.ts'
import type { Problems } from './problem.ts'
import { isExtension, type Path, type Scalar, type Tree } from './tree.ts'

export type Env = Readonly<Record<string, string | undefined>>
/** Reads a file, at most `bytesMax` of it (throws when it is larger, or cannot be read). */
export type ReadFile = (path: string, bytesMax: number) => Uint8Array

export interface Sources {
  /** Where relative paths start. */
  readonly folder: string
  readonly env: Env
  readonly readFile: ReadFile
  /** All that may be filled in, for who may not name anything else; null: whatever is named. */
  readonly fillsOnly?: ReadonlySet<string> | null
}

/** What is put in place is a secret, a port, a name: no more than this of one file. */
const FILE_BYTES_MAX = 65_536
/** Of one text with all that is put into it. */
const TEXT_LENGTH_MAX = 1_048_576

/** Puts values in place throughout a tree; returns the files that were read. */
export function substitute(tree: Tree, sources: Sources, problems: Problems): readonly string[] {
  const pass = new Pass(sources, problems)
  pass.visit(tree, [])
  return [...pass.files.keys()]
}

class Pass {
  readonly files = new Map<string, string | Error>()
  readonly #sources: Sources
  readonly #problems: Problems
  /** Aliases share subtrees: each is done once. */
  readonly #done = new Set<Tree>()

  constructor(sources: Sources, problems: Problems) {
    this.#sources = sources
    this.#problems = problems
  }

  visit(tree: Tree, path: Path): void {
    if (tree.is === 'scalar') {
      if (typeof tree.value === 'string' && tree.value.includes('${')) this.#scalar(tree, tree.value, path)
      return
    }
    if (this.#done.has(tree)) return
    this.#done.add(tree)
    // What aliases take from keys of the user's own is filled in where it is used. Further down a key may be
    // a name.
    if (tree.is === 'map') {
      for (const [key, { value }] of tree.entries)
        if (path.length > 0 || !isExtension(key)) this.visit(value, [...path, key])
    } else for (const [index, item] of tree.items.entries()) this.visit(item, [...path, index])
  }

  #scalar(scalar: Scalar, text: string, path: Path): void {
    if (scalar.written !== null) return
    scalar.written = text
    const isWhole = /^\$\{[^{}]*\}$/.test(text)
    let isGood = true
    // Where no "}" follows any more, none is looked for: that would be done anew for each "${".
    const last = text.lastIndexOf('}')
    const place = (whole: string, inner?: string): string => {
      if (whole === '$${') return '${'
      const put =
        inner === undefined ? UNCLOSED : this.#isAllowed(inner) ? this.#valueOf(inner) : notYours(whole)
      if (typeof put === 'string') return put
      this.#problems.add({ code: 'substitution', at: scalar.at, path, ...put })
      isGood = false
      return ''
    }
    const value =
      text.slice(0, last + 1).replace(PLACE, place) +
      text.slice(last + 1).replace(BEGIN, (whole) => place(whole))
    if (value.length > TEXT_LENGTH_MAX)
      this.#problems.add({
        code: 'substitution',
        at: scalar.at,
        path,
        found: `${value.length} characters`,
        allowed: `at most ${TEXT_LENGTH_MAX}`,
      })
    scalar.value = isGood && value.length <= TEXT_LENGTH_MAX ? value : undefined
    scalar.loose = isWhole
  }

  #isAllowed(inner: string): boolean {
    const { fillsOnly = null } = this.#sources
    return fillsOnly === null || fillsOnly.has(nameOf(inner))
  }

  #valueOf(inner: string): string | Wrong {
    if (inner.startsWith('file:')) return this.#file(inner.slice('file:'.length))
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inner)
    if (match === null)
      return { found: `"\${${inner}}"`, allowed: ALLOWED, hint: 'write "$${" for a literal "${"' }
    const [, name = '', fallback] = match
    const value = Object.hasOwn(this.#sources.env, name) ? this.#sources.env[name] : undefined
    // As shells do: ":-" stands in for an empty value as well.
    if (fallback !== undefined && (value === undefined || value === '')) return fallback
    if (value !== undefined) return value
    const hint = `set it, or give a default: \${${name}:-…}`
    return { found: `\${${name}}, which is not set`, allowed: 'an environment variable that is set', hint }
  }

  #file(written: string): string | Wrong {
    const path = resolve(this.#sources.folder, written)
    let content = this.files.get(path)
    if (content === undefined) {
      content = this.#read(path)
      this.files.set(path, content)
    }
    if (typeof content === 'string') return content
    const hint = `it is ${path}: ${content.message}`
    return { found: `\${file:${written}}, which cannot be read`, allowed: 'a readable text file', hint }
  }

  #read(path: string): string | Error {
    try {
      const bytes = this.#sources.readFile(path, FILE_BYTES_MAX)
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

/** An escape may hide what is not allowed from who looks at the text alone. */
const notYours = (found: string): Wrong => ({ ...NOT_YOURS, found })

interface Wrong {
  readonly code?: 'not-yours'
  readonly found: string
  readonly allowed: string
  readonly hint: string | null
}

const PLACE = /\$\$\{|\$\{(?:([^}]*)\})?/g
/** The same where nothing is closed. */
const BEGIN = /\$\$\{|\$\{/g
const ALLOWED = '${NAME}, ${NAME:-default} or ${file:PATH}'
const UNCLOSED: Wrong = {
  found: '"${" without "}"',
  allowed: ALLOWED,
  hint: 'write "$${" for a literal "${"',
}
