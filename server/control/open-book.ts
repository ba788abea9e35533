// Opens what is kept of revisions once something is served: no start waits for it.
import type { Served } from './change/apply.ts'
import type { Parts } from './make-parts.ts'
import { nameHash } from './processes/state-file.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

export interface OpenBookHands {
  readonly store: Pick<StoreKeeper, 'open'>
  readonly book: Parts['book'] | undefined
  /** The config file. */
  readonly file: string
  /** What is served when it is open. */
  readonly served: () => Served | null
}

/** Settles when it is open; where it cannot be, that was told, and the next change tries again. */
export async function openBook({ store, book, file, served }: OpenBookHands): Promise<void> {
  if (book === undefined || book.isOpen) return
  try {
    const { db } = await store.open()
    const { Revisions } = await import('./store/revisions.ts')
    const now = served()
    if (now !== null && !book.isOpen) await book.opened(new Revisions(db, nameHash(file)), now)
  } catch {
    // Told by who opens it.
  }
}
