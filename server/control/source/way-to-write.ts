// What a person can do about a place that could not be written to, by what the system said.

const WAYS: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on its disk',
  EDQUOT: 'make room there: the quota of the user of the gateway is used up',
  EROFS: 'mount its file system so that it can be written to',
  EIO: "look into the system's log: its disk fails",
}

/** Without what else could be done. */
export function wayToWrite(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException
  return WAYS[code] ?? 'let the user of the gateway read and write there'
}
