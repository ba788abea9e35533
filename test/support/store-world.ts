// A store of a test, in a folder of its own, with a clock that stands until it is moved.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LateWrites } from '../../server/control/store/late-writes.ts'
import { Store } from '../../server/control/store/store.ts'
import type { StoreKeeper } from '../../server/control/store/store-keeper.ts'

/** In memory where there is such a place: each write waits for the disk otherwise. */
export const FAST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export const PASSWORD = 'correct horse battery'
/** What argon2id makes of it, with less work than it is given otherwise. */
const HASH = Bun.password.hashSync(PASSWORD, { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 })

export interface StoreWorld {
  readonly data: string
  readonly store: Store
  readonly clock: { nowMs: number }
  addUser(name: string, role: 'viewer' | 'operator' | 'editor' | 'admin'): void
  close(): void
}

export function storeWorld(): StoreWorld {
  const data = mkdtempSync(join(FAST_FOLDER, 'store-'))
  process.on('exit', () => rmSync(data, { recursive: true, force: true }))
  const clock = { nowMs: Date.UTC(2026, 0, 2) }
  const store = new Store(data, () => clock.nowMs)
  return {
    data,
    store,
    clock,
    addUser: (name, role) => void store.users.add({ name, role, hash: HASH, by: 'test' }),
    close: () => {
      store.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** A keeper that has opened it already; what is told of what waits goes to `told`. */
export function keeperOf(store: Store, told: string[] = []): Pick<StoreKeeper, 'now' | 'open' | 'keep'> {
  const open = (): Promise<Store> => Promise.resolve(store)
  const late = new LateWrites('audit', {
    ...{ open, now: () => store },
    onWaiting: (kind) => void told.push(`${kind} waits`),
    onKept: (kind, { kept, lost }) => void told.push(`${kind}: ${kept} kept, ${lost} lost`),
  })
  return { now: store, open, keep: (write) => late.add(write) }
}
