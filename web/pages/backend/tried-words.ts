// What the gateway says to a backend that is being changed, at its fields and above them.
import { list } from '../../data/say.ts'
import { sentence } from '../../data/reviewing.ts'
import type { TriedChange } from '../../data/tried-change.ts'

/** Of what is in a map of the backend, by JSON pointer from there. */
export function errorsBelow(
  errors: TriedChange['errors'],
  under: readonly string[],
): Readonly<Record<string, string>> {
  const before = under.map((name) => `/${name}`).join('')
  return Object.fromEntries(
    Object.entries(errors).flatMap(([pointer, words]) =>
      pointer.startsWith(`${before}/`) ? [[pointer.slice(before.length), sentence(words)]] : [],
    ),
  )
}

/** What it says to one of a list, as if that stood there alone. */
export function ofOneIn({ errors, general }: TriedChange, name: string, index: number): TriedChange {
  const before = `/${name}/${index}`
  const own = Object.entries(errors).flatMap(([pointer, words]) =>
    pointer === before || pointer.startsWith(`${before}/`)
      ? [[`/${name}${pointer.slice(before.length)}`, words] as const]
      : [],
  )
  return { errors: Object.fromEntries(own), general }
}

/** “servers.0.url: found …; ports go from 1 to 65535.”, each by itself. */
export const saidAgainst = (errors: TriedChange['errors']): readonly string[] =>
  Object.entries(errors).map(
    ([pointer, words]) => `${pointer.slice(1).replaceAll('/', '.')}: ${sentence(words)}`,
  )

/** “The gateway would refuse health_check.interval.”; null: it would take it, as far as is known. */
export function wrongWords({ errors, general }: TriedChange): string | null {
  const fields = Object.keys(errors).map((pointer) => pointer.slice(1).replaceAll('/', '.'))
  if (fields.length > 0) return `The gateway would refuse ${list(fields)}.`
  return general === null ? null : `The gateway would refuse it: ${sentence(general)}`
}
