const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no file of this name',
  EACCES: 'a file that we may not read',
  EPERM: 'a file that we may not read',
  EISDIR: 'a folder',
  ELOOP: 'a link that leads to itself',
  ENAMETOOLONG: 'a name that is too long',
  ENOTDIR: 'below what is no folder',
}

/** Why a file could not be read, in words. */
export function whyUnread(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return WHY[code] ?? error.message
}
