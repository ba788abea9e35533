// All texts of configs that are kept, whichever config file they are of.
import { unpackText } from './packed-text.ts'
import { everyPacked } from './revisions.ts'
import type { Db } from './table.ts'

/** One at a time: they may be large. Rejects where one cannot be read. */
export async function* everyText(db: Db): AsyncGenerator<string> {
  for (const packed of everyPacked(db)) yield await unpackText(packed)
}
