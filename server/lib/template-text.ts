// Text with variables in it, such as "id={request_id}": cut into its parts. "{{" is a brace; one that begins
// no name stands for itself, so that JSON and style sheets can be written as they are.

export type TextPart =
  | { readonly is: 'text'; readonly text: string }
  | {
      readonly is: 'variable'
      readonly name: string
      /** What stands there where it has no value; null: nothing was said. */
      readonly instead: string | null
      /** As it is written, braces included. */
      readonly written: string
    }

/** "{name}", "{family.NAME}", "{name|instead}". */
const FORM = /\{\{|\{([A-Za-z_][A-Za-z0-9_]*(?:\.[^{}|\s]+)?)(?:\|([^{}]*))?\}/g

/** Texts that follow one another are one. */
export function readText(text: string): TextPart[] {
  const parts: TextPart[] = []
  let plain = ''
  let at = 0
  for (const found of text.matchAll(FORM)) {
    const [written, name, instead = null] = found
    plain += text.slice(at, found.index)
    at = found.index + written.length
    if (name === undefined) {
      plain += '{'
      continue
    }
    if (plain !== '') parts.push({ is: 'text', text: plain })
    plain = ''
    parts.push({ is: 'variable', name, instead, written })
  }
  plain += text.slice(at)
  if (plain !== '') parts.push({ is: 'text', text: plain })
  return parts
}

/** More in one text would make a request of some KiB one of megabytes. */
export const VARIABLES_MAX = 256

/** What is left of braces that begin or end no variable, as far as it would be one; null: nothing. */
export const strayBrace = (text: string): string | null =>
  /\{[^{}]*\}?|\}/.exec(text.replace(FORM, ''))?.[0] ?? null

/** The family and the rest of "header.X-A"; a name without a dot is all family. */
export function splitName(name: string): readonly [family: string, of: string | null] {
  const dot = name.indexOf('.')
  return dot < 0 ? [name, null] : [name.slice(0, dot), name.slice(dot + 1)]
}
