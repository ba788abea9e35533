// Which Unix sockets are open on this machine, by the path that each was bound to.
import { readFileSync } from 'node:fs'

/** The kind "accepts connections" of /proc/net/unix, in its column of flags. */
const ACCEPTS = '00010000'

/** Paths of Unix sockets that somebody listens on; none where the system does not tell. */
export function listeningPaths(table: string = readTable()): string[] {
  const paths = table.split('\n').flatMap((line) => {
    // Columns: address, references, protocol, flags, type, state, inode, path.
    const [, flags, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+\s+\d+ (\/.*)$/.exec(line) ?? []
    return path !== undefined && flags === ACCEPTS ? [path] : []
  })
  return [...new Set(paths)]
}

function readTable(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8')
  } catch {
    return ''
  }
}
