// Where orders are kept: in state.db, which is opened only where there is something to read or to keep.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OrderStore } from './orders/order.ts'
import type { LateWrite } from './store/late-writes.ts'
import type { StoreKeeper } from './store/store-keeper.ts'
import { StoreProblem } from './store/store-problem.ts'

/** Opens it; null when it cannot be, which its keeper tells. */
export function orderStoreIn(
  data: string,
  store: Pick<StoreKeeper, 'open' | 'keep'>,
): (isToBeMade: boolean) => Promise<OrderStore | null> {
  const path = join(data, 'state.db')
  return (isToBeMade) => {
    // A start does not wait for SQLite where nothing is kept.
    if (!isToBeMade && !existsSync(path)) return Promise.resolve(null)
    return store.open().then(
      ({ orders }) => ({
        all: () => orders.all(),
        keep: (order) => later(store, ({ orders: now }) => now.keep(order)),
        forget: (...what) => later(store, ({ orders: now }) => now.forget(...what)),
      }),
      () => null,
    )
  }
}

/** An order takes no more: names have their bounds. */
const ORDER_BYTES = 1000

/** Throws where it is not kept yet. */
function later(store: Pick<StoreKeeper, 'keep'>, write: LateWrite['write']): void {
  if (!store.keep({ kind: 'orders', bytes: ORDER_BYTES, write }))
    throw new StoreProblem('state.db cannot be written now', 'it is kept once that can be')
}
