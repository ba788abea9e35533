// Where the files of an uploaded certificate are kept: in a folder of the data folder, by the name of the
// certificate and a digest of both texts, so that another pair never takes the place of one that is served.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface UploadedPair {
  readonly cert: string
  readonly key: string
}

export const uploadedFolder = (data: string): string => join(data, 'uploaded')

/** The files of a pair; `name` has letters, digits, "_", "." and "-". */
export function uploadedPair(data: string, name: string, texts: UploadedPair): UploadedPair {
  const hash = createHash('sha256').update(texts.cert).update(texts.key).digest('hex').slice(0, 16)
  const file = join(uploadedFolder(data), `${name}-${hash}`)
  return { cert: `${file}.pem`, key: `${file}.key` }
}

/** By what a text that names such a file is known to do so, however it writes the way there. */
export const ENDS_OF_NAMES = /[0-9a-f]{16}\.(?:pem|key)/g

/** What names of such files end in; null: the file is another. */
export const endOfName = (file: string): string | null =>
  /^[A-Za-z0-9_.-]{1,63}-([0-9a-f]{16}\.(?:pem|key))$/.exec(file)?.[1] ?? null
