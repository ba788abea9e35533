// Files that rules name: pages, templates, users and keys. The supervisor reads them with the config, and
// follows them; workers are given their bytes.

import { readBounded } from './read-bounded.ts'

/** Of each. */
export const FILE_BYTES_MAX = 1_048_576

/** Either, or none. */
interface Named {
  readonly file?: string | undefined
  readonly template?: string | undefined
}

/** What of a config names some. */
interface Words {
  readonly rules: readonly {
    readonly respond?: Named | undefined
    /** Steps, of which some name users, keys or pages. */
    readonly middleware: readonly {
      readonly basic_auth?: { readonly file?: string | undefined } | undefined
      readonly api_key?: { readonly file?: string | undefined } | undefined
      readonly error_pages?: { readonly pages: readonly Named[] } | undefined
    }[]
  }[]
}

/** The path of each, and where in the config it stands first. */
export function ruleFiles({ rules }: Words): Map<string, string> {
  const found = new Map<string, string>()
  const add = (file: string | undefined, path: string): void => {
    if (file !== undefined && !found.has(file)) found.set(file, path)
  }
  const addBoth = ({ file, template }: Named, path: string): void => {
    add(file, `${path}.file`)
    add(template, `${path}.template`)
  }
  for (const [place, { respond, middleware }] of rules.entries()) {
    if (respond !== undefined) addBoth(respond, `rules.${place}.respond`)
    for (const [at, { basic_auth, api_key, error_pages }] of middleware.entries()) {
      const path = `rules.${place}.middleware.${at}`
      add(basic_auth?.file, `${path}.basic_auth.file`)
      add(api_key?.file, `${path}.api_key.file`)
      for (const [page, words] of (error_pages?.pages ?? []).entries())
        addBoth(words, `${path}.error_pages.pages.${page}`)
    }
  }
  return found
}

/** For one rule that is only looked at: what stands in them, as plans have it; '' of one that is gone. */
export function ruleTextsNow(rule: Words['rules'][number]): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const file of ruleFiles({ rules: [rule] }).keys()) {
    try {
      read[file] = Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')
    } catch {
      read[file] = ''
    }
  }
  return read
}
