// Names that certificates are obtained for when clients ask for them: whoever connects may say any.

/** Longer ones would not fit a name of a folder, with that of their certificate before it. */
const NAME_MAX = 180
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** In lower case, of two labels at least, the last of which is no number: no address looks like that. */
export function isPlainName(name: string): boolean {
  const labels = name.split('.')
  const isLong = name.length > NAME_MAX || labels.length < 2
  return !isLong && labels.every((label) => LABEL.test(label)) && /^[a-z]/.test(labels.at(-1) ?? '')
}

/** `*.example.org` stands for one label before it, `*` for any name. */
export function isAllowed(name: string, allow: readonly string[]): boolean {
  const rest = `*${name.slice(name.indexOf('.'))}`
  return allow.some((one) => one === '*' || one.toLowerCase() === name || one.toLowerCase() === rest)
}

/** What the certificate of such a name is called: no name in a config has an "@". */
export const learnedName = (certificate: string, name: string): string => `${certificate}@${name}`

/** Null: it is one of the config. */
export function readLearned(learned: string): { readonly certificate: string; readonly name: string } | null {
  const at = learned.indexOf('@')
  return at < 0 ? null : { certificate: learned.slice(0, at), name: learned.slice(at + 1) }
}
