// Opens what is kept of revisions once something is served: no start waits for it.
import type { Served } from './change/apply.ts'
import type { RevisionBook } from './change/revision-book.ts'
import { nameHash } from './processes/state-file.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

export interface OpenBookHands {
  readonly store: Pick<StoreKeeper, 'open'>
  readonly book: RevisionBook | null
  /** The config file. */
  readonly file: string
  /** What is served when it is open. */
  readonly served: () => Served | null
}

/** Null: it cannot be opened; that was told, and the next change or question tries again. */
export async function openBook(hands: OpenBookHands): Promise<RevisionBook | null> {
  const { store, book, file, served } = hands
  if (book === null) return null
  try {
    const { db } = await store.open()
    const { Revisions } = await import('./store/revisions.ts')
    const now = served()
    if (now !== null && !book.isOpen) await book.opened(new Revisions(db, nameHash(file)), now)
  } catch {
    // Told by who opens it.
  }
  await book.settled
  return book.isOpen ? book : null
}
