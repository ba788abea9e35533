// What root makes in a folder of somebody else, who is to use it.
import { chownSync, statSync } from 'node:fs'

/**
 * Hands a new file or folder to whom a folder belongs to: a command that root runs would lock out the
 * gateway, which runs as that user. Does nothing where we are not root.
 */
export function handToOwner(path: string, folder: string): void {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  if (uid !== 0) chownSync(path, uid, gid)
}
