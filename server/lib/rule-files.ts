// Files that rules name: pages, templates, users and keys. The supervisor reads them with the config, and
// follows them; workers are given their bytes.

import { readBounded } from './read-bounded.ts'

/** Of each. */
export const FILE_BYTES_MAX = 1_048_576

/** What of a config names some. */
interface Words {
  readonly rules: readonly {
    readonly respond?:
      | { readonly file?: string | undefined; readonly template?: string | undefined }
      | undefined
    /** Steps, of which some name users or keys. */
    readonly middleware: readonly {
      readonly basic_auth?: { readonly file?: string | undefined } | undefined
      readonly api_key?: { readonly file?: string | undefined } | undefined
    }[]
  }[]
}

/** The path of each, and where in the config it stands first. */
export function ruleFiles({ rules }: Words): Map<string, string> {
  const found = new Map<string, string>()
  const add = (file: string | undefined, path: string): void => {
    if (file !== undefined && !found.has(file)) found.set(file, path)
  }
  for (const [place, { respond, middleware }] of rules.entries()) {
    add(respond?.file, `rules.${place}.respond.file`)
    add(respond?.template, `rules.${place}.respond.template`)
    for (const [at, { basic_auth, api_key }] of middleware.entries()) {
      const path = `rules.${place}.middleware.${at}`
      add(basic_auth?.file, `${path}.basic_auth.file`)
      add(api_key?.file, `${path}.api_key.file`)
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
