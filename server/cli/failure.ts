// What a command says when something failed that it had no answer to: in words, never with the insides of the
// program.

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  ELOOP: 'a link leads to itself',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open in this process',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'there is not enough memory',
  EAGAIN: 'the system has no room for another process',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'this machine does not have that address',
}

/** Why the system refused something, in words; anything else as it is told. */
export function whyFailed(error: unknown): string {
  const code = codeOf(error)
  return WORDS[code] ?? oneLine(error instanceof Error ? error.message : String(error))
}

/** The system's own word, such as ENOENT; empty: it was not the system. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : ''
}

/** One line: what the system refused, or that this is a bug, of which `isTracing` shows where. */
export function failureLine(error: unknown, isTracing: boolean): string {
  if (!(error instanceof Error)) return `this is a bug: ${oneLine(String(error))}`
  if (codeOf(error) !== '') {
    const path = 'path' in error ? error.path : ''
    return typeof path === 'string' && path !== '' ? `${path}: ${whyFailed(error)}` : whyFailed(error)
  }
  if (isTracing) return `this is a bug: ${error.stack ?? error.message}`
  return `this is a bug: ${oneLine(`${error.name}: ${error.message}`)}; SLUICE_TRACE=1 shows where`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 500)
