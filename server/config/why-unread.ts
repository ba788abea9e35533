const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no file of this name',
  EACCES: 'a file that we may not read',
  EISDIR: 'a folder',
}

/** Why a file could not be read, in words. */
export function whyUnread(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return WHY[code] ?? error.message
}
