// What the help of a command lists: its options, and the words that go with it.

export interface HelpOption {
  /** What its value is called, as FILE; null: it takes none. */
  readonly takes: string | null
  readonly does: string
}

const OPTION = /^ {2,6}(?:(-[A-Za-z]), )?(--[a-z][a-z-]*)(?: ("[^"]*"|[A-Z][^ ]*))?(?: +(\S.*))?$/

/** Each by its long and its short name. */
export function optionsIn(help: string): ReadonlyMap<string, HelpOption> {
  const options = new Map<string, HelpOption>()
  for (const line of help.split('\n')) {
    const [, short, long, value, does = ''] = OPTION.exec(line) ?? []
    if (long === undefined) continue
    const option = { takes: value ?? null, does }
    options.set(long, option)
    if (short !== undefined) options.set(short, option)
  }
  return options
}

const ROW = /^ {2}([a-z][a-z-]*(?: [a-z][a-z|-]*)*)(.*)$/

/** What may stand behind these words, of rows such as "  user add NAME   add one". */
export function wordsIn(
  help: string,
  before: readonly string[],
): readonly (readonly [word: string, does: string])[] {
  const found = new Map<string, string>()
  for (const line of help.split('\n')) {
    const [, words = '', rest = ''] = ROW.exec(line) ?? []
    const row = words.split(' ')
    const isBehind = before.every((word, at) => row[at]?.split('|').includes(word))
    for (const word of isBehind ? (row[before.length] ?? '').split('|') : [])
      if (word !== '' && !found.has(word)) found.set(word, row.length > before.length + 1 ? '' : doesIn(rest))
  }
  return [...found]
}

/** Behind the names of its values. */
const doesIn = (rest: string): string => (/ {2,}(\S.*)$/.exec(rest)?.[1] ?? '').trim()
