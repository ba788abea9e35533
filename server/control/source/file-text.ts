// The text of a file that the config names.
import { readBounded } from '../../lib/read-bounded.ts'
import { FILE_BYTES_MAX } from '../../lib/rule-files.ts'

/** What stands in a file; throws why it cannot be read, with its place in the config as `path`. */
export async function textOf(file: string, path: string): Promise<string> {
  try {
    return Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')
  } catch (error) {
    // Only where it is needed: at boot all that this brings is loaded already.
    const { whyUnread } = await import('../../config/why-unread.ts')
    throw Object.assign(new Error(`cannot read ${file}: ${whyUnread(error)}`, { cause: error }), { path })
  }
}
