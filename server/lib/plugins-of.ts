// Which plugins an item of a rule's middleware names.

interface Item {
  readonly plugin?: { readonly name: string } | undefined
  readonly rate_limit?: Keyed | undefined
  readonly concurrency?: Keyed | undefined
}
interface Keyed {
  readonly key: readonly string[]
}

const NONE: readonly string[] = []

export function pluginsOf({ plugin, rate_limit: rate, concurrency }: Item): readonly string[] {
  if (plugin !== undefined) return [plugin.name]
  const keys = (rate ?? concurrency)?.key
  return keys === undefined ? NONE : keys.flatMap((word) => pluginIn(word) ?? NONE)
}

/** The plugin whose key a word of `key` is; null: it is another key. */
export const pluginIn = (word: string): string | null => /^plugin[ .](.+)$/.exec(word)?.[1] ?? null
