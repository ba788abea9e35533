// Bytes with the ETag of these very bytes.
import { createHash } from 'node:crypto'
import type { Variant } from './files.ts'

export const variantOf = (body: Uint8Array<ArrayBuffer>): Variant => ({ etag: etagOf(body), body })

/** Strong, as it stands in the header. */
export const etagOf = (bytes: Uint8Array): string =>
  `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
