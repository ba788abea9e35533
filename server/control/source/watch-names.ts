// Which names lead to a file: its own, and that of each link on the way. Only what happens to these can
// change it.
import { lstatSync, readlinkSync } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'

/** As the kernel does (ELOOP). */
const LINKS_MAX = 40

/** The folders that a file is reached through, each with the names in it that lead to it. */
export function namesOnTheWay(path: string): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  const note = (folder: string, name: string): void => {
    names.set(folder, (names.get(folder) ?? new Set()).add(name))
  }
  let rest = stepsOf(path)
  let at = parse(resolve(path)).root
  for (let links = 0; rest.length > 0;) {
    const [name = '', ...further] = rest
    const target = linkAt(join(at, name))
    if (target !== null && links++ < LINKS_MAX) {
      note(at, name)
      const next = resolve(at, target)
      rest = [...stepsOf(next), ...further]
      at = parse(next).root
      continue
    }
    if (further.length === 0) note(at, name)
    at = join(at, name)
    rest = further
  }
  return names
}

const stepsOf = (path: string): string[] =>
  resolve(path)
    .slice(parse(resolve(path)).root.length)
    .split(sep)
    .filter((step) => step !== '')

/** What a link points to; null: it is none, or not there. */
function linkAt(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null
  } catch {
    return null
  }
}
