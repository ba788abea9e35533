// Where orders are kept: in state.db, which is opened only where there is something to read or to keep.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OrderStore } from './orders/order.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

/** Opens it; null when it cannot be, which its keeper tells. */
export function orderStoreIn(
  data: string,
  store: Pick<StoreKeeper, 'open'>,
): (isToBeMade: boolean) => Promise<OrderStore | null> {
  const path = join(data, 'state.db')
  return (isToBeMade) => {
    // A start does not wait for SQLite where nothing is kept.
    if (!isToBeMade && !existsSync(path)) return Promise.resolve(null)
    return store.open().then(
      ({ orders }) => orders,
      () => null,
    )
  }
}
