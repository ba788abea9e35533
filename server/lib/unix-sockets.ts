// Which Unix sockets are open on this machine, by the path that each was bound to.
import { readFileSync } from 'node:fs'

/** The kind "accepts connections" of /proc/net/unix, in its column of flags. */
const ACCEPTS = '00010000'

/** Paths of Unix sockets that somebody listens on; none where the system does not tell. */
export function listeningPaths(table: string = readTable()): string[] {
  return [...new Set(rowsOf(table).map(({ path }) => path))]
}

/** Inodes of those that listen and were bound to this path, which another one may have taken since. */
export function unixListeners(path: string, table: string = readTable()): Set<string> {
  return new Set(rowsOf(table).flatMap((row) => (row.path === path ? row.inode : [])))
}

function rowsOf(table: string): { readonly inode: string; readonly path: string }[] {
  return table.split('\n').flatMap((line) => {
    // Columns: address, references, protocol, flags, type, state, inode, path.
    const [, flags, inode = '', path] = /^\S+ \S+ \S+ (\S+) \S+ \S+\s+(\d+) (\/.*)$/.exec(line) ?? []
    return path !== undefined && flags === ACCEPTS ? [{ inode, path }] : []
  })
}

function readTable(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8')
  } catch {
    return ''
  }
}
