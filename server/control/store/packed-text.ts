// Texts of configs as they are kept: deflated.
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'

/** A change waits for it, and a config is as short by this as by the most thorough one. */
const LEVEL = 3
/** No config file is larger. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024

const deflated = promisify<Buffer | string, { level: number }, Buffer>(deflate)
const inflated = promisify(inflate)

export const packText = (text: string): Promise<Buffer> => deflated(text, { level: LEVEL })

/** With a byte order mark, where there is one: it comes back as it was. Rejects where it is none. */
export async function unpackText(packed: Uint8Array): Promise<string> {
  const bytes = await inflated(packed, { maxOutputLength: TEXT_BYTES_MAX })
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
